//! Which tables travel, and which stay behind. A test holds both lists against the registry of all tables.

/// Tables that travel, in the order in which they can be written: what is pointed at comes first.
pub(super) const TRAVEL: &[&str] = &[
    "tenants",
    "roles",
    "memberships",
    "custom_fields",
    "imports",
    "import_mappings",
    "contacts",
    "contact_keys",
    "contact_companies",
    "tags",
    "contact_tags",
    "contact_merges",
    "contact_distinct",
    "import_rows",
    "notes",
    "note_versions",
    "entity_kinds",
    "entities",
    "entity_owners",
    "entity_readings",
    "entity_events",
    "tasks",
    "files",
    "catalog_items",
    "catalog_components",
    "billing_profiles",
    "accounting_settings",
    "accounting_locks",
    "order_settings",
    "sales_terms",
    "orders",
    "order_lines",
    "order_versions",
    "order_links",
    "order_codes",
    "order_evidence",
    "order_answers",
    "invoice_series",
    "invoices",
    "invoice_items",
    "invoice_vat",
    "invoice_deductions",
    "invoice_files",
    "pay_links",
    "payment_transactions",
    "payment_allocations",
    "payment_checkouts",
    "payment_refunds",
    "payment_disputes",
    "invoice_sendings",
    "closings",
    "dunning_plans",
    "recurring_invoices",
    "recurring_runs",
    "reminders",
    "dunning_pauses",
    "sealed_records",
    "seal_heads",
    "consent_wordings",
    "consents",
    "opposition_keys",
    "oppositions",
    "views",
    "view_defaults",
    "privacy_requests",
    "privacy_retention",
    "privacy_keeps",
    "notification_settings",
    "notifications",
    "timeline",
    "audit_log",
];

/// Tables that stay behind, and why.
#[cfg(test)]
const STAY: &[(&str, &str)] = &[
    ("contact_values", "Made anew by the database when contacts are written."),
    ("entity_values", "Made anew by the database when entities are written."),
    ("task_undos", "What can be taken back for a day belongs to the place where it was done."),
    ("bulk_changes", "Belongs to jobs of this instance."),
    ("entity_bulk_changes", "Belongs to jobs of this instance."),
    ("file_uploads", "Unfinished."),
    ("file_leftovers", "Work for the sweeper of this instance's store."),
    ("notification_digests", "Which mails this instance has sent."),
    ("outbox", "Empties itself within seconds."),
    ("idempotency_keys", "Answers to requests that were sent here."),
    ("background_jobs", "Work of this instance; its files are copies."),
    ("test_mailbox_messages", "Of the instance, not of a company."),
    ("test_mailbox_files", "Of the instance, not of a company."),
    ("local_payments", "Of the instance, not of a company."),
    ("payment_accounts", "Opened by this instance at its provider; another one opens its own."),
    ("payment_events", "What a provider said to this instance."),
    ("api_usage", "Counts of this instance."),
    ("throttles", "Of the instance, not of a company."),
    ("fiscal_archives", "Copies of what travels, kept in this instance's store."),
    ("document_proofs", "Made anew where documents are sent; the papers themselves travel."),
    ("vat_rates", "The State's, not a company's."),
    ("legal_mentions", "The law's, not a company's."),
    ("users", "Accounts belong to people: a password does not leave."),
    ("user_tenants", "Access is given again, by invitation."),
    ("sessions", "Access."),
    ("user_tokens", "Access."),
    ("recovery_codes", "Access."),
    ("passkeys", "Access."),
    ("invitations", "Access."),
    ("api_keys", "Access."),
];

/// Columns that hold keys of the store: in the archive without the company's own prefix.
pub(super) const KEYS: &[(&str, &str)] =
    &[("tenants", "logo_key"), ("imports", "file_key"), ("files", "object_key"), ("files", "thumbnail_key"), ("files", "preview_keys")];

/// Tables that a new company has rows in before anybody has done anything.
pub(super) const NEVER_EMPTY: &[&str] = &["tenants", "roles", "memberships", "notification_settings", "notifications", "audit_log"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::registry;

    #[test]
    fn every_table_travels_or_stays_for_a_reason() {
        for table in registry::tables() {
            let travels = TRAVEL.contains(&table.name);
            let stays = STAY.iter().any(|(name, _)| *name == table.name);
            assert!(travels != stays, "{}: in TRAVEL, or in STAY with its reason", table.name);
        }
        for name in TRAVEL.iter().chain(STAY.iter().map(|(name, _)| name)) {
            assert!(registry::tables().any(|table| table.name == *name), "{name}");
        }
    }
}
