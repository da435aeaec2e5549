-- owner: crm. While a job converts the values of a field nobody writes one: the job could not tell a new value from an old one.
ALTER TABLE custom_fields ADD COLUMN converting boolean NOT NULL DEFAULT false;
