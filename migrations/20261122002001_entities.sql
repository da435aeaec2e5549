-- owner: crm. What a contact owns and the tenant serves: vehicles, animals, equipment, property, and kinds of the tenant's own.

-- Kinds that a tenant makes: a word and the built-in facts that such a thing has.
CREATE TABLE entity_kinds (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  name_norm text NOT NULL,
  facts text[] NOT NULL DEFAULT '{}' CHECK (facts <@ ARRAY['plate', 'vin', 'make', 'model', 'mileage', 'energy', 'first_registration', 'inspection_due',
    'serial_number', 'species', 'breed', 'birth_date', 'address']),
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name_norm)
);
COMMENT ON TABLE entity_kinds IS 'owner: crm';
SELECT enable_tenant_rls('entity_kinds');

CREATE TABLE entities (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('vehicle', 'animal', 'equipment', 'property', 'patient', 'custom')),
  kind_id uuid,
  name text,
  display_name text NOT NULL,
  sort_name text COLLATE "C" NOT NULL,
  -- As shown (`AB-123-CD`), and in the form that a search compares (`ab123cd`).
  plate text,
  plate_code text COLLATE "C" NOT NULL DEFAULT '',
  plate_country text,
  vin text,
  make text,
  model text,
  energy text CHECK (energy IN ('petrol', 'diesel', 'electric', 'hybrid', 'plugin_hybrid', 'lpg', 'cng', 'ethanol', 'hydrogen', 'other')),
  -- The latest reading, in km.
  mileage integer CHECK (mileage BETWEEN 0 AND 9999999),
  mileage_on date,
  first_registration date,
  inspection_due date,
  serial_number text,
  species text,
  breed text,
  birth_date date,
  address text,
  description text,
  -- The present owner. A contact that is erased leaves the thing and its technical history behind.
  contact_id uuid,
  archived_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  search text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, kind_id) REFERENCES entity_kinds (tenant_id, id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE SET NULL (contact_id),
  CHECK ((kind = 'custom') = (kind_id IS NOT NULL))
);
COMMENT ON TABLE entities IS 'owner: crm';
CREATE INDEX entities_name_idx ON entities (tenant_id, sort_name, id);
CREATE INDEX entities_plate_idx ON entities (tenant_id, plate_code, id);
CREATE INDEX entities_inspection_idx ON entities (tenant_id, coalesce(inspection_due, 'infinity'::date), id);
CREATE INDEX entities_updated_idx ON entities (tenant_id, updated_at, id);
CREATE INDEX entities_contact_idx ON entities (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX entities_kind_idx ON entities (tenant_id, kind_id) WHERE kind_id IS NOT NULL;
CREATE INDEX entities_search_idx ON entities USING gin (tenant_id, search gin_trgm_ops) WITH (fastupdate = on, gin_pending_list_limit = 1024);
SELECT enable_tenant_rls('entities');

-- Who has owned a thing, from when until when; at most one owner at a time. Shown without names but for the present owner (GA-14).
CREATE TABLE entity_owners (
  tenant_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  id uuid NOT NULL,
  contact_id uuid NOT NULL,
  since date NOT NULL,
  until date,
  PRIMARY KEY (tenant_id, entity_id, id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  CHECK (until >= since)
);
COMMENT ON TABLE entity_owners IS 'owner: crm';
CREATE UNIQUE INDEX entity_owners_present_key ON entity_owners (tenant_id, entity_id) WHERE until IS NULL;
CREATE INDEX entity_owners_contact_idx ON entity_owners (tenant_id, contact_id);
SELECT enable_tenant_rls('entity_owners');

-- Mileage as it was read. A reading below an earlier one carries its reason and stays marked (GA-10).
CREATE TABLE entity_readings (
  tenant_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  id uuid NOT NULL,
  read_on date NOT NULL,
  value integer NOT NULL CHECK (value BETWEEN 0 AND 9999999),
  reason text,
  author_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, entity_id, id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE entity_readings IS 'owner: crm';
CREATE INDEX entity_readings_day_idx ON entity_readings (tenant_id, entity_id, read_on, id);
SELECT enable_tenant_rls('entity_readings', 'SELECT, INSERT, DELETE');

-- The history that follows the thing. It names no owner (GA-14): who owned it when is in entity_owners and in the audit log.
CREATE TABLE entity_events (
  tenant_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid NOT NULL,
  actor_name text NOT NULL,
  kind text NOT NULL,
  changes jsonb NOT NULL DEFAULT '[]',
  data jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, entity_id, id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE entity_events IS 'owner: crm';
SELECT enable_tenant_rls('entity_events', 'SELECT, INSERT, DELETE');

-- A contact is found by the plate and the VIN of what it owns now: they follow its own words, after a separator that nobody types.
-- A trigger, because every statement that rewrites a contact rewrites `search` as well. New contacts own nothing yet.
CREATE FUNCTION contact_search_of_entities() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE codes text;
BEGIN
  SELECT string_agg(concat_ws(' ', nullif(plate_code, ''), lower(plate), lower(vin)), ' ' ORDER BY id) INTO codes
    FROM (SELECT id, plate, plate_code, vin FROM entities WHERE tenant_id = NEW.tenant_id AND contact_id = NEW.id AND (plate IS NOT NULL OR vin IS NOT NULL)
          ORDER BY id LIMIT 500) e;
  NEW.search := split_part(NEW.search, chr(31), 1) || coalesce(chr(31) || codes, '');
  RETURN NEW;
END $$;
CREATE TRIGGER contact_search_of_entities BEFORE UPDATE OF search ON contacts FOR EACH ROW EXECUTE FUNCTION contact_search_of_entities();

-- The conditions of an entity list as SQL text. Only constants of this function enter the text; every value stays in $1.
-- Keys of the filter: q (array of patterns, each found in the thing or in its owner), q_code (pattern of a plate or VIN fragment, instead of q),
-- q_prefix, kind, kind_id, contact ("none" or a uuid), inspection_before, archived (true or "any"), scope (members whose contacts the actor may see), ids.
-- way: `far` finds what matches through the trigram indexes of things and owners; `near` tests rows at hand, joined with their owner as o.
CREATE FUNCTION entity_conditions(f jsonb, way text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE w text := 'e.tenant_id = $2'; words text := '';
BEGIN
  w := w || CASE f->>'archived' WHEN 'true' THEN ' AND e.archived_at IS NOT NULL' WHEN 'any' THEN '' ELSE ' AND e.archived_at IS NULL' END;
  IF f ? 'q' THEN
    FOR i IN 0 .. least(jsonb_array_length(f->'q'), 6) - 1 LOOP
      words := words || CASE WHEN i = 0 THEN '' WHEN way = 'near' THEN ' AND ' ELSE ' INTERSECT ' END || CASE way
        WHEN 'near' THEN format('(e.search LIKE ($1->''q''->>%1$s) OR split_part(o.search, chr(31), 1) LIKE ($1->''q''->>%1$s))', i)
        ELSE format('(SELECT x.id FROM public.entities x WHERE x.tenant_id = $2 AND x.search LIKE ($1->''q''->>%1$s)
          UNION ALL SELECT x.id FROM public.contacts c JOIN public.entities x ON x.tenant_id = $2 AND x.contact_id = c.id
          WHERE c.tenant_id = $2 AND split_part(c.search, chr(31), 1) LIKE ($1->''q''->>%1$s) AND c.search LIKE ($1->''q''->>%1$s))', i) END;
    END LOOP;
    IF f ? 'q_code' THEN
      words := format(CASE way WHEN 'near' THEN '(%s) OR e.search LIKE ($1->>''q_code'')'
        ELSE '(%s) UNION ALL SELECT x.id FROM public.entities x WHERE x.tenant_id = $2 AND x.search LIKE ($1->>''q_code'')' END, words);
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
REVOKE ALL ON FUNCTION entity_conditions FROM PUBLIC;

-- One page of an entity list: ids and sort keys only, joined under the policy by the caller. A definer function for the same reason as contact_page.
-- A search first looks at the next 2,000 in order: enough for a word that many things hold, for which the far way would gather them all.
CREATE FUNCTION entity_page(f jsonb, sort text, after_key text, after_id uuid, max_rows integer)
RETURNS TABLE (entity_id uuid, sort_key text) LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant uuid := current_setting('app.tenant_id')::uuid;
  wanted integer := least(max_rows, 1001);
  descending boolean := left(sort, 1) = '-';
  col text := CASE ltrim(sort, '-') WHEN 'name' THEN 'e.sort_name' WHEN 'plate' THEN 'e.plate_code'
    WHEN 'inspection' THEN 'coalesce(e.inspection_due, ''infinity''::date)' WHEN 'updated' THEN 'e.updated_at' ELSE NULL END;
  typ text := CASE ltrim(sort, '-') WHEN 'inspection' THEN 'date' WHEN 'updated' THEN 'timestamptz' ELSE 'text' END;
  op text := CASE WHEN descending THEN '<' ELSE '>' END;
  dir text := CASE WHEN descending THEN 'DESC' ELSE 'ASC' END;
  keyset text := CASE WHEN after_id IS NULL THEN '' WHEN col IS NULL THEN format(' AND e.id %s $4', op) ELSE format(' AND (%s, e.id) %s ($3::%s, $4)', col, op, typ) END;
  ordering text := CASE WHEN col IS NULL THEN '' ELSE col || ' ' || dir || ', ' END || 'e.id ' || dir;
  picked text := format('SELECT e.id, %s AS key', CASE WHEN col IS NULL THEN quote_literal('') || '::text' ELSE col || '::text' END);
  found_ids uuid[];
  found_keys text[];
BEGIN
  -- A plate is rare by nature: it is found at once the far way.
  IF f ? 'q' AND NOT f ? 'q_code' THEN
    EXECUTE format('SELECT array_agg(x.id), array_agg(x.key) FROM (%s FROM (SELECT * FROM public.entities e WHERE e.tenant_id = $2%s ORDER BY %s LIMIT 2000) e
        LEFT JOIN public.contacts o ON o.tenant_id = $2 AND o.id = e.contact_id WHERE %s ORDER BY %s LIMIT $5) x',
        picked, keyset, ordering, entity_conditions(f, 'near'), ordering)
      INTO found_ids, found_keys USING f, tenant, after_key, after_id, wanted;
    IF coalesce(array_length(found_ids, 1), 0) >= wanted THEN
      RETURN QUERY SELECT u.i, u.k FROM unnest(found_ids, found_keys) AS u(i, k);
      RETURN;
    END IF;
  END IF;
  -- What a search finds is gathered before it is sorted: the order's own index would walk past everything that does not match.
  RETURN QUERY EXECUTE format(CASE WHEN f ? 'q'
      THEN 'WITH hits AS MATERIALIZED (SELECT e.* FROM public.entities e WHERE %2$s) %1$s FROM hits e WHERE true%3$s ORDER BY %4$s LIMIT $5'
      ELSE '%1$s FROM public.entities e WHERE %2$s%3$s ORDER BY %4$s LIMIT $5' END, picked, entity_conditions(f, 'far'), keyset, ordering)
    USING f, tenant, after_key, after_id, wanted;
END $$;
REVOKE ALL ON FUNCTION entity_page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION entity_page TO vision_app;

-- How many entities a filter matches, counted up to `cap`.
CREATE FUNCTION entity_count(f jsonb, cap integer) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE tenant uuid := current_setting('app.tenant_id')::uuid; n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM public.entities e WHERE %s LIMIT $3) x', entity_conditions(f, 'far')) INTO n USING f, tenant, cap;
  RETURN n;
END $$;
REVOKE ALL ON FUNCTION entity_count FROM PUBLIC;
GRANT EXECUTE ON FUNCTION entity_count TO vision_app;
