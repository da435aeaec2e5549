//! What happens to invoices.

use super::store::Row;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Subject};

/// One invoice changed in some way.
#[derive(Debug, Serialize)]
pub(crate) struct InvoiceEvent {
    #[serde(skip)]
    pub name: &'static str,
    #[serde(skip)]
    pub id: Uuid,
    #[serde(skip)]
    pub label: String,
    #[serde(skip)]
    pub contact_id: Option<Uuid>,
    #[serde(skip)]
    pub changes: Vec<Change>,
    /// What a line of a timeline shows.
    pub invoice: Value,
}

impl InvoiceEvent {
    /// About an invoice as it stands now.
    pub(crate) fn new(name: &'static str, row: &Row) -> Self {
        let label = row.number.clone().or_else(|| row.title.clone()).unwrap_or_else(|| "Brouillon".to_owned());
        Self {
            name,
            id: row.id,
            invoice: json!({ "id": row.id, "name": label, "kind": row.kind, "gross_minor": row.gross_minor, "currency": row.currency }),
            label,
            contact_id: row.contact_id,
            changes: Vec::new(),
        }
    }
}

impl DomainEvent for InvoiceEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "invoice", id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}
