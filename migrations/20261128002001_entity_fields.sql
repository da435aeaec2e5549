-- owner: crm. Vehicles and other things carry the fields that a tenant adds, as contacts do.

SET LOCAL lock_timeout = '5s';

-- The values, by key, as in contacts.custom. A constant default: no row is rewritten.
ALTER TABLE entities ADD COLUMN custom jsonb NOT NULL DEFAULT '{}';

-- What contact_values is to contacts: values of the fields that somebody asked to sort by, in a form that an index orders.
CREATE TABLE entity_values (
  tenant_id uuid NOT NULL,
  field_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  n numeric,
  t text COLLATE "C",
  PRIMARY KEY (tenant_id, field_id, entity_id),
  FOREIGN KEY (tenant_id, field_id) REFERENCES custom_fields (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE entity_values IS 'owner: crm';
CREATE INDEX entity_values_n_idx ON entity_values (tenant_id, field_id, n, entity_id) WHERE n IS NOT NULL;
CREATE INDEX entity_values_t_idx ON entity_values (tenant_id, field_id, t, entity_id) WHERE t IS NOT NULL;
CREATE INDEX entity_values_entity_idx ON entity_values (tenant_id, entity_id);
SELECT enable_tenant_rls('entity_values');

-- As contact_values_follow. Written out, because a statement made for each row of either table would be planned for each row.
CREATE FUNCTION entity_values_follow() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM entity_values v USING custom_fields f
      WHERE v.tenant_id = NEW.tenant_id AND v.entity_id = NEW.id AND f.tenant_id = NEW.tenant_id AND f.id = v.field_id AND NOT NEW.custom ? f.key;
  END IF;
  INSERT INTO entity_values (tenant_id, field_id, entity_id, n, t)
    SELECT NEW.tenant_id, f.id, NEW.id, custom_sort_number(f.kind, NEW.custom ->> f.key), custom_sort_text(f.kind, NEW.custom ->> f.key)
    FROM custom_fields f WHERE f.tenant_id = NEW.tenant_id AND f.object = 'entity' AND f.index_state IN ('building', 'ready') AND NEW.custom ? f.key
    ON CONFLICT (tenant_id, field_id, entity_id) DO UPDATE SET n = excluded.n, t = excluded.t;
  RETURN NULL;
END $$;
CREATE TRIGGER entity_values_new AFTER INSERT ON entities FOR EACH ROW WHEN (NEW.custom <> '{}') EXECUTE FUNCTION entity_values_follow();
CREATE TRIGGER entity_values_changed AFTER UPDATE OF custom ON entities FOR EACH ROW WHEN (OLD.custom IS DISTINCT FROM NEW.custom)
  EXECUTE FUNCTION entity_values_follow();

-- One page of any list in the order of an indexed field (keys sort_field and sort_type of the filter); records without a value come last,
-- both ways. `records r`, `copies` and `holder` are constants of the functions below; `conditions` is SQL that speaks of the records as `r`.
CREATE FUNCTION value_page(f jsonb, records text, r text, copies text, holder text, conditions text, descending boolean, after_key text, after_id uuid, wanted integer, tenant uuid)
RETURNS TABLE (record_id uuid, sort_key text) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
DECLARE
  col text := CASE f->>'sort_type' WHEN 'n' THEN 'v.n' ELSE 'v.t' END;
  typ text := CASE f->>'sort_type' WHEN 'n' THEN 'numeric' ELSE 'text' END;
  dir text := CASE WHEN descending THEN 'DESC' ELSE 'ASC' END;
  op text := CASE WHEN descending THEN '<' ELSE '>' END;
  given integer := 0;
BEGIN
  IF after_key IS NULL OR after_key LIKE 'v%' THEN
    RETURN QUERY EXECUTE format('SELECT %6$I.id, ''v'' || %1$s::text FROM public.%7$I v JOIN public.%5$I %6$I ON %6$I.tenant_id = $2 AND %6$I.id = v.%8$I
        WHERE v.tenant_id = $2 AND v.field_id = ($1->>''sort_field'')::uuid AND %1$s IS NOT NULL AND %2$s%3$s ORDER BY %1$s %4$s, v.%8$I %4$s LIMIT $5',
        col, conditions, CASE WHEN after_id IS NULL THEN '' ELSE format(' AND (%s, v.%I) %s ($3::%s, $4)', col, holder, op, typ) END, dir, records, r, copies, holder)
      USING f, tenant, substr(after_key, 2), after_id, wanted;
    GET DIAGNOSTICS given = ROW_COUNT;
  END IF;
  IF given < wanted THEN
    RETURN QUERY EXECUTE format('SELECT %5$I.id, ''e''::text FROM public.%4$I %5$I WHERE %1$s AND NOT EXISTS (SELECT 1 FROM public.%6$I v
        WHERE v.tenant_id = $2 AND v.field_id = ($1->>''sort_field'')::uuid AND v.%7$I = %5$I.id AND %2$s IS NOT NULL)%3$s ORDER BY %5$I.id LIMIT $4',
        conditions, col, CASE WHEN after_key LIKE 'e%' THEN format(' AND %I.id > $3', r) ELSE '' END, records, r, copies, holder)
      USING f, tenant, after_id, wanted - given;
  END IF;
END $$;
REVOKE ALL ON FUNCTION value_page FROM PUBLIC;

-- As before, by value_page.
CREATE OR REPLACE FUNCTION contact_page_by_value(f jsonb, descending boolean, after_key text, after_id uuid, wanted integer, tenant uuid)
RETURNS TABLE (contact_id uuid, sort_key text) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
BEGIN
  RETURN QUERY SELECT * FROM value_page(f, 'contacts', 'c', 'contact_values', 'contact_id', contact_conditions(f), descending, after_key, after_id, wanted, tenant);
END $$;

-- As before, and the order `value`.
CREATE OR REPLACE FUNCTION entity_page(f jsonb, sort text, after_key text, after_id uuid, max_rows integer)
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
  IF ltrim(sort, '-') = 'value' THEN
    RETURN QUERY SELECT * FROM value_page(f, 'entities', 'e', 'entity_values', 'entity_id', entity_conditions(f, 'far'), descending, after_key, after_id, wanted, tenant);
    RETURN;
  END IF;
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
