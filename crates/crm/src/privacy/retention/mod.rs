//! How long contacts are kept (GD-06): who has given no sign of life for longer than the company keeps people, decided one by one or
//! together, and erased by the same steps as on request.
//!
//! Invariants: nobody is erased by a clock alone, a person decides after a preview; whoever gave a sign of life meanwhile is spared; what
//! blocks an erasure blocks this one too.

pub mod http;
mod jobs;
mod store;

pub use jobs::Sweep;

use serde::{Deserialize, Serialize};

/// Months, where the company has said nothing (GD-06).
const USUAL_MONTHS: i32 = 36;

/// Who is kept for how long after which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RetentionCategory)]
pub enum Category {
    /// Never invoiced: since they were collected, or their last sign.
    Prospect,
    /// Invoiced at least once: since the relation's last sign.
    Client,
}

/// A sign of life of the person (GD-06: not what the team did alone, not an opened message). A domain in which customers act joins by one
/// line: `c` is the contact, `$2` the day before which a sign is too old.
const SIGNS: &[(&str, &str)] = &[
    ("consents", "SELECT max(s.given_at) FROM consents s WHERE s.tenant_id = c.tenant_id AND s.contact_id = c.id"),
    (
        "tasks",
        "SELECT max(s.done_at) FROM tasks s WHERE s.tenant_id = c.tenant_id AND s.contact_id = c.id AND s.kind IN ('call', 'meeting') AND s.deleted_at IS NULL
           AND coalesce(s.outcome, 'reached') IN ('reached', 'held')",
    ),
    // About what they own, while they owned it.
    (
        "tasks",
        "SELECT max(s.done_at) FROM entity_owners o JOIN tasks s ON s.tenant_id = o.tenant_id AND s.entity_id = o.entity_id
         WHERE o.tenant_id = c.tenant_id AND o.contact_id = c.id AND s.done_at >= o.since AND (o.until IS NULL OR s.done_at < o.until + 1)
           AND s.kind IN ('call', 'meeting') AND s.deleted_at IS NULL AND coalesce(s.outcome, 'reached') IN ('reached', 'held')",
    ),
    ("entity_owners", "SELECT max(s.since)::timestamptz FROM entity_owners s WHERE s.tenant_id = c.tenant_id AND s.contact_id = c.id"),
    (
        "privacy_requests",
        "SELECT max(s.received_on)::timestamptz FROM privacy_requests s WHERE s.tenant_id = c.tenant_id AND s.contact_id = c.id",
    ),
];
