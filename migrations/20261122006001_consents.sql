-- owner: crm. What people agreed to and objected to: channel by channel, purpose by purpose, with proof (MK-16), and the list of
-- objections as keyed hashes, which outlives the contact (MK-17).

-- The words that people agreed to. A version is never changed: another one follows it.
CREATE TABLE consent_wordings (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('offers', 'reminders', 'surveys')),
  version integer NOT NULL CHECK (version > 0),
  body text NOT NULL,
  author_id uuid NOT NULL,
  author_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, purpose, version)
);
COMMENT ON TABLE consent_wordings IS 'owner: crm';
SELECT enable_tenant_rls('consent_wordings', 'SELECT, INSERT');

-- Decisions, one row each; the last one by `given_at` counts. Rows are never changed, except that a merge moves them.
CREATE TABLE consents (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  contact_id uuid NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'whatsapp', 'call')),
  purpose text NOT NULL CHECK (purpose IN ('offers', 'reminders', 'surveys')),
  granted boolean NOT NULL,
  wording_version integer,
  source text NOT NULL CHECK (source IN ('web_form', 'paper', 'phone', 'in_person', 'email', 'portal', 'message', 'other')),
  -- The form, the page, the place of the paper: what lets somebody find the proof.
  reference text,
  -- When the person said so; `recorded_at` is when it was written here.
  given_at timestamptz NOT NULL,
  -- When a second message confirmed it.
  confirmed_at timestamptz,
  recorded_at timestamptz NOT NULL,
  ip text,
  actor_kind text NOT NULL,
  actor_id uuid NOT NULL,
  actor_name text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK (granted = (wording_version IS NOT NULL)),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, purpose, wording_version) REFERENCES consent_wordings (tenant_id, purpose, version)
);
COMMENT ON TABLE consents IS 'owner: crm';
CREATE INDEX consents_contact_idx ON consents (tenant_id, contact_id, channel, purpose, given_at DESC, id DESC);
SELECT enable_tenant_rls('consents', 'SELECT, INSERT');
GRANT UPDATE (contact_id) ON consents TO vision_app;

-- HMAC of an address under the company's own key: says whether an address is on the list, and tells nobody what is on it.
CREATE TABLE oppositions (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  hash bytea NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'whatsapp', 'call')),
  purpose text NOT NULL CHECK (purpose IN ('offers', 'reminders', 'surveys')),
  source text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, hash, channel, purpose)
);
COMMENT ON TABLE oppositions IS 'owner: crm';
SELECT enable_tenant_rls('oppositions', 'SELECT, INSERT, DELETE');

-- The company's key, sealed by the instance's: it travels with an export of the company, so that the list works elsewhere.
CREATE TABLE opposition_keys (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  sealed bytea NOT NULL
);
COMMENT ON TABLE opposition_keys IS 'owner: crm';
SELECT enable_tenant_rls('opposition_keys', 'SELECT, INSERT');
