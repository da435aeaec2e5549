-- owner: crm. People and companies, tags, notes, timeline, imports.

CREATE TABLE contacts (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('person', 'company')),
  display_name text NOT NULL,
  sort_name text COLLATE "C" NOT NULL,
  civility text,
  first_name text,
  last_name text,
  company_name text,
  job_title text,
  email text,
  phone text,
  city text,
  city_sort text COLLATE "C" NOT NULL DEFAULT '',
  emails jsonb NOT NULL DEFAULT '[]',
  phones jsonb NOT NULL DEFAULT '[]',
  addresses jsonb NOT NULL DEFAULT '[]',
  siren text,
  siret text,
  vat_number text,
  naf text,
  customer_kind text NOT NULL CHECK (customer_kind IN ('B2C', 'B2B_FR', 'B2B_EU', 'B2B_NON_EU', 'B2G')),
  language text NOT NULL DEFAULT 'fr',
  birthday date,
  website text,
  source text,
  description text,
  owner_id uuid,
  -- Facts from which the status is derived; it is never typed. `first_invoiced_at` is set when a first invoice is issued.
  first_invoiced_at timestamptz,
  last_activity_at timestamptz NOT NULL,
  archived_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  import_id uuid,
  search text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id)
);
COMMENT ON TABLE contacts IS 'owner: crm';
CREATE INDEX contacts_name_idx ON contacts (tenant_id, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX contacts_city_idx ON contacts (tenant_id, city_sort, id) WHERE archived_at IS NULL;
CREATE INDEX contacts_activity_idx ON contacts (tenant_id, last_activity_at, id) WHERE archived_at IS NULL;
CREATE INDEX contacts_owner_idx ON contacts (tenant_id, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX contacts_archived_idx ON contacts (tenant_id, sort_name, id) WHERE archived_at IS NOT NULL;
CREATE INDEX contacts_client_idx ON contacts (tenant_id, id) WHERE first_invoiced_at IS NOT NULL;
CREATE INDEX contacts_import_idx ON contacts (tenant_id, import_id) WHERE import_id IS NOT NULL;
-- The pending list makes bulk inserts five times faster; its size bounds what a search reads beside the index.
CREATE INDEX contacts_search_idx ON contacts USING gin (tenant_id, search gin_trgm_ops) WITH (fastupdate = on, gin_pending_list_limit = 1024);
SELECT enable_tenant_rls('contacts');

-- What identifies a contact, in normal form: e = e-mail, p = phone, s = SIREN. Duplicates and imports look here.
CREATE TABLE contact_keys (
  tenant_id uuid NOT NULL,
  kind "char" NOT NULL CHECK (kind IN ('e', 'p', 's')),
  value text NOT NULL,
  contact_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, kind, value, contact_id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE contact_keys IS 'owner: crm';
CREATE INDEX contact_keys_contact_idx ON contact_keys (tenant_id, contact_id);
SELECT enable_tenant_rls('contact_keys');

CREATE TABLE contact_companies (
  tenant_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  company_id uuid NOT NULL,
  role text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, contact_id, company_id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, company_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  CHECK (contact_id <> company_id)
);
COMMENT ON TABLE contact_companies IS 'owner: crm';
CREATE INDEX contact_companies_company_idx ON contact_companies (tenant_id, company_id, contact_id);
SELECT enable_tenant_rls('contact_companies');

CREATE TABLE tags (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  name_norm text NOT NULL,
  tone text NOT NULL DEFAULT 'neutral' CHECK (tone IN ('neutral', 'good', 'bad', 'info')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name_norm)
);
COMMENT ON TABLE tags IS 'owner: crm';
SELECT enable_tenant_rls('tags');

CREATE TABLE contact_tags (
  tenant_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, tag_id, contact_id),
  FOREIGN KEY (tenant_id, tag_id) REFERENCES tags (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE contact_tags IS 'owner: crm';
CREATE INDEX contact_tags_contact_idx ON contact_tags (tenant_id, contact_id);
SELECT enable_tenant_rls('contact_tags');

CREATE TABLE notes (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  contact_id uuid NOT NULL,
  body text NOT NULL,
  pinned boolean NOT NULL DEFAULT false,
  author_id uuid NOT NULL,
  author_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE notes IS 'owner: crm';
CREATE INDEX notes_contact_idx ON notes (tenant_id, contact_id, id DESC);
SELECT enable_tenant_rls('notes');

-- One ordered stream per contact, projected from events in their own transaction. The one index serves the one access path.
CREATE TABLE timeline (
  tenant_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid NOT NULL,
  actor_name text NOT NULL,
  kind text NOT NULL,
  changes jsonb NOT NULL DEFAULT '[]',
  data jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, contact_id, id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE timeline IS 'owner: platform';
SELECT enable_tenant_rls('timeline', 'SELECT, INSERT, DELETE');

CREATE TABLE imports (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('uploaded', 'analysing', 'analysed', 'running', 'done', 'cancelled', 'failed', 'undoing', 'undone')),
  filename text NOT NULL,
  format jsonb NOT NULL,
  source text NOT NULL,
  headers jsonb NOT NULL,
  samples jsonb NOT NULL,
  mapping jsonb NOT NULL,
  remembered boolean NOT NULL DEFAULT false,
  duplicates text NOT NULL DEFAULT 'fill' CHECK (duplicates IN ('skip', 'fill', 'create')),
  file_key text NOT NULL,
  total bigint NOT NULL DEFAULT 0,
  done bigint NOT NULL DEFAULT 0,
  report jsonb,
  cancel_requested boolean NOT NULL DEFAULT false,
  error text,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE imports IS 'owner: crm';
SELECT enable_tenant_rls('imports');

-- What became of each row. `before` and `after` hold a filled contact as it was and became, for the undo.
CREATE TABLE import_rows (
  tenant_id uuid NOT NULL,
  import_id uuid NOT NULL,
  row_number bigint NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('created', 'matched', 'rejected')),
  reason text,
  warnings jsonb NOT NULL DEFAULT '[]',
  label text NOT NULL DEFAULT '',
  contact_id uuid,
  cells jsonb,
  before jsonb,
  after jsonb,
  PRIMARY KEY (tenant_id, import_id, row_number),
  FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE import_rows IS 'owner: crm';
CREATE INDEX import_rows_outcome_idx ON import_rows (tenant_id, import_id, outcome, row_number);
CREATE INDEX import_rows_contact_idx ON import_rows (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
SELECT enable_tenant_rls('import_rows');

-- The mapping that somebody chose for a set of headers, offered again next time.
CREATE TABLE import_mappings (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  header_hash bytea NOT NULL,
  mapping jsonb NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, header_hash)
);
COMMENT ON TABLE import_mappings IS 'owner: crm';
SELECT enable_tenant_rls('import_mappings');

-- What a bulk action changed on each contact, so that it can be undone.
CREATE TABLE bulk_changes (
  tenant_id uuid NOT NULL,
  job_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  before jsonb NOT NULL,
  PRIMARY KEY (tenant_id, job_id, contact_id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE bulk_changes IS 'owner: crm';
CREATE INDEX bulk_changes_contact_idx ON bulk_changes (tenant_id, contact_id);
SELECT enable_tenant_rls('bulk_changes');

-- The conditions of a contact list as SQL text. Only constants of this function enter the text; every value stays in $1.
-- Keys of the filter: q (array of folded words), q_prefix, tag, owner ("none" or a uuid), kind, status, city, source, created_from,
-- created_to, active_since, inactive_since, dormant_before, archived (true or "any"), scope (owners that the actor may see), ids, except_ids.
CREATE FUNCTION contact_conditions(f jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
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
  IF f ? 'created_to' THEN w := w || ' AND c.created_at < ($1->>''created_to'')::timestamptz'; END IF;
  IF f ? 'active_since' THEN w := w || ' AND c.last_activity_at >= ($1->>''active_since'')::timestamptz'; END IF;
  IF f ? 'inactive_since' THEN w := w || ' AND c.last_activity_at < ($1->>''inactive_since'')::timestamptz'; END IF;
  IF f ? 'status' THEN
    w := w || CASE f->>'status'
      WHEN 'dormant' THEN ' AND c.last_activity_at < ($1->>''dormant_before'')::timestamptz'
      WHEN 'client' THEN ' AND c.first_invoiced_at IS NOT NULL AND c.last_activity_at >= ($1->>''dormant_before'')::timestamptz'
      ELSE ' AND c.first_invoiced_at IS NULL AND c.last_activity_at >= ($1->>''dormant_before'')::timestamptz' END;
  END IF;
  RETURN w;
END $$;

-- The text of one page's query, in one of two ways. Parameters: $1 filter, $2 tenant, $3 and $4 the cursor, $5 the number of rows.
--   near: looks only at the next 2,000 contacts in order; enough for a filter that many contacts meet.
--   far:  finds all that match the words through the trigram index, then sorts; right for words that few contacts hold.
-- The planner cannot choose between the two: it does not know how the matches lie along the order.
CREATE FUNCTION contact_page_query(f jsonb, sort text, continued boolean, way text) RETURNS text
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
  RETURN CASE way
    WHEN 'near' THEN format('%s FROM (SELECT * FROM public.contacts c WHERE %s%s ORDER BY %s LIMIT 2000) c WHERE %s ORDER BY %s LIMIT $5', picked, base, keyset, ordering, contact_conditions(f), ordering)
    WHEN 'far' THEN format('WITH hits AS MATERIALIZED (SELECT c.* FROM public.contacts c WHERE %s) %s FROM hits c WHERE true%s ORDER BY %s LIMIT $5', contact_conditions(f), picked, keyset, ordering)
    ELSE format('%s FROM public.contacts c WHERE %s%s ORDER BY %s LIMIT $5', picked, contact_conditions(f), keyset, ordering) END;
END $$;
REVOKE ALL ON FUNCTION contact_page_query FROM PUBLIC;

-- One page of a contact list: ids and sort keys only; the caller joins contacts under its own policy, so that a mistake here shows nothing foreign.
-- A definer function because LIKE is not leakproof and would lose its index under row-level security. The tenant comes from the transaction alone.
CREATE FUNCTION contact_page(f jsonb, sort text, after_key text, after_id uuid, max_rows integer)
RETURNS TABLE (contact_id uuid, sort_key text) LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant uuid := current_setting('app.tenant_id')::uuid;
  wanted integer := least(max_rows, 1001);
  found_ids uuid[];
  found_keys text[];
BEGIN
  IF NOT f ? 'q' THEN
    RETURN QUERY EXECUTE contact_page_query(f, sort, after_id IS NOT NULL, 'plain') USING f, tenant, after_key, after_id, wanted;
    RETURN;
  END IF;
  EXECUTE format('SELECT array_agg(x.id), array_agg(x.key) FROM (%s) x', contact_page_query(f, sort, after_id IS NOT NULL, 'near'))
    INTO found_ids, found_keys USING f, tenant, after_key, after_id, wanted;
  IF coalesce(array_length(found_ids, 1), 0) >= wanted THEN
    RETURN QUERY SELECT u.i, u.k FROM unnest(found_ids, found_keys) AS u(i, k);
  ELSE
    RETURN QUERY EXECUTE contact_page_query(f, sort, after_id IS NOT NULL, 'far') USING f, tenant, after_key, after_id, wanted;
  END IF;
END $$;
REVOKE ALL ON FUNCTION contact_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_page TO vision_app;

-- How many contacts a filter matches, counted up to `cap`.
CREATE FUNCTION contact_count(f jsonb, cap integer) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE tenant uuid := current_setting('app.tenant_id')::uuid; n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM public.contacts c WHERE %s LIMIT $3) x', contact_conditions(f)) INTO n USING f, tenant, cap;
  RETURN n;
END $$;
REVOKE ALL ON FUNCTION contact_count FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_count TO vision_app;
REVOKE ALL ON FUNCTION contact_conditions FROM PUBLIC;
