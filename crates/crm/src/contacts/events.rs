//! What happens to contacts.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Subject};

/// One contact changed in some way.
#[derive(Debug, Serialize)]
pub(crate) struct ContactEvent {
    #[serde(skip)]
    pub name: &'static str,
    pub id: Uuid,
    pub label: String,
    #[serde(skip)]
    pub changes: Vec<Change>,
    /// What the event adds to the timeline line, such as a tag's name.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

impl ContactEvent {
    pub(crate) fn new(name: &'static str, id: Uuid, label: impl Into<String>) -> Self {
        Self { name, id, label: label.into(), changes: Vec::new(), data: Value::Null }
    }
}

impl DomainEvent for ContactEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "contact", id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
    fn contact_id(&self) -> Option<Uuid> {
        // A deleted contact has no timeline any more; the audit log keeps the line.
        (self.name != "contact.deleted").then_some(self.id)
    }
}

/// Something happened to many contacts at once: one event, not ten thousand.
#[derive(Debug, Serialize)]
pub(crate) struct ContactsEvent {
    #[serde(skip)]
    pub name: &'static str,
    #[serde(skip)]
    pub kind: &'static str,
    pub id: Uuid,
    pub label: String,
    pub count: i64,
}

impl DomainEvent for ContactsEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: self.kind, id: self.id, label: self.label.clone() }
    }
}
