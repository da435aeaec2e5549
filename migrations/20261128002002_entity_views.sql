-- owner: crm. Filters of any depth and views for vehicles and other things: the trees of contacts (ADR 0009), by one function for both.

SET LOCAL lock_timeout = '5s';

-- One test of a filter tree as SQL text, for records of an object: contacts are `c`, entities `e`. Only constants of this function and positions
-- enter the text; every value stays in $1, where `path` says. The server makes the nodes (crm/filters/compile.rs); a node that it does not make raises.
--   all, any {n: [node]} · not {n: [node]} · never · like {c, v} · in {c, v: [text]} · set {c} · range {c, a, b} · day {c, a, b} · number {c, a, b}
--   custom_like, custom_in, custom_fold_in, custom_holds, custom_set, custom_number, custom_time {f: key, v, a, b}
--   value_in, value_number, value_time {i: field, v, a, b}: the same by the copies that lists are sorted by
--   of contacts: status {v} · owner {v: [uuid]} · tags {v: [uuid]} · tagged · event {v: [kind], a, b} · task · entity {v: [kind], own: [uuid]}
--   of entities: kind {v: [kind], own: [uuid]} · archived
CREATE FUNCTION record_test(object text, node jsonb, path text, depth integer) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
  kind text := node ->> 'k';
  v text := format('($1 #>> ''{%s,v}'')', path);
  many text := format('public.texts_of($1 #> ''{%s,v}'')', path);
  a text := CASE WHEN node ? 'a' THEN format('($1 #>> ''{%s,a}'')', path) END;
  b text := CASE WHEN node ? 'b' THEN format('($1 #>> ''{%s,b}'')', path) END;
  key text := format('($1 #>> ''{%s,f}'')', path);
  r text := CASE object WHEN 'contact' THEN 'c' WHEN 'entity' THEN 'e' END;
  val text := format('(%s.custom ->> ($1 #>> ''{%s,f}''))', r, path);
  stored text := format('EXISTS (SELECT 1 FROM public.%1$s_values x WHERE x.tenant_id = $2 AND x.field_id = ($1 #>> ''{%2$s,i}'')::uuid AND x.%1$s_id = %3$s.id',
    CASE object WHEN 'contact' THEN 'contact' WHEN 'entity' THEN 'entity' END, path, r);
  col text := CASE object WHEN 'contact' THEN CASE node ->> 'c'
    WHEN 'name' THEN 'c.sort_name' WHEN 'company' THEN 'public.fold_text(c.company_name)' WHEN 'city' THEN 'nullif(c.city_sort, '''')'
    WHEN 'postcode' THEN 'lower(c.addresses -> 0 ->> ''postal_code'')' WHEN 'country' THEN 'CASE WHEN c.addresses <> ''[]'' THEN coalesce(c.addresses -> 0 ->> ''country'', ''FR'') END'
    WHEN 'source' THEN 'public.fold_text(c.source)' WHEN 'kind' THEN 'c.kind' WHEN 'customer_kind' THEN 'c.customer_kind'
    WHEN 'language' THEN 'c.language' WHEN 'email' THEN 'c.email' WHEN 'phone' THEN 'c.phone' WHEN 'owner' THEN 'c.owner_id'
    WHEN 'created' THEN 'c.created_at' WHEN 'updated' THEN 'c.updated_at' WHEN 'activity' THEN 'c.last_activity_at' END
    WHEN 'entity' THEN CASE node ->> 'c'
    WHEN 'name' THEN 'e.sort_name' WHEN 'plate' THEN 'nullif(e.plate_code, '''')' WHEN 'vin' THEN 'lower(e.vin)' WHEN 'make' THEN 'public.fold_text(e.make)'
    WHEN 'model' THEN 'public.fold_text(e.model)' WHEN 'serial_number' THEN 'public.fold_text(e.serial_number)' WHEN 'species' THEN 'public.fold_text(e.species)'
    WHEN 'breed' THEN 'public.fold_text(e.breed)' WHEN 'energy' THEN 'e.energy' WHEN 'mileage' THEN 'e.mileage' WHEN 'contact' THEN 'e.contact_id'
    WHEN 'first_registration' THEN 'e.first_registration' WHEN 'inspection' THEN 'e.inspection_due' WHEN 'birth_date' THEN 'e.birth_date'
    WHEN 'created' THEN 'e.created_at' WHEN 'updated' THEN 'e.updated_at' END END;
  -- As its index has it.
  day text := CASE col WHEN 'e.inspection_due' THEN 'coalesce(e.inspection_due, ''infinity''::date)' ELSE col END;
  parts text[] := '{}';
  out text;
BEGIN
  IF depth > 12 THEN RAISE EXCEPTION 'filter too deep'; END IF;
  IF kind IN ('all', 'any') THEN
    FOR i IN 0 .. least(jsonb_array_length(node -> 'n'), 200) - 1 LOOP
      parts := parts || public.record_test(object, node -> 'n' -> i, format('%s,n,%s', path, i), depth + 1);
    END LOOP;
    RETURN CASE WHEN parts = '{}' THEN 'true' ELSE '(' || array_to_string(parts, CASE kind WHEN 'all' THEN ' AND ' ELSE ' OR ' END) || ')' END;
  ELSIF kind = 'not' THEN
    out := public.record_test(object, node -> 'n' -> 0, path || ',n,0', depth + 1);
    -- What is unknown does not hold, so that its opposite does. EXISTS is never unknown, and alone it may become an anti-join.
    RETURN CASE WHEN out LIKE 'EXISTS (%' THEN 'NOT ' || out ELSE format('(%s) IS NOT TRUE', out) END;
  END IF;
  -- Tests that only records of one object have: a node that the server does not make for the other raises.
  out := CASE WHEN kind IN ('owner', 'status', 'tags', 'tagged', 'event', 'task', 'entity') AND object <> 'contact' OR kind IN ('kind', 'archived') AND object <> 'entity' THEN NULL
    ELSE CASE kind
    WHEN 'never' THEN 'false'
    WHEN 'like' THEN CASE WHEN object = 'contact' AND node ->> 'c' = 'email'
      THEN format('EXISTS (SELECT 1 FROM jsonb_array_elements(c.emails) e WHERE lower(e ->> ''email'') LIKE %s)', v) ELSE format('%s LIKE %s', col, v) END
    WHEN 'in' THEN format('%s = ANY (%s)', col, many)
    WHEN 'set' THEN format('%s IS NOT NULL', col)
    WHEN 'owner' THEN format('c.owner_id = ANY (%s::uuid[])', many)
    WHEN 'range' THEN '(' || concat_ws(' AND ', col || ' >= ' || a || '::timestamptz', col || ' < ' || b || '::timestamptz') || ')'
    WHEN 'day' THEN '(' || concat_ws(' AND ', col || ' IS NOT NULL', day || ' >= ' || a || '::date', day || ' < ' || b || '::date') || ')'
    WHEN 'number' THEN '(' || concat_ws(' AND ', col || ' IS NOT NULL', col || ' >= ' || a || '::integer', col || ' <= ' || b || '::integer') || ')'
    WHEN 'kind' THEN format('(e.kind = ANY (%s) OR e.kind_id = ANY (public.texts_of($1 #> ''{%s,own}'')::uuid[]))', many, path)
    WHEN 'archived' THEN 'e.archived_at IS NOT NULL'
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
    WHEN 'custom_holds' THEN format('(%s.custom -> %s) ?| %s', r, key, many)
    WHEN 'custom_set' THEN format('%s.custom ? %s', r, key)
    WHEN 'custom_number' THEN '(' || concat_ws(' AND ', format('public.decimal_of(%s) >= ', val) || a || '::numeric', format('public.decimal_of(%s) <= ', val) || b || '::numeric') || ')'
    WHEN 'custom_time' THEN '(' || concat_ws(' AND ', format('rtrim(%s, ''Z'') COLLATE "C" >= ', val) || a, format('rtrim(%s, ''Z'') COLLATE "C" < ', val) || b) || ')'
    WHEN 'value_in' THEN format('%s AND x.t = ANY (%s))', stored, many)
    WHEN 'value_number' THEN stored || coalesce(' AND x.n >= ' || a || '::numeric', '') || coalesce(' AND x.n <= ' || b || '::numeric', '') || ')'
    WHEN 'value_time' THEN stored || coalesce(' AND x.t >= ' || a, '') || coalesce(' AND x.t < ' || b, '') || ')'
    END END;
  IF out IS NULL OR node ? 'c' AND col IS NULL THEN RAISE EXCEPTION 'unknown test in a filter'; END IF;
  RETURN out;
END $$;
REVOKE ALL ON FUNCTION record_test FROM PUBLIC;

-- As before, by record_test.
CREATE OR REPLACE FUNCTION contact_test(node jsonb, path text, depth integer) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN public.record_test('contact', node, path, depth);
END $$;

-- As before, and the key `tree`.
CREATE OR REPLACE FUNCTION entity_conditions(f jsonb, way text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE w text := 'e.tenant_id = $2'; words text := '';
BEGIN
  w := w || CASE f->>'archived' WHEN 'true' THEN ' AND e.archived_at IS NOT NULL' WHEN 'any' THEN '' ELSE ' AND e.archived_at IS NULL' END;
  IF f ? 'q' THEN
    FOR i IN 0 .. least(jsonb_array_length(f->'q'), 6) - 1 LOOP
      words := words || CASE WHEN i = 0 THEN '' WHEN way = 'near' THEN ' AND ' ELSE ' INTERSECT ' END || CASE way
        WHEN 'near' THEN format('(e.search LIKE ($1->''q''->>%1$s) OR split_part(o.search, chr(31), 1) LIKE ($1->''q''->>%1$s))', i)
        ELSE format('(SELECT x.id FROM %2$s x WHERE x.tenant_id = $2 AND x.search LIKE ($1->''q''->>%1$s)
          UNION ALL SELECT x.id FROM %3$s c JOIN public.entities x ON x.tenant_id = $2 AND x.contact_id = c.id
          WHERE c.tenant_id = $2 AND split_part(c.search, chr(31), 1) LIKE ($1->''q''->>%1$s) AND c.search LIKE ($1->''q''->>%1$s))', i,
            public.search_source('entities', format('$1->''q''->%s', i), f->'q'->i), public.search_source('contacts', format('$1->''q''->%s', i), f->'q'->i)) END;
    END LOOP;
    IF f ? 'q_code' THEN
      words := format(CASE way WHEN 'near' THEN '(%s) OR e.search LIKE ($1->>''q_code'')'
        ELSE '(%s) UNION ALL SELECT x.id FROM %s x WHERE x.tenant_id = $2 AND x.search LIKE ($1->>''q_code'')' END, words,
        public.search_source('entities', '$1->''q_code''', f->'q_code'));
    END IF;
    w := w || format(CASE way WHEN 'near' THEN ' AND (%s)' ELSE ' AND e.id IN (%s)' END, words);
  END IF;
  IF f ? 'q_prefix' THEN
    w := w || ' AND (e.sort_name >= ($1->>''q_prefix'') AND e.sort_name < ($1->>''q_prefix'') || chr(1114111)
      OR e.plate_code >= ($1->>''q_prefix'') AND e.plate_code < ($1->>''q_prefix'') || chr(1114111))';
  END IF;
  IF f ? 'kind' THEN w := w || ' AND e.kind = ($1->>''kind'')'; END IF;
  IF f ? 'kind_id' THEN w := w || ' AND e.kind_id = ($1->>''kind_id'')::uuid'; END IF;
  IF f->>'contact' = 'none' THEN w := w || ' AND e.contact_id IS NULL';
  ELSIF f ? 'contact' THEN w := w || ' AND e.contact_id = ($1->>''contact'')::uuid'; END IF;
  IF f ? 'inspection_before' THEN
    w := w || ' AND coalesce(e.inspection_due, ''infinity''::date) < ($1->>''inspection_before'')::date';
  END IF;
  IF f ? 'ids' THEN w := w || ' AND e.id = ANY (ARRAY(SELECT jsonb_array_elements_text($1->''ids''))::uuid[])'; END IF;
  IF f ? 'scope' THEN
    w := w || ' AND EXISTS (SELECT 1 FROM public.contacts o WHERE o.tenant_id = $2 AND o.id = e.contact_id
      AND o.owner_id = ANY (ARRAY(SELECT jsonb_array_elements_text($1->''scope''))::uuid[]))';
  END IF;
  IF f ? 'tree' THEN w := w || ' AND ' || public.record_test('entity', f->'tree', 'tree', 0); END IF;
  RETURN w;
END $$;

-- The statement of one page. near: tests the next 2,000 in order; far: gathers what matches before it is sorted, because the order's own index
-- would walk past everything that does not; plain: walks the order's index.
CREATE FUNCTION entity_page_query(f jsonb, sort text, continued boolean, way text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public AS $$
DECLARE
  descending boolean := left(sort, 1) = '-';
  col text := CASE ltrim(sort, '-') WHEN 'name' THEN 'e.sort_name' WHEN 'plate' THEN 'e.plate_code'
    WHEN 'inspection' THEN 'coalesce(e.inspection_due, ''infinity''::date)' WHEN 'updated' THEN 'e.updated_at' ELSE NULL END;
  typ text := CASE ltrim(sort, '-') WHEN 'inspection' THEN 'date' WHEN 'updated' THEN 'timestamptz' ELSE 'text' END;
  op text := CASE WHEN descending THEN '<' ELSE '>' END;
  dir text := CASE WHEN descending THEN 'DESC' ELSE 'ASC' END;
  keyset text := CASE WHEN NOT continued THEN '' WHEN col IS NULL THEN format(' AND e.id %s $4', op) ELSE format(' AND (%s, e.id) %s ($3::%s, $4)', col, op, typ) END;
  ordering text := CASE WHEN col IS NULL THEN '' ELSE col || ' ' || dir || ', ' END || 'e.id ' || dir;
  picked text := format('SELECT e.id, %s AS key', CASE WHEN col IS NULL THEN quote_literal('') || '::text' ELSE col || '::text' END);
BEGIN
  RETURN CASE way
    WHEN 'near' THEN format('%s FROM (SELECT * FROM public.entities e WHERE e.tenant_id = $2%s ORDER BY %s LIMIT 2000) e
        LEFT JOIN public.contacts o ON o.tenant_id = $2 AND o.id = e.contact_id WHERE %s ORDER BY %s LIMIT $5', picked, keyset, ordering, entity_conditions(f, 'near'), ordering)
    WHEN 'far' THEN format('WITH hits AS MATERIALIZED (SELECT e.* FROM public.entities e WHERE %s) %s FROM hits e WHERE true%s ORDER BY %s LIMIT $5',
        entity_conditions(f, 'far'), picked, keyset, ordering)
    ELSE format('%s FROM public.entities e WHERE %s%s ORDER BY %s LIMIT $5', picked, entity_conditions(f, 'far'), keyset, ordering) END;
END $$;
REVOKE ALL ON FUNCTION entity_page_query FROM PUBLIC;

-- As before, and the key `tree`.
CREATE OR REPLACE FUNCTION entity_page(f jsonb, sort text, after_key text, after_id uuid, max_rows integer)
RETURNS TABLE (entity_id uuid, sort_key text) LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant uuid := current_setting('app.tenant_id')::uuid;
  wanted integer := least(max_rows, 1001);
  found_ids uuid[];
  found_keys text[];
BEGIN
  IF ltrim(sort, '-') = 'value' THEN
    RETURN QUERY SELECT * FROM value_page(f, 'entities', 'e', 'entity_values', 'entity_id', entity_conditions(f, 'far'), left(sort, 1) = '-', after_key, after_id, wanted, tenant);
    RETURN;
  END IF;
  -- Work on all that meet a tree goes by id and tests each of them once.
  IF NOT (f ? 'q' OR f ? 'tree') OR NOT f ? 'q' AND sort = 'created' THEN
    RETURN QUERY EXECUTE entity_page_query(f, sort, after_id IS NOT NULL, 'plain') USING f, tenant, after_key, after_id, wanted;
    RETURN;
  END IF;
  -- A plate is rare by nature: it is found at once the far way.
  IF NOT f ? 'q_code' THEN
    EXECUTE format('SELECT array_agg(x.id), array_agg(x.key) FROM (%s) x', entity_page_query(f, sort, after_id IS NOT NULL, 'near'))
      INTO found_ids, found_keys USING f, tenant, after_key, after_id, wanted;
    IF coalesce(array_length(found_ids, 1), 0) >= wanted THEN
      RETURN QUERY SELECT u.i, u.k FROM unnest(found_ids, found_keys) AS u(i, k);
      RETURN;
    END IF;
  END IF;
  RETURN QUERY EXECUTE entity_page_query(f, sort, after_id IS NOT NULL, 'far') USING f, tenant, after_key, after_id, wanted;
END $$;

-- Views of either list.
ALTER TABLE views DROP CONSTRAINT views_object_check, ADD CONSTRAINT views_object_check CHECK (object IN ('contact', 'entity'));
