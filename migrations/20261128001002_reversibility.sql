-- owner: accounts. Bringing a company's export into another, empty company: what belongs to the accounts is written by these functions,
-- each for the company of the transaction only.

-- A role of the company's own; a built-in one is the target's own of the same name. Gives the id that stands for it from now on.
CREATE FUNCTION restore_role(source jsonb) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant uuid := current_setting('app.tenant_id')::uuid;
  found uuid;
BEGIN
  SELECT r.id INTO found FROM roles r WHERE r.tenant_id = tenant AND r.key = source->>'key';
  IF found IS NULL THEN
    found := (source->>'id')::uuid;
    INSERT INTO roles (tenant_id, id, key, name, builtin, permissions, visibility, version)
    VALUES (tenant, found, source->>'key', source->>'name', false,
            ARRAY(SELECT jsonb_array_elements_text(source->'permissions')), source->>'visibility', (source->>'version')::integer);
  END IF;
  RETURN found;
END $$;
REVOKE ALL ON FUNCTION restore_role FROM PUBLIC;
GRANT EXECUTE ON FUNCTION restore_role TO vision_app;
ALTER FUNCTION restore_role OWNER TO vision_system;

-- Somebody who worked there, without access: their name stays on what they did, and they may be invited again.
CREATE FUNCTION restore_member(source jsonb, role uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE tenant uuid := current_setting('app.tenant_id')::uuid;
BEGIN
  INSERT INTO memberships (tenant_id, user_id, role_id, email, full_name, team, deactivated_at, last_seen_at, created_at)
  VALUES (tenant, (source->>'user_id')::uuid, role, source->>'email', source->>'full_name', source->>'team',
          coalesce((source->>'deactivated_at')::timestamptz, now()), NULL, (source->>'created_at')::timestamptz)
  ON CONFLICT (tenant_id, user_id) DO NOTHING;
  RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION restore_member FROM PUBLIC;
GRANT EXECUTE ON FUNCTION restore_member TO vision_app;
ALTER FUNCTION restore_member OWNER TO vision_system;

-- The profile, without what the instance decides: address, plan, state of the onboarding.
CREATE FUNCTION restore_profile(source jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE tenants t SET name = s.name, legal_name = s.legal_name, legal_form = s.legal_form, siren = s.siren, siret = s.siret,
    vat_number = s.vat_number, address_line1 = s.address_line1, address_line2 = s.address_line2, postal_code = s.postal_code, city = s.city,
    country = s.country, phone = s.phone, email = s.email, website = s.website, trade = s.trade, time_zone = s.time_zone,
    accent_color = s.accent_color, logo_key = s.logo_key, audit_retention_days = s.audit_retention_days, version = t.version + 1
  FROM jsonb_populate_record(NULL::tenants, source) s WHERE t.id = current_setting('app.tenant_id')::uuid;
END $$;
REVOKE ALL ON FUNCTION restore_profile FROM PUBLIC;
GRANT EXECUTE ON FUNCTION restore_profile TO vision_app;
ALTER FUNCTION restore_profile OWNER TO vision_system;

-- Which migration was the last: an archive from a newer product is refused rather than half understood.
CREATE FUNCTION schema_version() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT coalesce(max(version), 0) FROM _sqlx_migrations
$$;
REVOKE ALL ON FUNCTION schema_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION schema_version TO vision_app;
