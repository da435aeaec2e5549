//! What happens to tasks.

use super::model::TaskKind;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Subject};

/// One task changed in some way.
#[derive(Debug, Serialize)]
pub(crate) struct TaskEvent {
    #[serde(skip)]
    pub name: &'static str,
    pub id: Uuid,
    pub label: String,
    #[serde(skip)]
    pub contact_id: Option<Uuid>,
    #[serde(skip)]
    pub changes: Vec<Change>,
    /// The member to whom the task was given by this, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<Uuid>,
    pub data: Value,
}

impl TaskEvent {
    pub(crate) fn new(name: &'static str, id: Uuid, title: &str, kind: TaskKind, contact_id: Option<Uuid>) -> Self {
        let data = json!({ "task_id": id, "task_kind": kind, "excerpt": title });
        Self { name, id, label: title.to_owned(), contact_id, changes: Vec::new(), assigned_to: None, data }
    }
}

impl DomainEvent for TaskEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "task", id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}

/// Several tasks were given to one member: told once, not once a task.
#[derive(Debug, Serialize)]
pub(crate) struct TasksReassigned {
    /// One of them.
    pub id: Uuid,
    /// Its title.
    pub label: String,
    pub assigned_to: Uuid,
    pub count: usize,
}

impl DomainEvent for TasksReassigned {
    fn name(&self) -> &'static str {
        "tasks.reassigned"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "task", id: self.id, label: self.label.clone() }
    }
}
