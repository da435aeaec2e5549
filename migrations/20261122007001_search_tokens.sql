-- owner: crm. Search by tokens of the tenant's own. The trigram index is shared by all tenants: each of its lists holds the rows of
-- everybody, and a search walked through all of them, 57 ms of CPU at 2 million contacts in 53 tenants where 100,000 were its own.
-- A token is three bytes of text and the tenant: its list holds the rows of one tenant, and the same search takes 3 ms (ADR 0010).

-- Every three successive bytes, salted by the tenant. Bytes: a text that occurs in another does so byte by byte.
CREATE FUNCTION search_tokens(tenant uuid, content text) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $$
  SELECT coalesce(array_agg(salt | (get_byte(b, i)::bigint << 16) | (get_byte(b, i + 1) << 8) | get_byte(b, i + 2)), '{}')
  FROM (SELECT convert_to(content, 'UTF8') AS b, hashtextextended(tenant::text, 0) & -16777216 AS salt) s, generate_series(0, octet_length(b) - 3) AS i
$$;

-- The tokens that a row must have to match LIKE patterns (`%word%`, one or a list): every third place of each word and its end, which
-- cover it; more would cost more lists and exclude little, because the pattern itself is tested on what is found.
CREATE FUNCTION search_needles(tenant uuid, patterns jsonb) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT salt | (get_byte(b, i)::bigint << 16) | (get_byte(b, i + 1) << 8) | get_byte(b, i + 2)), '{}')
  FROM (SELECT convert_to(regexp_replace(substr(p, 2, length(p) - 2), '\\(.)', '\1', 'g'), 'UTF8') AS b, hashtextextended(tenant::text, 0) & -16777216 AS salt
        FROM jsonb_array_elements_text(CASE jsonb_typeof(patterns) WHEN 'array' THEN patterns WHEN 'string' THEN jsonb_build_array(patterns) ELSE '[]' END) p) w,
       LATERAL (SELECT i FROM generate_series(0, octet_length(b) - 3, 3) i UNION SELECT octet_length(b) - 3 WHERE octet_length(b) >= 3) places
$$;

-- Where to look for patterns: the rows with their tokens, behind a fence so that no other index is tried, or the whole table when the
-- words are too short to have any. `expression` is where the statement finds the patterns, `$2` its tenant.
CREATE FUNCTION search_source(relation text, expression text, patterns jsonb) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS $$
  SELECT CASE WHEN cardinality(search_needles('00000000-0000-0000-0000-000000000000', patterns)) = 0 THEN format('public.%I', relation)
    ELSE format('(SELECT * FROM public.%I k WHERE public.search_tokens(k.tenant_id, k.search) @> public.search_needles($2, %s) OFFSET 0)', relation, expression) END
$$;
REVOKE ALL ON FUNCTION search_source, search_needles FROM PUBLIC;

SET LOCAL lock_timeout = '5s';
DROP INDEX contacts_search_idx;
CREATE INDEX contacts_search_idx ON contacts USING gin (search_tokens(tenant_id, search)) WITH (fastupdate = on, gin_pending_list_limit = 1024);
DROP INDEX entities_search_idx;
CREATE INDEX entities_search_idx ON entities USING gin (search_tokens(tenant_id, search)) WITH (fastupdate = on, gin_pending_list_limit = 1024);

-- The functions below are as before, but for where the far way looks.
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
    WHEN way = 'far' THEN format('WITH hits AS MATERIALIZED (SELECT c.id, c.sort_name, c.city_sort, c.last_activity_at FROM %s c WHERE %s) %s FROM hits c WHERE true%s ORDER BY %s LIMIT $5', search_source('contacts', '$1->''q''', f->'q'), contact_conditions(f), picked, keyset, ordering)
    ELSE format('%s FROM public.contacts c WHERE %s%s ORDER BY %s LIMIT $5', picked, contact_conditions(f), keyset, ordering) END;
END $$;

CREATE OR REPLACE FUNCTION contact_count(f jsonb, cap integer) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE tenant uuid := current_setting('app.tenant_id')::uuid; n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s c WHERE %s LIMIT $3) x', search_source('contacts', '$1->''q''', f->'q'), contact_conditions(f)) INTO n USING f, tenant, cap;
  RETURN n;
END $$;

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
  RETURN w;
END $$;
