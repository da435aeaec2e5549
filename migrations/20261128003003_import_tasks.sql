-- owner: crm. Imports of tasks, beside contacts and things.
SET LOCAL lock_timeout = '5s';
ALTER TABLE imports DROP CONSTRAINT imports_target_check;
ALTER TABLE imports ADD CONSTRAINT imports_target_check CHECK (target IN ('contacts', 'entities', 'tasks'));
