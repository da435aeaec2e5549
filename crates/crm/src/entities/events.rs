//! What happens to entities. The contact in whose timeline an event stands is the owner at that moment.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Subject};

/// One entity changed in some way.
#[derive(Debug, Serialize)]
pub(crate) struct EntityEvent {
    #[serde(skip)]
    pub name: &'static str,
    pub id: Uuid,
    pub label: String,
    #[serde(skip)]
    pub contact_id: Option<Uuid>,
    #[serde(skip)]
    pub changes: Vec<Change>,
    /// What the event adds to a timeline line; holds the entity's id and name always.
    pub data: Value,
}

impl EntityEvent {
    pub(crate) fn new(name: &'static str, id: Uuid, label: impl Into<String>, contact_id: Option<Uuid>) -> Self {
        let label = label.into();
        let data = json!({ "entity": { "id": id, "name": label } });
        Self { name, id, label, contact_id, changes: Vec::new(), data }
    }

    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Some(data) = self.data.as_object_mut() {
            data.insert(key.to_owned(), value.into());
        }
        self
    }
}

impl DomainEvent for EntityEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "entity", id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}

/// A kind of the tenant's own was made, changed or deleted.
#[derive(Debug, Serialize)]
pub(crate) struct KindEvent {
    #[serde(skip)]
    pub name: &'static str,
    pub id: Uuid,
    pub label: String,
    #[serde(skip)]
    pub changes: Vec<Change>,
}

impl DomainEvent for KindEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "entity_kind", id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}
