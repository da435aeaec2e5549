//! What happens to files.

use super::store::FileRow;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Subject};

/// One file changed in some way.
#[derive(Debug, Serialize)]
pub(crate) struct FileEvent {
    #[serde(skip)]
    pub name: &'static str,
    pub id: Uuid,
    pub label: String,
    #[serde(skip)]
    pub contact_id: Option<Uuid>,
    #[serde(skip)]
    pub changes: Vec<Change>,
    pub data: Value,
}

impl FileEvent {
    pub(crate) fn new(name: &'static str, file: &FileRow) -> Self {
        let mut data = json!({ "file_id": file.id, "filename": file.name, "size": file.size });
        if let (Some(data), "entity") = (data.as_object_mut(), file.subject_kind.as_str()) {
            data.insert("entity".into(), json!({ "id": file.subject_id, "name": file.subject_label }));
        }
        Self { name, id: file.id, label: file.name.clone(), contact_id: file.subject_contact, changes: Vec::new(), data }
    }
}

impl DomainEvent for FileEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "file", id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}
