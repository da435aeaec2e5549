-- owner: crm. Filters of any depth over contacts, views that keep them, and values of own fields indexed on demand (ADR 0009).

SET LOCAL lock_timeout = '5s';

-- Text as a search compares it: without case and accents. The same rule as vision_kernel::text::fold for what French keyboards write.
CREATE FUNCTION fold_text(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE plain text := translate(lower(value), 'àâäáãåçéèêëíìîïñóòôöõúùûüýÿÀÂÄÁÃÅÇÉÈÊËÍÌÎÏÑÓÒÔÖÕÚÙÛÜÝŸ’', 'aaaaaaceeeeiiiinooooouuuuyyaaaaaaceeeeiiiinooooouuuuyy''');
BEGIN
  -- Most texts are done here: the rest costs ten times as much.
  IF octet_length(plain) = length(plain) AND plain !~ '\s\s|[\t\n\r]' THEN RETURN btrim(plain); END IF;
  RETURN btrim(regexp_replace(replace(replace(replace(translate(lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')),
    'øłŁØ’‘ʼ`‐‑–—', 'olLO''''''''----'), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'), '\s+', ' ', 'g'));
END $$;
REVOKE ALL ON FUNCTION fold_text FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fold_text TO vision_app;

-- A number that a field holds; nothing for what is none, such as a value that is yet to be converted.
-- No SET and no STRICT: they would keep it from being written into the statement that calls it.
CREATE FUNCTION decimal_of(value text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN value OPERATOR(pg_catalog.~) '^-?[0-9]{1,18}(\.[0-9]{1,18})?$' THEN value::pg_catalog.numeric END $$;
REVOKE ALL ON FUNCTION decimal_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION decimal_of TO vision_app;

-- none: values are read from contacts.custom; building: a job copies them, writers already follow; ready; dropping: a job takes them away.
ALTER TABLE custom_fields
  ADD COLUMN index_state text NOT NULL DEFAULT 'none' CHECK (index_state IN ('none', 'building', 'ready', 'dropping')),
  ADD COLUMN index_job uuid;

-- Values of the fields that somebody asked to sort by, in a form that an index orders. Numbers and money (cents) in n; the rest in t: folded
-- text, keys of choices, dates and instants as ISO 8601 without the final Z, which sorts by time.
CREATE TABLE contact_values (
  tenant_id uuid NOT NULL,
  field_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  n numeric,
  t text COLLATE "C",
  PRIMARY KEY (tenant_id, field_id, contact_id),
  FOREIGN KEY (tenant_id, field_id) REFERENCES custom_fields (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE contact_values IS 'owner: crm';
CREATE INDEX contact_values_n_idx ON contact_values (tenant_id, field_id, n, contact_id) WHERE n IS NOT NULL;
CREATE INDEX contact_values_t_idx ON contact_values (tenant_id, field_id, t, contact_id) WHERE t IS NOT NULL;
CREATE INDEX contact_values_contact_idx ON contact_values (tenant_id, contact_id);
SELECT enable_tenant_rls('contact_values');

CREATE FUNCTION custom_sort_number(kind text, value text) RETURNS numeric LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN kind IN ('number', 'money') THEN public.decimal_of(value) END $$;
CREATE FUNCTION custom_sort_text(kind text, value text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN kind IN ('number', 'money') THEN NULL WHEN kind IN ('date', 'date_time') THEN rtrim(value, 'Z')
    WHEN kind IN ('text', 'email', 'url', 'phone') THEN public.fold_text(value) ELSE value END $$;
REVOKE ALL ON FUNCTION custom_sort_number FROM PUBLIC;
REVOKE ALL ON FUNCTION custom_sort_text FROM PUBLIC;
GRANT EXECUTE ON FUNCTION custom_sort_number, custom_sort_text TO vision_app;

-- A trigger, because imports, merges, conversions and forms all write contacts.custom: none of them can forget.
CREATE FUNCTION contact_values_follow() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM contact_values v USING custom_fields f
      WHERE v.tenant_id = NEW.tenant_id AND v.contact_id = NEW.id AND f.tenant_id = NEW.tenant_id AND f.id = v.field_id AND NOT NEW.custom ? f.key;
  END IF;
  INSERT INTO contact_values (tenant_id, field_id, contact_id, n, t)
    SELECT NEW.tenant_id, f.id, NEW.id, custom_sort_number(f.kind, NEW.custom ->> f.key), custom_sort_text(f.kind, NEW.custom ->> f.key)
    FROM custom_fields f WHERE f.tenant_id = NEW.tenant_id AND f.object = 'contact' AND f.index_state IN ('building', 'ready') AND NEW.custom ? f.key
    ON CONFLICT (tenant_id, field_id, contact_id) DO UPDATE SET n = excluded.n, t = excluded.t;
  RETURN NULL;
END $$;
CREATE TRIGGER contact_values_new AFTER INSERT ON contacts FOR EACH ROW WHEN (NEW.custom <> '{}') EXECUTE FUNCTION contact_values_follow();
CREATE TRIGGER contact_values_changed AFTER UPDATE OF custom ON contacts FOR EACH ROW WHEN (OLD.custom IS DISTINCT FROM NEW.custom)
  EXECUTE FUNCTION contact_values_follow();

CREATE TABLE views (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  object text NOT NULL CHECK (object = 'contact'),
  name text NOT NULL,
  name_norm text NOT NULL,
  shared boolean NOT NULL DEFAULT false,
  owner_id uuid NOT NULL,
  filter jsonb NOT NULL,
  -- What the list shows, in order; null: what the reader has chosen for themselves.
  columns text[],
  sort text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, object, owner_id, name_norm)
);
COMMENT ON TABLE views IS 'owner: crm';
SELECT enable_tenant_rls('views');

-- The view with which a person's list opens.
CREATE TABLE view_defaults (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  object text NOT NULL,
  view_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, user_id, object),
  FOREIGN KEY (tenant_id, view_id) REFERENCES views (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE view_defaults IS 'owner: crm';
CREATE INDEX view_defaults_view_idx ON view_defaults (tenant_id, view_id);
SELECT enable_tenant_rls('view_defaults');

UPDATE roles SET permissions = permissions || '{views.share}'::text[]
  WHERE builtin AND key IN ('owner', 'admin', 'manager') AND NOT 'views.share' = ANY (permissions);

-- "Has or has not done X since" over a million events: 20 ms instead of 350, for half as much again on disk.
CREATE INDEX timeline_kind_idx ON timeline (tenant_id, kind, at, contact_id);

-- One test of a filter tree as SQL text. Only constants of this function and positions enter the text; every value stays in $1, where
-- `path` says. The server makes the nodes (crm/filters/compile.rs); a node that it does not make raises.
--   all, any {n: [node]} · not {n: [node]} · never · like {c, v} · in {c, v: [text]} · set {c} · range {c, a, b} · status {v} · owner {v: [uuid]}
--   tags {v: [uuid]} · tagged · event {v: [kind], a, b} · task · entity {v: [kind], own: [uuid]}
--   custom_like, custom_in, custom_fold_in, custom_holds, custom_set, custom_number, custom_time {f: key, v, a, b}
--   value_in, value_number, value_time {i: field, v, a, b}: the same by contact_values
CREATE FUNCTION contact_test(node jsonb, path text, depth integer) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
  kind text := node ->> 'k';
  v text := format('($1 #>> ''{%s,v}'')', path);
  many text := format('ARRAY(SELECT jsonb_array_elements_text($1 #> ''{%s,v}''))', path);
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
      AND (x.kind = ANY (%s) OR x.kind_id = ANY (ARRAY(SELECT jsonb_array_elements_text($1 #> ''{%s,own}''))::uuid[])))', many, path)
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
REVOKE ALL ON FUNCTION contact_test FROM PUBLIC;

-- As before, and the key `tree`.
CREATE OR REPLACE FUNCTION contact_conditions(f jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE w text := 'c.tenant_id = $2';
BEGIN
  w := w || CASE f->>'archived' WHEN 'true' THEN ' AND c.archived_at IS NOT NULL' WHEN 'any' THEN '' ELSE ' AND c.archived_at IS NULL' END;
  IF f ? 'q' THEN
    FOR i IN 0 .. least(jsonb_array_length(f->'q'), 6) - 1 LOOP
      w := w || format(' AND c.search LIKE ($1->''q''->>%s)', i);
    END LOOP;
  END IF;
  IF f ? 'q_prefix' THEN w := w || ' AND c.sort_name >= ($1->>''q_prefix'') AND c.sort_name < ($1->>''q_prefix'') || chr(1114111)'; END IF;
  IF f ? 'tag' THEN w := w || ' AND EXISTS (SELECT 1 FROM public.contact_tags t WHERE t.tenant_id = $2 AND t.tag_id = ($1->>''tag'')::uuid AND t.contact_id = c.id)'; END IF;
  IF f->>'owner' = 'none' THEN w := w || ' AND c.owner_id IS NULL';
  ELSIF f ? 'owner' THEN w := w || ' AND c.owner_id = ($1->>''owner'')::uuid'; END IF;
  IF f ? 'scope' THEN w := w || ' AND c.owner_id = ANY (ARRAY(SELECT jsonb_array_elements_text($1->''scope''))::uuid[])'; END IF;
  IF f ? 'ids' THEN w := w || ' AND c.id = ANY (ARRAY(SELECT jsonb_array_elements_text($1->''ids''))::uuid[])'; END IF;
  IF f ? 'except_ids' THEN w := w || ' AND c.id <> ALL (ARRAY(SELECT jsonb_array_elements_text($1->''except_ids''))::uuid[])'; END IF;
  IF f ? 'kind' THEN w := w || ' AND c.kind = ($1->>''kind'')'; END IF;
  IF f ? 'city' THEN w := w || ' AND c.city_sort = ($1->>''city'')'; END IF;
  IF f ? 'source' THEN w := w || ' AND c.source = ($1->>''source'')'; END IF;
  IF f ? 'created_from' THEN w := w || ' AND c.created_at >= ($1->>''created_from'')::timestamptz'; END IF;
  IF f ? 'id_from' THEN w := w || ' AND c.id >= ($1->>''id_from'')::uuid'; END IF;
  IF f ? 'created_to' THEN w := w || ' AND c.created_at < ($1->>''created_to'')::timestamptz'; END IF;
  IF f ? 'active_since' THEN w := w || ' AND c.last_activity_at >= ($1->>''active_since'')::timestamptz'; END IF;
  IF f ? 'inactive_since' THEN w := w || ' AND c.last_activity_at < ($1->>''inactive_since'')::timestamptz'; END IF;
  IF f ? 'status' THEN
    w := w || CASE f->>'status'
      WHEN 'dormant' THEN ' AND c.last_activity_at < ($1->>''dormant_before'')::timestamptz'
      WHEN 'client' THEN ' AND c.first_invoiced_at IS NOT NULL AND c.last_activity_at >= ($1->>''dormant_before'')::timestamptz'
      ELSE ' AND c.first_invoiced_at IS NULL AND c.last_activity_at >= ($1->>''dormant_before'')::timestamptz' END;
  END IF;
  IF f ? 'tree' THEN w := w || ' AND ' || public.contact_test(f->'tree', 'tree', 0); END IF;
  RETURN w;
END $$;

-- As before; the far way carries only what it sorts by.
CREATE OR REPLACE FUNCTION contact_page_query(f jsonb, sort text, continued boolean, way text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public AS $$
DECLARE
  descending boolean := left(sort, 1) = '-';
  col text := CASE ltrim(sort, '-') WHEN 'name' THEN 'c.sort_name' WHEN 'city' THEN 'c.city_sort' WHEN 'activity' THEN 'c.last_activity_at' ELSE NULL END;
  typ text := CASE ltrim(sort, '-') WHEN 'activity' THEN 'timestamptz' ELSE 'text' END;
  op text := CASE WHEN descending THEN '<' ELSE '>' END;
  dir text := CASE WHEN descending THEN 'DESC' ELSE 'ASC' END;
  keyset text := CASE WHEN NOT continued THEN '' WHEN col IS NULL THEN format(' AND c.id %s $4', op) ELSE format(' AND (%s, c.id) %s ($3::%s, $4)', col, op, typ) END;
  ordering text := CASE WHEN col IS NULL THEN '' ELSE col || ' ' || dir || ', ' END || 'c.id ' || dir;
  picked text := format('SELECT c.id, %s AS key', CASE WHEN col IS NULL THEN quote_literal('') || '::text' ELSE col || '::text' END);
  base text := 'c.tenant_id = $2' || CASE f->>'archived' WHEN 'true' THEN ' AND c.archived_at IS NOT NULL' WHEN 'any' THEN '' ELSE ' AND c.archived_at IS NULL' END;
BEGIN
  RETURN CASE
    WHEN way LIKE 'near %' THEN format('%s FROM (SELECT * FROM public.contacts c WHERE %s%s ORDER BY %s LIMIT %s) c WHERE %s ORDER BY %s LIMIT $5', picked, base, keyset, ordering, split_part(way, ' ', 2)::integer, contact_conditions(f), ordering)
    WHEN way = 'far' THEN format('WITH hits AS MATERIALIZED (SELECT c.id, c.sort_name, c.city_sort, c.last_activity_at FROM public.contacts c WHERE %s) %s FROM hits c WHERE true%s ORDER BY %s LIMIT $5', contact_conditions(f), picked, keyset, ordering)
    ELSE format('%s FROM public.contacts c WHERE %s%s ORDER BY %s LIMIT $5', picked, contact_conditions(f), keyset, ordering) END;
END $$;

-- One page in the order of an indexed field (keys sort_field and sort_type of the filter); contacts without a value come last, both ways.
CREATE FUNCTION contact_page_by_value(f jsonb, descending boolean, after_key text, after_id uuid, wanted integer, tenant uuid)
RETURNS TABLE (contact_id uuid, sort_key text) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
DECLARE
  col text := CASE f->>'sort_type' WHEN 'n' THEN 'v.n' ELSE 'v.t' END;
  typ text := CASE f->>'sort_type' WHEN 'n' THEN 'numeric' ELSE 'text' END;
  dir text := CASE WHEN descending THEN 'DESC' ELSE 'ASC' END;
  op text := CASE WHEN descending THEN '<' ELSE '>' END;
  given integer := 0;
BEGIN
  IF after_key IS NULL OR after_key LIKE 'v%' THEN
    RETURN QUERY EXECUTE format('SELECT c.id, ''v'' || %1$s::text FROM public.contact_values v JOIN public.contacts c ON c.tenant_id = $2 AND c.id = v.contact_id
        WHERE v.tenant_id = $2 AND v.field_id = ($1->>''sort_field'')::uuid AND %1$s IS NOT NULL AND %2$s%3$s ORDER BY %1$s %4$s, v.contact_id %4$s LIMIT $5',
        col, contact_conditions(f), CASE WHEN after_id IS NULL THEN '' ELSE format(' AND (%s, v.contact_id) %s ($3::%s, $4)', col, op, typ) END, dir)
      USING f, tenant, substr(after_key, 2), after_id, wanted;
    GET DIAGNOSTICS given = ROW_COUNT;
  END IF;
  IF given < wanted THEN
    RETURN QUERY EXECUTE format('SELECT c.id, ''e''::text FROM public.contacts c WHERE %s AND NOT EXISTS (SELECT 1 FROM public.contact_values v
        WHERE v.tenant_id = $2 AND v.field_id = ($1->>''sort_field'')::uuid AND v.contact_id = c.id AND %s IS NOT NULL)%s ORDER BY c.id LIMIT $4',
        contact_conditions(f), col, CASE WHEN after_key LIKE 'e%' THEN ' AND c.id > $3' ELSE '' END)
      USING f, tenant, after_id, wanted - given;
  END IF;
END $$;
REVOKE ALL ON FUNCTION contact_page_by_value FROM PUBLIC;

-- Ids in order of creation that meet a tree, by windows that grow: work on many contacts tests each of them once, however few meet it.
CREATE FUNCTION contact_page_by_id(f jsonb, after_id uuid, wanted integer, tenant uuid)
RETURNS TABLE (contact_id uuid, sort_key text) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
DECLARE
  base text := 'c.tenant_id = $2' || CASE f->>'archived' WHEN 'true' THEN ' AND c.archived_at IS NOT NULL' WHEN 'any' THEN '' ELSE ' AND c.archived_at IS NULL' END;
  looked integer := greatest(wanted, 1000);
  found_ids uuid[];
  all_ids uuid[] := '{}';
  last_id uuid := after_id;
  size integer;
BEGIN
  LOOP
    EXECUTE format('WITH w AS MATERIALIZED (SELECT c.id FROM public.contacts c WHERE %1$s%2$s ORDER BY c.id LIMIT %3$s)
        SELECT (SELECT array_agg(h.id) FROM (SELECT c.id FROM w JOIN public.contacts c ON c.tenant_id = $2 AND c.id = w.id WHERE %4$s ORDER BY c.id LIMIT $4) h),
               (SELECT w.id FROM w ORDER BY w.id DESC LIMIT 1), (SELECT count(*)::integer FROM w)',
        base, CASE WHEN last_id IS NULL THEN '' ELSE ' AND c.id > $3' END, looked, contact_conditions(f))
      INTO found_ids, last_id, size USING f, tenant, last_id, wanted - coalesce(array_length(all_ids, 1), 0);
    all_ids := all_ids || coalesce(found_ids, '{}');
    EXIT WHEN size < looked OR coalesce(array_length(all_ids, 1), 0) >= wanted;
    looked := least(looked * 4, 50000);
  END LOOP;
  RETURN QUERY SELECT u.i, ''::text FROM unnest(all_ids) AS u(i);
END $$;
REVOKE ALL ON FUNCTION contact_page_by_id FROM PUBLIC;

CREATE OR REPLACE FUNCTION contact_page(f jsonb, sort text, after_key text, after_id uuid, max_rows integer)
RETURNS TABLE (contact_id uuid, sort_key text) LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant uuid := current_setting('app.tenant_id')::uuid;
  wanted integer := least(max_rows, 1001);
  looked integer := 300;
  found_ids uuid[];
  found_keys text[];
  hits integer;
BEGIN
  IF ltrim(sort, '-') = 'value' THEN
    RETURN QUERY SELECT * FROM contact_page_by_value(f, left(sort, 1) = '-', after_key, after_id, wanted, tenant);
    RETURN;
  END IF;
  IF f ? 'tree' AND NOT f ? 'q' AND sort = 'created' THEN
    RETURN QUERY SELECT * FROM contact_page_by_id(f, after_id, wanted, tenant);
    RETURN;
  END IF;
  IF NOT (f ? 'q' OR f ? 'tree') THEN
    RETURN QUERY EXECUTE contact_page_query(f, sort, after_id IS NOT NULL, 'plain') USING f, tenant, after_key, after_id, wanted;
    RETURN;
  END IF;
  FOR step IN 1 .. 2 LOOP
    EXECUTE format('SELECT array_agg(x.id), array_agg(x.key) FROM (%s) x', contact_page_query(f, sort, after_id IS NOT NULL, 'near ' || looked))
      INTO found_ids, found_keys USING f, tenant, after_key, after_id, wanted;
    hits := coalesce(array_length(found_ids, 1), 0);
    IF hits >= wanted THEN
      RETURN QUERY SELECT u.i, u.k FROM unnest(found_ids, found_keys) AS u(i, k);
      RETURN;
    END IF;
    -- Twice as far as the hits so far promise; too far for words that few contacts hold.
    EXIT WHEN hits * 8 < wanted;
    looked := 2 * looked * wanted / hits;
  END LOOP;
  RETURN QUERY EXECUTE contact_page_query(f, sort, after_id IS NOT NULL, 'far') USING f, tenant, after_key, after_id, wanted;
END $$;
