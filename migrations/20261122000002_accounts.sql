-- owner: accounts. Tenants, people, memberships, roles, sessions.

CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  legal_name text,
  legal_form text,
  siren text,
  siret text,
  vat_number text,
  address_line1 text,
  address_line2 text,
  postal_code text,
  city text,
  country text NOT NULL DEFAULT 'FR',
  phone text,
  email text,
  website text,
  trade text NOT NULL DEFAULT 'other' CHECK (trade IN ('garage', 'hotel', 'restaurant', 'other')),
  time_zone text NOT NULL DEFAULT 'Europe/Paris',
  accent_color text,
  logo_key text,
  plan text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'starter', 'pro', 'enterprise')),
  onboarding_step text DEFAULT 'company',
  onboarding_completed_at timestamptz,
  is_demo boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE tenants IS 'owner: accounts';
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenants TO vision_app USING (id = current_setting('app.tenant_id')::uuid);
CREATE POLICY system_access ON tenants TO vision_system USING (true);
GRANT SELECT, UPDATE ON tenants TO vision_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenants TO vision_system;

-- A person who signs in. Belongs to any number of tenants; only the cross-tenant role reads this table.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  email_norm text NOT NULL UNIQUE,
  full_name text NOT NULL,
  password_hash text NOT NULL,
  locale text NOT NULL DEFAULT 'fr' CHECK (locale IN ('fr', 'en')),
  email_verified_at timestamptz,
  totp_secret bytea,
  totp_enabled_at timestamptz,
  totp_last_step bigint,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE users IS 'owner: accounts';
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO vision_system;

CREATE TABLE roles (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  builtin boolean NOT NULL DEFAULT false,
  permissions text[] NOT NULL,
  visibility text NOT NULL CHECK (visibility IN ('own', 'team', 'all')),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key)
);
COMMENT ON TABLE roles IS 'owner: accounts';
SELECT enable_tenant_rls('roles', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT, UPDATE, DELETE');

-- A person's place in a tenant. Name and address are copies, so that a tenant never reads `users`.
CREATE TABLE memberships (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  user_id uuid NOT NULL,
  role_id uuid NOT NULL,
  email text NOT NULL,
  full_name text NOT NULL,
  team text,
  deactivated_at timestamptz,
  last_seen_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id)
);
COMMENT ON TABLE memberships IS 'owner: accounts';
CREATE INDEX memberships_role_idx ON memberships (tenant_id, role_id);
SELECT enable_tenant_rls('memberships', 'SELECT, UPDATE', 'SELECT, INSERT, UPDATE, DELETE');

-- Which tenants a person belongs to: the one path from a user to their tenants, for the cross-tenant role only.
CREATE TABLE user_tenants (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  member_of uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, member_of)
);
COMMENT ON TABLE user_tenants IS 'owner: accounts';
CREATE INDEX user_tenants_tenant_idx ON user_tenants (member_of);
GRANT SELECT, INSERT, DELETE ON user_tenants TO vision_system;

-- A sign-in on one device: a family of refresh tokens. Reuse of a rotated token revokes the family.
CREATE TABLE sessions (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  refresh_hash bytea NOT NULL,
  previous_refresh_hash bytea,
  rotated_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_reason text,
  ip text,
  user_agent text,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE sessions IS 'owner: accounts';
CREATE INDEX sessions_user_idx ON sessions (tenant_id, user_id, id);
SELECT enable_tenant_rls('sessions', '', 'SELECT, INSERT, UPDATE, DELETE');

-- Single-use secrets sent by mail (verification, reset) and pending second factors and passkey ceremonies.
CREATE TABLE user_tokens (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  purpose text NOT NULL,
  token_hash bytea,
  code_hash bytea,
  attempts integer NOT NULL DEFAULT 0,
  state jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
COMMENT ON TABLE user_tokens IS 'owner: accounts';
CREATE INDEX user_tokens_user_idx ON user_tokens (user_id, purpose);
CREATE UNIQUE INDEX user_tokens_hash_idx ON user_tokens (token_hash) WHERE token_hash IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON user_tokens TO vision_system;

CREATE TABLE recovery_codes (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (user_id, code_hash)
);
COMMENT ON TABLE recovery_codes IS 'owner: accounts';
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes TO vision_system;

CREATE TABLE passkeys (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  credential_id bytea NOT NULL UNIQUE,
  credential jsonb NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
COMMENT ON TABLE passkeys IS 'owner: accounts';
CREATE INDEX passkeys_user_idx ON passkeys (user_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON passkeys TO vision_system;

CREATE TABLE invitations (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  email text NOT NULL,
  email_norm text NOT NULL,
  role_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  invited_by uuid NOT NULL,
  invited_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id)
);
COMMENT ON TABLE invitations IS 'owner: accounts';
CREATE UNIQUE INDEX invitations_pending_idx ON invitations (tenant_id, email_norm) WHERE accepted_at IS NULL;
SELECT enable_tenant_rls('invitations', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, UPDATE');

CREATE TABLE api_keys (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  key_hash bytea NOT NULL,
  permissions text[] NOT NULL,
  created_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE api_keys IS 'owner: accounts';
SELECT enable_tenant_rls('api_keys', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');
