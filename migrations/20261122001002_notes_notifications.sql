-- owner: crm. Notes in rich text with their past; notifications, what each person wants to hear of, and the digests sent.

SET LOCAL lock_timeout = '5s';
-- A note without `doc` was written as plain text and is read as paragraphs. `body` stays the text, for search and for mail.
ALTER TABLE notes ADD COLUMN doc jsonb, ADD COLUMN edited_by uuid, ADD COLUMN edited_by_name text;
CREATE INDEX notes_pinned_idx ON notes (tenant_id, contact_id, pinned DESC, id DESC);

-- What a note said before each change (GD-09: who, when).
CREATE TABLE note_versions (
  tenant_id uuid NOT NULL,
  note_id uuid NOT NULL,
  version integer NOT NULL,
  body text NOT NULL,
  doc jsonb,
  author_id uuid NOT NULL,
  author_name text NOT NULL,
  written_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, note_id, version),
  FOREIGN KEY (tenant_id, note_id) REFERENCES notes (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE note_versions IS 'owner: crm';
SELECT enable_tenant_rls('note_versions', 'SELECT, INSERT, DELETE');

-- What a person is told: shown in the product, sent by mail, or both. `source` is what caused it: the same cause tells a person once.
CREATE TABLE notifications (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  kind text NOT NULL,
  source text NOT NULL,
  actor_id uuid,
  actor_name text,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  label text NOT NULL,
  contact_id uuid,
  data jsonb NOT NULL DEFAULT '{}',
  in_app boolean NOT NULL,
  read_at timestamptz,
  mail text NOT NULL CHECK (mail IN ('never', 'once', 'digest')),
  -- When the mail may leave: after the quiet hours, or at the hour of the digest; emptied when it has.
  mail_at timestamptz,
  mailed_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, user_id, source),
  FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE notifications IS 'owner: crm';
CREATE INDEX notifications_user_idx ON notifications (tenant_id, user_id, id DESC) WHERE in_app;
CREATE INDEX notifications_unread_idx ON notifications (tenant_id, user_id, id DESC) WHERE in_app AND read_at IS NULL;
CREATE INDEX notifications_mail_idx ON notifications (tenant_id, mail_at) WHERE mail_at IS NOT NULL;
CREATE INDEX notifications_contact_idx ON notifications (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX notifications_age_idx ON notifications (tenant_id, created_at);
SELECT enable_tenant_rls('notifications', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT');

-- Without a row, a person has the defaults of the code.
CREATE TABLE notification_settings (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  choices jsonb NOT NULL,
  quiet_from time,
  quiet_to time,
  digest_hour smallint NOT NULL CHECK (digest_hour BETWEEN 0 AND 23),
  updated_at timestamptz NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);
COMMENT ON TABLE notification_settings IS 'owner: crm';
SELECT enable_tenant_rls('notification_settings');

-- One digest per person and day, whatever is tried twice.
CREATE TABLE notification_digests (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  day date NOT NULL,
  sent_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id, day),
  FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
COMMENT ON TABLE notification_digests IS 'owner: crm';
SELECT enable_tenant_rls('notification_digests');
