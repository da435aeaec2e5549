//! What a file can hold. A target reads rows, says what becomes of them and writes them; the loop over the file, progress, report,
//! resumption and undo are the same for all (`jobs.rs`).

use super::engine::{Row, Warning};
use super::reader::Item;
use super::store::ImportRow;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::future::Future;
use uuid::Uuid;
use vision_kernel::{Actor, Permission};
use vision_platform::{Failure, Tx};

/// The kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportTarget)]
pub(crate) enum Kind {
    /// People and companies.
    Contacts,
    /// Vehicles and other things that contacts own.
    Entities,
    /// What somebody has to do.
    Tasks,
}

impl Kind {
    /// Reads the stored name.
    pub(crate) fn from_stored(name: &str) -> Self {
        match name {
            "entities" => Self::Entities,
            "tasks" => Self::Tasks,
            _ => Self::Contacts,
        }
    }

    /// As stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Entities => "entities",
            Self::Tasks => "tasks",
        }
    }

    /// What somebody must be allowed to write, beside importing.
    pub(crate) fn permission(self) -> Permission {
        match self {
            Self::Contacts | Self::Entities => Permission::ContactsWrite,
            Self::Tasks => Permission::TasksWrite,
        }
    }

    /// What is done with known records unless somebody chooses otherwise.
    pub(crate) fn usual_rule(self) -> &'static str {
        if self == Self::Tasks { "skip" } else { "fill" }
    }

    /// Whether a rule for known records makes sense: a task that is known is the same in all that tells it apart.
    pub(crate) fn has_rule(self, rule: &str) -> bool {
        matches!(rule, "skip" | "create") || (rule == "fill" && self != Self::Tasks)
    }
}

/// What to do with a row that is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// Leave the known record as it is.
    Skip,
    /// Fill its empty fields.
    Fill,
    /// Create another record all the same.
    Create,
}

impl Duplicates {
    /// Reads the stored name; fill is the default.
    pub(crate) fn from_stored(name: &str) -> Self {
        match name {
            "skip" => Self::Skip,
            "create" => Self::Create,
            _ => Self::Fill,
        }
    }
}

/// Something of a row that is not in its record, or that deserves a second look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    /// The field's key.
    pub field: String,
    /// The value as the file has it, at most 200 characters.
    pub value: String,
    /// Why: `invalid`, `truncated`, `ignored`, and the target's own.
    pub code: &'static str,
}

impl Notice {
    pub(crate) fn new(field: &str, value: &str, code: &'static str) -> Self {
        Self { field: field.to_owned(), value: value.chars().take(200).collect(), code }
    }
}

impl From<Warning> for Notice {
    fn from(warning: Warning) -> Self {
        Self { field: warning.field.key().to_owned(), value: warning.value, code: warning.code.key() }
    }
}

/// What a row came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    /// Known already; `filled`: and it got something that it did not have.
    Matched {
        filled: bool,
    },
    Rejected(&'static str),
}

impl Outcome {
    /// As stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Matched { .. } => "matched",
            Self::Rejected(_) => "rejected",
        }
    }
}

/// What became of a row, and what an undo needs to know.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub outcome: Outcome,
    pub label: String,
    pub notices: Vec<Notice>,
    /// The contact that the row is, or belongs to.
    pub contact_id: Option<Uuid>,
    /// The record that the row is, where that is no contact.
    pub record_id: Option<Uuid>,
    /// A filled record as it was, and as it became.
    pub change: Option<(Value, Value)>,
}

impl Verdict {
    pub(crate) fn rejected<R>(item: &Item<R>, reason: &'static str) -> Self {
        Self {
            outcome: Outcome::Rejected(reason),
            label: first_cells(&item.cells),
            notices: Vec::new(),
            contact_id: None,
            record_id: None,
            change: None,
        }
    }
}

/// What a refused row is called in lists: its first cells.
fn first_cells(cells: &[String]) -> String {
    let text = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).take(3).collect::<Vec<_>>().join(" · ");
    text.chars().take(120).collect()
}

/// For whom rows are imported.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    id: Uuid,
    /// Owners whose records they see; `None`: all.
    scope: Option<Vec<Uuid>>,
    /// Whether they may read contacts at all.
    reads_contacts: bool,
    /// The deployment declares HDS hosting (GD-17).
    hds: bool,
}

impl Who {
    pub(crate) fn new(actor: &Actor, blind: bool, hds: bool) -> Self {
        Self { id: actor.id, scope: actor.owner_scope.clone(), reads_contacts: !blind, hds }
    }

    /// Who they are.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// People whose records they see; `None`: everybody's.
    pub(crate) fn scope(&self) -> Option<&[Uuid]> {
        self.scope.as_deref()
    }

    /// Whether they may read contacts.
    pub(crate) fn reads_contacts(&self) -> bool {
        self.reads_contacts
    }

    /// Whether people in care may be kept.
    pub(crate) fn hds(&self) -> bool {
        self.hds
    }

    /// Whether they see what `owner` owns.
    pub(crate) fn sees(&self, owner: Option<Uuid>) -> bool {
        self.scope.as_ref().is_none_or(|scope| owner.is_some_and(|owner| scope.contains(&owner)))
    }

    /// Who owns what they create: themselves where they see only some records, lest it vanish from their sight.
    pub(crate) fn owner(&self) -> Option<Uuid> {
        self.scope.is_some().then_some(self.id)
    }
}

/// Whether rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing is written, and what earlier rows of the file would have made is remembered.
    Rehearsal,
    /// In the caller's transaction. Nothing is remembered: after a crash another worker goes on with what the database holds.
    Real,
}

/// Reads a row on a blocking thread, without the database.
pub(crate) type Parser<R> = Box<dyn Fn(&Row) -> Result<R, &'static str> + Send>;

/// One kind of record that files hold.
pub(crate) trait Target: Sized + Send {
    /// A row after reading.
    type Row: Send + 'static;

    /// Prepares for a file.
    fn new(who: &Who, import: &ImportRow) -> Self;

    /// How rows are read.
    fn parser(&self) -> Parser<Self::Row>;

    /// Says what becomes of the next rows, in their order.
    fn batch(&mut self, tx: &mut Tx, items: &[Item<Self::Row>], mode: Mode) -> impl Future<Output = Result<Vec<Verdict>, Failure>> + Send;
}
