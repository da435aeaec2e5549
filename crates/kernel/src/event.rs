//! What happened, in the past tense: the shape of every event that a use case emits.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Change {
    /// Field name, as in the API.
    pub field: String,
    /// Value before; null when there was none.
    pub before: Value,
    /// Value after; null when it was cleared.
    pub after: Value,
}

impl Change {
    /// The change between two values of a field, or `None` when they are equal.
    pub fn between<T: Serialize>(field: &str, before: &T, after: &T) -> Option<Self> {
        let before = serde_json::to_value(before).unwrap_or(Value::Null);
        let after = serde_json::to_value(after).unwrap_or(Value::Null);
        (before != after).then(|| Self { field: field.to_owned(), before, after })
    }
}

/// What the event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Type of the record, singular: `contact`, `user`, `role`.
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
    /// The name under which people know it, frozen at that moment.
    pub label: String,
}

/// An event. Implementations are serialisable, append-only structs; the name is `noun.past_tense_verb`.
pub trait DomainEvent: Serialize + Send + Sync {
    /// Stable name, such as `contact.created`.
    fn name(&self) -> &'static str;
    /// The record concerned.
    fn subject(&self) -> Subject;
    /// Field changes, for the timeline and the audit log.
    fn changes(&self) -> Vec<Change> {
        Vec::new()
    }
    /// The contact in whose timeline the event belongs, if any.
    fn contact_id(&self) -> Option<Uuid> {
        None
    }
}
