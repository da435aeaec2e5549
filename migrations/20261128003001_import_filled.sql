-- owner: crm. Rows that were somebody known tell whether they filled something: "already known" alone hides what an import has changed.
SET LOCAL lock_timeout = '5s';
ALTER TABLE import_rows ADD COLUMN filled boolean NOT NULL DEFAULT false;
