-- owner: crm. When a person was last collected, where a merge joined two collections: the term of keeping counts from the later one, while
-- the record stays as old as the older.

SET LOCAL lock_timeout = '5s';
ALTER TABLE contacts ADD COLUMN last_collected_at timestamptz;
