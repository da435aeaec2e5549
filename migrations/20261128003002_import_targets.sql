-- owner: crm. Imports of more than contacts: what a file holds, what was chosen for all of it, and which record a row became.
SET LOCAL lock_timeout = '5s';
ALTER TABLE imports ADD COLUMN target text NOT NULL DEFAULT 'contacts' CHECK (target IN ('contacts', 'entities'));
ALTER TABLE imports ADD COLUMN options jsonb NOT NULL DEFAULT '{}';

-- The record that a row became where it is no contact; `contact_id` is then the contact that the record belongs to, so that an erasure
-- finds the rows about a person.
ALTER TABLE import_rows ADD COLUMN record_id uuid;
CREATE INDEX import_rows_record_idx ON import_rows (tenant_id, record_id) WHERE record_id IS NOT NULL;

-- Who has this VIN: asked for each row of a file, and by the page of a vehicle.
CREATE INDEX entities_vin_idx ON entities (tenant_id, vin) WHERE vin IS NOT NULL;
