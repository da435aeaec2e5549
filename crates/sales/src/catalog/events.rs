//! What happens to the catalogue.

use serde::Serialize;
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Subject};

/// One item was created, changed, archived, restored or deleted.
#[derive(Debug, Serialize)]
pub(crate) struct ItemEvent {
    #[serde(skip)]
    pub name: &'static str,
    pub id: Uuid,
    pub label: String,
    #[serde(skip)]
    pub changes: Vec<Change>,
}

impl DomainEvent for ItemEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "catalog_item", id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}
