-- How long a tenant's audit log is kept (GD-08: 12 months by default, never less than 90 days).
ALTER TABLE tenants ADD COLUMN audit_retention_days integer NOT NULL DEFAULT 365 CHECK (audit_retention_days BETWEEN 90 AND 3650);
CREATE INDEX user_tokens_expiry_idx ON user_tokens (expires_at);
