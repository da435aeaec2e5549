-- owner: crm. Tasks: what somebody has to do, by when, about whom; with reminders, recurrence and a way back.

CREATE TABLE tasks (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('todo', 'call', 'meeting')),
  title text NOT NULL,
  description text,
  priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high')),
  -- What people typed: a day and perhaps an hour, on the clock of the company. `due_at` is the instant at which the task is late,
  -- worked out with `time_zone`; a change of the company's zone works it out anew.
  due_date date,
  due_time time,
  due_at timestamptz,
  time_zone text NOT NULL,
  reminder_minutes integer CHECK (reminder_minutes BETWEEN 0 AND 40320),
  -- When the reminder is due; emptied once it was sent.
  remind_at timestamptz,
  repeat_unit text CHECK (repeat_unit IN ('day', 'week', 'month', 'year')),
  repeat_every integer CHECK (repeat_every BETWEEN 1 AND 99),
  repeat_until date,
  -- The day from which the rhythm is counted, so that a 31st stays a 31st where the month has one.
  repeat_from date,
  series_id uuid NOT NULL,
  occurrence integer NOT NULL DEFAULT 1,
  assignee_id uuid,
  subject_kind text,
  subject_id uuid,
  -- A contact's tasks go with the contact.
  contact_id uuid GENERATED ALWAYS AS (CASE WHEN subject_kind = 'contact' THEN subject_id END) STORED,
  done_at timestamptz,
  done_by uuid,
  done_by_name text,
  outcome text,
  result text,
  duration_minutes integer CHECK (duration_minutes BETWEEN 0 AND 1440),
  deleted_at timestamptz,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  search text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  -- Completing a task makes the next one of its series, once.
  UNIQUE (tenant_id, series_id, occurrence),
  FOREIGN KEY (tenant_id, assignee_id) REFERENCES memberships (tenant_id, user_id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  CHECK ((subject_kind IS NULL) = (subject_id IS NULL)),
  CHECK ((due_date IS NULL) = (due_at IS NULL) AND (due_time IS NULL OR due_date IS NOT NULL)),
  CHECK ((repeat_unit IS NULL) = (repeat_every IS NULL) AND (repeat_unit IS NULL) = (repeat_from IS NULL))
);
COMMENT ON TABLE tasks IS 'owner: crm';
CREATE INDEX tasks_due_idx ON tasks (tenant_id, (coalesce(due_at, 'infinity'::timestamptz)), id) WHERE done_at IS NULL AND deleted_at IS NULL;
CREATE INDEX tasks_assignee_idx ON tasks (tenant_id, assignee_id, (coalesce(due_at, 'infinity'::timestamptz)), id) WHERE done_at IS NULL AND deleted_at IS NULL;
CREATE INDEX tasks_done_idx ON tasks (tenant_id, done_at, id) WHERE done_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX tasks_contact_idx ON tasks (tenant_id, contact_id, id) WHERE contact_id IS NOT NULL;
CREATE INDEX tasks_subject_idx ON tasks (tenant_id, subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX tasks_reminder_idx ON tasks (tenant_id, remind_at) WHERE remind_at IS NOT NULL AND done_at IS NULL AND deleted_at IS NULL;
CREATE INDEX tasks_deleted_idx ON tasks (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
-- The clock looks across tenants for reminders that are due.
SELECT enable_tenant_rls('tasks', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT');

-- What an action on several tasks changed, so that it can be taken back; kept for a day.
CREATE TABLE task_undos (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  before jsonb NOT NULL,
  created_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE task_undos IS 'owner: crm';
SELECT enable_tenant_rls('task_undos', 'SELECT, INSERT, DELETE', 'SELECT');

-- Everybody has things to do: the built-in roles of the companies that exist already get the two new rights.
SET LOCAL lock_timeout = '5s';
UPDATE roles SET permissions = permissions || '{tasks.read,tasks.write}'::text[] WHERE builtin AND NOT 'tasks.read' = ANY (permissions);
