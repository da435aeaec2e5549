-- owner: crm. Lists of values in filters are known when a statement is planned: a rare tag is looked up, not met on the way through all contacts.

-- The texts of a list. Immutable, so that the planner works it out before it plans.
CREATE FUNCTION texts_of(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT ARRAY(SELECT jsonb_array_elements_text(list)) $$;
REVOKE ALL ON FUNCTION texts_of FROM PUBLIC;

-- As before, with texts_of.
CREATE OR REPLACE FUNCTION contact_test(node jsonb, path text, depth integer) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
  kind text := node ->> 'k';
  v text := format('($1 #>> ''{%s,v}'')', path);
  many text := format('public.texts_of($1 #> ''{%s,v}'')', path);
  a text := CASE WHEN node ? 'a' THEN format('($1 #>> ''{%s,a}'')', path) END;
  b text := CASE WHEN node ? 'b' THEN format('($1 #>> ''{%s,b}'')', path) END;
  key text := format('($1 #>> ''{%s,f}'')', path);
  val text := format('(c.custom ->> ($1 #>> ''{%s,f}''))', path);
  stored text := format('EXISTS (SELECT 1 FROM public.contact_values x WHERE x.tenant_id = $2 AND x.field_id = ($1 #>> ''{%s,i}'')::uuid AND x.contact_id = c.id', path);
  col text := CASE node ->> 'c'
    WHEN 'name' THEN 'c.sort_name' WHEN 'company' THEN 'public.fold_text(c.company_name)' WHEN 'city' THEN 'nullif(c.city_sort, '''')'
    WHEN 'postcode' THEN 'lower(c.addresses -> 0 ->> ''postal_code'')' WHEN 'country' THEN 'CASE WHEN c.addresses <> ''[]'' THEN coalesce(c.addresses -> 0 ->> ''country'', ''FR'') END'
    WHEN 'source' THEN 'public.fold_text(c.source)' WHEN 'kind' THEN 'c.kind' WHEN 'customer_kind' THEN 'c.customer_kind'
    WHEN 'language' THEN 'c.language' WHEN 'email' THEN 'c.email' WHEN 'phone' THEN 'c.phone' WHEN 'owner' THEN 'c.owner_id'
    WHEN 'created' THEN 'c.created_at' WHEN 'updated' THEN 'c.updated_at' WHEN 'activity' THEN 'c.last_activity_at' END;
  parts text[] := '{}';
  out text;
BEGIN
  IF depth > 12 THEN RAISE EXCEPTION 'filter too deep'; END IF;
  IF kind IN ('all', 'any') THEN
    FOR i IN 0 .. least(jsonb_array_length(node -> 'n'), 200) - 1 LOOP
      parts := parts || public.contact_test(node -> 'n' -> i, format('%s,n,%s', path, i), depth + 1);
    END LOOP;
    RETURN CASE WHEN parts = '{}' THEN 'true' ELSE '(' || array_to_string(parts, CASE kind WHEN 'all' THEN ' AND ' ELSE ' OR ' END) || ')' END;
  ELSIF kind = 'not' THEN
    out := public.contact_test(node -> 'n' -> 0, path || ',n,0', depth + 1);
    -- What is unknown does not hold, so that its opposite does. EXISTS is never unknown, and alone it may become an anti-join.
    RETURN CASE WHEN out LIKE 'EXISTS (%' THEN 'NOT ' || out ELSE format('(%s) IS NOT TRUE', out) END;
  END IF;
  out := CASE kind
    WHEN 'never' THEN 'false'
    WHEN 'like' THEN CASE WHEN node ->> 'c' = 'email'
      THEN format('EXISTS (SELECT 1 FROM jsonb_array_elements(c.emails) e WHERE lower(e ->> ''email'') LIKE %s)', v) ELSE format('%s LIKE %s', col, v) END
    WHEN 'in' THEN format('%s = ANY (%s)', col, many)
    WHEN 'set' THEN format('%s IS NOT NULL', col)
    WHEN 'owner' THEN format('c.owner_id = ANY (%s::uuid[])', many)
    WHEN 'range' THEN '(' || concat_ws(' AND ', col || ' >= ' || a || '::timestamptz', col || ' < ' || b || '::timestamptz') || ')'
    WHEN 'status' THEN CASE node ->> 'v'
      WHEN 'dormant' THEN 'c.last_activity_at < ($1 ->> ''dormant_before'')::timestamptz'
      WHEN 'client' THEN '(c.first_invoiced_at IS NOT NULL AND c.last_activity_at >= ($1 ->> ''dormant_before'')::timestamptz)'
      ELSE '(c.first_invoiced_at IS NULL AND c.last_activity_at >= ($1 ->> ''dormant_before'')::timestamptz)' END
    WHEN 'tags' THEN format('EXISTS (SELECT 1 FROM public.contact_tags x WHERE x.tenant_id = $2 AND x.contact_id = c.id AND x.tag_id = ANY (%s::uuid[]))', many)
    WHEN 'tagged' THEN 'EXISTS (SELECT 1 FROM public.contact_tags x WHERE x.tenant_id = $2 AND x.contact_id = c.id)'
    WHEN 'event' THEN format('EXISTS (SELECT 1 FROM public.timeline x WHERE x.tenant_id = $2 AND x.contact_id = c.id AND x.kind = ANY (%s)', many)
      || coalesce(' AND x.at >= ' || a || '::timestamptz', '') || coalesce(' AND x.at < ' || b || '::timestamptz', '') || ')'
    WHEN 'task' THEN 'EXISTS (SELECT 1 FROM public.tasks x WHERE x.tenant_id = $2 AND x.contact_id = c.id AND x.done_at IS NULL AND x.deleted_at IS NULL)'
    WHEN 'entity' THEN format('EXISTS (SELECT 1 FROM public.entities x WHERE x.tenant_id = $2 AND x.contact_id = c.id AND x.archived_at IS NULL
      AND (x.kind = ANY (%s) OR x.kind_id = ANY (public.texts_of($1 #> ''{%s,own}'')::uuid[])))', many, path)
    WHEN 'custom_like' THEN format('public.fold_text(%s) LIKE %s', val, v)
    WHEN 'custom_in' THEN format('%s = ANY (%s)', val, many)
    WHEN 'custom_fold_in' THEN format('public.fold_text(%s) = ANY (%s)', val, many)
    WHEN 'custom_holds' THEN format('(c.custom -> %s) ?| %s', key, many)
    WHEN 'custom_set' THEN format('c.custom ? %s', key)
    WHEN 'custom_number' THEN '(' || concat_ws(' AND ', format('public.decimal_of(%s) >= ', val) || a || '::numeric', format('public.decimal_of(%s) <= ', val) || b || '::numeric') || ')'
    WHEN 'custom_time' THEN '(' || concat_ws(' AND ', format('rtrim(%s, ''Z'') COLLATE "C" >= ', val) || a, format('rtrim(%s, ''Z'') COLLATE "C" < ', val) || b) || ')'
    WHEN 'value_in' THEN format('%s AND x.t = ANY (%s))', stored, many)
    WHEN 'value_number' THEN stored || coalesce(' AND x.n >= ' || a || '::numeric', '') || coalesce(' AND x.n <= ' || b || '::numeric', '') || ')'
    WHEN 'value_time' THEN stored || coalesce(' AND x.t >= ' || a, '') || coalesce(' AND x.t < ' || b, '') || ')'
    END;
  IF out IS NULL THEN RAISE EXCEPTION 'unknown test in a filter'; END IF;
  RETURN out;
END $$;
