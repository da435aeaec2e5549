-- A write that carries an Idempotency-Key marks the key in its own transaction: a crash between the write and the stored answer
-- cannot make a retry write again.
ALTER TABLE idempotency_keys
  ADD COLUMN attempt uuid,
  ADD COLUMN applied_by uuid,
  ADD COLUMN applied jsonb;
GRANT SELECT (tenant_id, actor_id, key, attempt, applied), UPDATE (applied_by, applied) ON idempotency_keys TO vision_app;
