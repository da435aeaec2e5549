-- owner: sales. What the company sells: goods, services, parts, packages; and the dated parameters of VAT, which are the State's.

-- Rates by territory and class, with the days on which they hold (X-03, QI-39). Read through vat_rates_on: it belongs to no company.
CREATE TABLE vat_rates (
  territory text NOT NULL CHECK (territory IN ('mainland', 'corsica', 'antilles_reunion', 'untaxed')),
  class text NOT NULL CHECK (class IN ('standard', 'intermediate', 'reduced', 'super_reduced', 'special')),
  rate numeric(5, 2) NOT NULL CHECK (rate >= 0 AND rate < 100),
  valid_from date NOT NULL,
  valid_to date,
  PRIMARY KEY (territory, class, rate, valid_from)
);
COMMENT ON TABLE vat_rates IS 'owner: sales';
INSERT INTO vat_rates (territory, class, rate, valid_from, valid_to) VALUES
  ('mainland', 'standard', 20, '2014-01-01', NULL),
  ('mainland', 'intermediate', 10, '2014-01-01', NULL),
  ('mainland', 'reduced', 5.5, '1982-07-01', NULL),
  ('mainland', 'super_reduced', 2.1, '1989-01-01', NULL),
  ('corsica', 'standard', 20, '2014-01-01', NULL),
  ('corsica', 'special', 13, '2014-01-01', NULL),
  ('corsica', 'intermediate', 10, '2014-01-01', NULL),
  ('corsica', 'reduced', 5.5, '1982-07-01', NULL),
  ('corsica', 'super_reduced', 2.1, '1989-01-01', NULL),
  ('corsica', 'special', 0.9, '1989-01-01', NULL),
  ('antilles_reunion', 'standard', 8.5, '1995-01-01', NULL),
  ('antilles_reunion', 'intermediate', 8.5, '1995-01-01', NULL),
  ('antilles_reunion', 'reduced', 2.1, '1995-01-01', NULL),
  ('antilles_reunion', 'super_reduced', 2.1, '1995-01-01', NULL),
  ('antilles_reunion', 'special', 1.75, '1995-01-01', NULL),
  ('antilles_reunion', 'special', 1.05, '1995-01-01', NULL);

CREATE FUNCTION vat_rates_on(wanted_territory text, on_day date) RETURNS TABLE (class text, rate numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT r.class, r.rate FROM public.vat_rates r
  WHERE r.territory = wanted_territory AND r.valid_from <= on_day AND (r.valid_to IS NULL OR r.valid_to >= on_day) ORDER BY r.rate DESC
$$;
REVOKE ALL ON FUNCTION vat_rates_on FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vat_rates_on TO vision_app;

CREATE TABLE catalog_items (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('product', 'service', 'part', 'package')),
  reference text,
  name text NOT NULL,
  description text,
  -- What the trades sort by: labour, room_night, dish, drink, part, tyre, fee, other.
  category text NOT NULL DEFAULT 'other',
  -- UN/ECE recommendation 20: C62 one, HUR hour, DAY, KGM, LTR, MTR, MTK.
  unit text NOT NULL DEFAULT 'C62',
  price numeric(18, 6) NOT NULL CHECK (price >= 0),
  price_includes_vat boolean NOT NULL DEFAULT false,
  vat_class text NOT NULL DEFAULT 'standard' CHECK (vat_class IN ('standard', 'intermediate', 'reduced', 'super_reduced', 'exempt')),
  -- What it costs us, without VAT.
  cost numeric(18, 6) CHECK (cost >= 0),
  supplier text,
  supplier_reference text,
  barcode text,
  stocked boolean NOT NULL DEFAULT false,
  search text NOT NULL,
  archived_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE catalog_items IS 'owner: sales';
CREATE UNIQUE INDEX catalog_items_reference_key ON catalog_items (tenant_id, lower(reference)) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX catalog_items_barcode_key ON catalog_items (tenant_id, barcode) WHERE barcode IS NOT NULL;
CREATE INDEX catalog_items_name_idx ON catalog_items (tenant_id, lower(name), id);
SELECT enable_tenant_rls('catalog_items');

-- What a package is made of.
CREATE TABLE catalog_components (
  tenant_id uuid NOT NULL,
  package_id uuid NOT NULL,
  position integer NOT NULL,
  item_id uuid NOT NULL,
  quantity numeric(14, 4) NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (tenant_id, package_id, position),
  CHECK (package_id <> item_id),
  FOREIGN KEY (tenant_id, package_id) REFERENCES catalog_items (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, item_id) REFERENCES catalog_items (tenant_id, id)
);
COMMENT ON TABLE catalog_components IS 'owner: sales';
CREATE INDEX catalog_components_item_idx ON catalog_components (tenant_id, item_id);
SELECT enable_tenant_rls('catalog_components');

SET LOCAL lock_timeout = '5s';
UPDATE roles SET permissions = permissions || '{catalog.read}'::text[] WHERE builtin AND NOT 'catalog.read' = ANY (permissions);
UPDATE roles SET permissions = permissions || '{catalog.write}'::text[]
  WHERE builtin AND key IN ('owner', 'admin', 'manager') AND NOT 'catalog.write' = ANY (permissions);
