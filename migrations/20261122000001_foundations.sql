-- owner: platform. The tools every later migration uses: tenant isolation, job queue access, outbox, audit, idempotency.
-- Roles vision_app and vision_system exist already: `vision migrate` makes them before the first migration runs.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vision_app, vision_system;

-- Isolation of a tenant's rows. A missing tenant raises (the setting is '' or unknown): it never reads as an empty page.
-- `system_privileges` opens the table to the cross-tenant role for exactly these verbs.
CREATE FUNCTION enable_tenant_rls(target regclass, app_privileges text DEFAULT 'SELECT, INSERT, UPDATE, DELETE',
                                  system_privileges text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant_isolation ON %s TO vision_app USING (tenant_id = current_setting(''app.tenant_id'')::uuid)', target);
  IF app_privileges <> '' THEN
    EXECUTE format('GRANT %s ON %s TO vision_app', app_privileges, target);
  END IF;
  IF system_privileges IS NOT NULL THEN
    EXECUTE format('CREATE POLICY system_access ON %s TO vision_system USING (true)', target);
    EXECUTE format('GRANT %s ON %s TO vision_system', system_privileges, target);
  END IF;
END $$;
REVOKE ALL ON FUNCTION enable_tenant_rls FROM PUBLIC;

-- The job library's own tables live in schema jobs, made and owned by vision_system.
CREATE SCHEMA IF NOT EXISTS jobs AUTHORIZATION vision_system;

-- The only way for the application role to queue work: the tenant is stamped from the transaction, not from the caller.
CREATE FUNCTION enqueue_job(task text, payload jsonb, run_at timestamptz DEFAULT NULL, job_key text DEFAULT NULL, queue text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE tenant uuid := current_setting('app.tenant_id')::uuid;
BEGIN
  PERFORM jobs.add_job(identifier => task,
    payload => json_build_object('tenant', tenant, 'p', payload),
    queue_name => CASE WHEN queue IS NULL THEN NULL ELSE tenant || ':' || queue END,
    run_at => run_at,
    job_key => CASE WHEN job_key IS NULL THEN NULL ELSE tenant || ':' || job_key END);
END $$;
REVOKE ALL ON FUNCTION enqueue_job FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enqueue_job TO vision_app;
ALTER FUNCTION enqueue_job OWNER TO vision_system;

-- Events to hand on after their transaction has committed. Deleted once every subscriber has its job.
CREATE TABLE outbox (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  actor jsonb NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE outbox IS 'owner: platform';
SELECT enable_tenant_rls('outbox', 'INSERT', 'SELECT, UPDATE, DELETE');

-- Security and change log (GD-08: 12 months by default; GD-09: who, what, when). The application may add and read, never change.
CREATE TABLE audit_log (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid NOT NULL,
  actor_name text NOT NULL,
  action text NOT NULL,
  object_type text NOT NULL,
  object_id uuid NOT NULL,
  object_label text NOT NULL,
  changes jsonb NOT NULL DEFAULT '[]',
  data jsonb NOT NULL DEFAULT '{}',
  ip text,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE audit_log IS 'owner: platform';
CREATE INDEX audit_log_actor_idx ON audit_log (tenant_id, actor_id, id DESC);
CREATE INDEX audit_log_object_idx ON audit_log (tenant_id, object_type, id DESC);
SELECT enable_tenant_rls('audit_log', 'SELECT, INSERT', 'SELECT, INSERT, DELETE');

-- Answers already given to a POST that carried an Idempotency-Key; kept 24 h.
CREATE TABLE idempotency_keys (
  tenant_id uuid NOT NULL,
  actor_id uuid NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  status smallint,
  content_type text,
  location text,
  body bytea,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, actor_id, key)
);
COMMENT ON TABLE idempotency_keys IS 'owner: platform';
SELECT enable_tenant_rls('idempotency_keys', '', 'SELECT, INSERT, UPDATE, DELETE');

-- Requests per API key and hour (PRD: 1,000 an hour on Free, 10,000 on Pro, 100,000 on Enterprise).
CREATE TABLE api_usage (
  tenant_id uuid NOT NULL,
  key_id uuid NOT NULL,
  hour timestamptz NOT NULL,
  requests bigint NOT NULL,
  PRIMARY KEY (tenant_id, key_id, hour)
);
COMMENT ON TABLE api_usage IS 'owner: platform';
SELECT enable_tenant_rls('api_usage', '', 'SELECT, INSERT, UPDATE, DELETE');

-- Long work that a person watches: progress, cancel, undo, a file at the end.
CREATE TABLE background_jobs (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  status text NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone')),
  total bigint NOT NULL DEFAULT 0,
  done bigint NOT NULL DEFAULT 0,
  params jsonb NOT NULL,
  cursor text,
  cancel_requested boolean NOT NULL DEFAULT false,
  undoable boolean NOT NULL DEFAULT false,
  file_key text,
  file_name text,
  error text,
  created_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE background_jobs IS 'owner: platform';
CREATE INDEX background_jobs_creator_idx ON background_jobs (tenant_id, created_by, id DESC);
SELECT enable_tenant_rls('background_jobs');

-- The test mailbox: what would have been sent while no mail server is configured. Never used in production.
CREATE TABLE test_mailbox_messages (
  id uuid PRIMARY KEY,
  recipient text NOT NULL,
  sender text NOT NULL,
  subject text NOT NULL,
  html text NOT NULL,
  body text NOT NULL,
  in_reply_to uuid REFERENCES test_mailbox_messages (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  read_at timestamptz
);
COMMENT ON TABLE test_mailbox_messages IS 'owner: platform';
CREATE INDEX test_mailbox_messages_reply_idx ON test_mailbox_messages (in_reply_to);
GRANT SELECT, INSERT, UPDATE, DELETE ON test_mailbox_messages TO vision_system;

-- Counters of failed sign-ins and mail requests by hashed key, so that throttling holds across instances and restarts.
CREATE TABLE throttles (
  key_hash bytea PRIMARY KEY,
  hits integer NOT NULL,
  window_started_at timestamptz NOT NULL
);
COMMENT ON TABLE throttles IS 'owner: platform';
GRANT SELECT, INSERT, UPDATE, DELETE ON throttles TO vision_system;
