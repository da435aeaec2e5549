//! What happens to quotes.

use super::store::Row;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::{DomainEvent, Subject};

/// One quote moved on in some way.
#[derive(Debug, Serialize)]
pub(crate) struct OrderEvent {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    label: String,
    #[serde(skip)]
    contact_id: Option<Uuid>,
    /// What a line of a timeline shows.
    order: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Who wrote it, and is told.
    notify: Uuid,
}

impl OrderEvent {
    /// About a quote as it stands now.
    pub(crate) fn new(name: &'static str, row: &Row) -> Self {
        let label = row.number.clone().or_else(|| row.title.clone()).unwrap_or_else(|| "Brouillon".to_owned());
        let amount = row.accepted_minor.unwrap_or(row.gross_minor);
        Self {
            name,
            id: row.id,
            order: json!({ "id": row.id, "name": label, "gross_minor": amount, "revision": row.revision }),
            label,
            contact_id: row.contact_id,
            reason: row.reason.clone(),
            notify: row.created_by,
        }
    }
}

impl DomainEvent for OrderEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "order", id: self.id, label: self.label.clone() }
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}
