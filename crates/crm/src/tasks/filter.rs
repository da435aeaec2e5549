//! Which tasks a list or a count is about, and in what order.

use super::model::{TaskKind, TaskPriority, parse_day};
use super::store::TaskRow;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::{Actor, Cursor, FieldError, Problem, text};

/// The part of the tasks to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskView {
    /// Not done.
    #[default]
    Open,
    /// Not done, and late.
    Overdue,
    /// Not done, due today, not late yet.
    Today,
    /// Not done, late or due today.
    Due,
    /// Not done, due after today or without a day.
    Upcoming,
    /// Done.
    Done,
    /// Done or not.
    All,
}

/// Orders of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub enum TaskSort {
    /// Soonest first; those without a day last.
    #[default]
    #[serde(rename = "due")]
    Due,
    /// Latest first.
    #[serde(rename = "-due")]
    DueDescending,
    /// Oldest first.
    #[serde(rename = "created")]
    Created,
    /// Newest first.
    #[serde(rename = "-created")]
    CreatedDescending,
    /// Most important first, then soonest.
    #[serde(rename = "priority")]
    Priority,
    /// Last done first.
    #[serde(rename = "-done")]
    DoneDescending,
}

/// Filters of the task list; all of them must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(default)]
pub struct TaskFilter {
    /// `open` (default), `overdue`, `today`, `due` (late or today), `upcoming` (later or without a day), `done`, `all`.
    #[param(inline)]
    pub view: Option<TaskView>,
    /// `me`, `anyone` (default), `none`, or the id of a member.
    pub assignee: Option<String>,
    /// `todo`, `call` or `meeting`.
    #[param(inline)]
    pub kind: Option<TaskKind>,
    /// `low`, `normal` or `high`.
    #[param(inline)]
    pub priority: Option<TaskPriority>,
    /// Id of a contact: tasks about the contact, and about what the contact owns.
    pub contact: Option<Uuid>,
    /// Kind of the record that the tasks are about; with `subject_id`.
    pub subject_kind: Option<String>,
    /// Id of the record that the tasks are about.
    pub subject_id: Option<Uuid>,
    /// Words of the title or the description; case and accents do not matter.
    pub q: Option<String>,
    /// Due on this day or later.
    pub due_from: Option<String>,
    /// Due on this day or earlier.
    pub due_to: Option<String>,
}

/// The filter, read.
pub(crate) struct Conditions {
    pub view: TaskView,
    pub assignee: Option<Uuid>,
    pub unassigned: bool,
    pub kind: Option<&'static str>,
    pub priority: Option<&'static str>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub contact: Option<Uuid>,
    pub words: Option<Vec<String>>,
    pub due_from: Option<Date>,
    pub due_to: Option<Date>,
}

impl TaskFilter {
    /// Reads the filter.
    pub(crate) fn conditions(&self, actor: &Actor) -> Result<Conditions, Problem> {
        let mut unassigned = false;
        let assignee = match self.assignee.as_deref().unwrap_or_default() {
            "" | "anyone" => None,
            "me" => Some(actor.id),
            "none" => {
                unassigned = true;
                None
            }
            id => Some(
                Uuid::try_parse(id).map_err(|_| Problem::field("?assignee", "invalid", "Un identifiant de membre, me, anyone ou none."))?,
            ),
        };
        let day = |value: &Option<String>, name: &str| -> Result<Option<Date>, FieldError> {
            value.as_deref().filter(|text| !text.is_empty()).map(|text| parse_day(text, &format!("?{name}"))).transpose()
        };
        let words: Vec<String> = text::fold(self.q.as_deref().unwrap_or_default())
            .split(' ')
            .filter(|word| !word.is_empty())
            .take(6)
            .map(|word| format!("%{}%", text::escape_like(word)))
            .collect();
        let one = |error: FieldError| Problem::validation(vec![error]);
        Ok(Conditions {
            view: self.view.unwrap_or_default(),
            assignee,
            unassigned,
            kind: self.kind.map(TaskKind::word),
            priority: self.priority.map(TaskPriority::word),
            subject_kind: self.subject_kind.clone(),
            subject_id: self.subject_id,
            contact: self.contact,
            words: (!words.is_empty()).then_some(words),
            due_from: day(&self.due_from, "due_from").map_err(one)?,
            due_to: day(&self.due_to, "due_to").map_err(one)?,
        })
    }
}

impl TaskView {
    /// The view as SQL over `t`; `$now` is `$4`, the day there `$5`.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Open => "t.done_at IS NULL",
            Self::Overdue => "t.done_at IS NULL AND coalesce(t.due_at, 'infinity'::timestamptz) <= $4",
            Self::Today => "t.done_at IS NULL AND coalesce(t.due_at, 'infinity'::timestamptz) > $4 AND t.due_date <= $5",
            Self::Due => "t.done_at IS NULL AND t.due_date <= $5",
            Self::Upcoming => "t.done_at IS NULL AND (t.due_date > $5 OR t.due_date IS NULL)",
            Self::Done => "t.done_at IS NOT NULL",
            Self::All => "true",
        }
    }
}

/// Instants as cursors carry them.
fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "infinity".to_owned(), |at| at.to_string())
}

fn is_instant(text: &str) -> bool {
    text == "infinity" || text.parse::<Timestamp>().is_ok()
}

impl TaskSort {
    /// The order as SQL.
    pub(crate) fn order(self) -> &'static str {
        match self {
            Self::Due => "coalesce(t.due_at, 'infinity'::timestamptz), t.id",
            Self::DueDescending => "coalesce(t.due_at, 'infinity'::timestamptz) DESC, t.id DESC",
            Self::Created => "t.id",
            Self::CreatedDescending => "t.id DESC",
            Self::Priority => {
                "array_position(ARRAY['high', 'normal', 'low'], t.priority), coalesce(t.due_at, 'infinity'::timestamptz), t.id"
            }
            Self::DoneDescending => "t.done_at DESC, t.id DESC",
        }
    }

    /// What comes after a cursor, as SQL: its key is `$6`, its id `$7`.
    pub(crate) fn after(self) -> &'static str {
        match self {
            Self::Due => "(coalesce(t.due_at, 'infinity'::timestamptz), t.id) > ($6::timestamptz, $7)",
            Self::DueDescending => "(coalesce(t.due_at, 'infinity'::timestamptz), t.id) < ($6::timestamptz, $7)",
            Self::Created => "t.id > $7 AND $6::text IS NOT NULL",
            Self::CreatedDescending => "t.id < $7 AND $6::text IS NOT NULL",
            Self::Priority => {
                "(array_position(ARRAY['high', 'normal', 'low'], t.priority), coalesce(t.due_at, 'infinity'::timestamptz), t.id)
                   > (split_part($6, '|', 1)::integer, split_part($6, '|', 2)::timestamptz, $7)"
            }
            Self::DoneDescending => "(t.done_at, t.id) < ($6::timestamptz, $7)",
        }
    }

    /// The cursor of a row.
    pub(crate) fn cursor(self, row: &TaskRow) -> Cursor {
        let due = instant(row.due_at.map(jiff_sqlx::Timestamp::to_jiff));
        let key = match self {
            Self::Due | Self::DueDescending => due,
            Self::Created | Self::CreatedDescending => String::new(),
            Self::Priority => format!(
                "{}|{due}",
                match row.priority.as_str() {
                    "high" => 1,
                    "normal" => 2,
                    _ => 3,
                }
            ),
            Self::DoneDescending => instant(row.done_at.map(jiff_sqlx::Timestamp::to_jiff)),
        };
        Cursor { key, id: row.id }
    }

    /// A cursor of this order; one of another is refused.
    pub(crate) fn checked(self, cursor: Option<Cursor>) -> Result<Option<Cursor>, Problem> {
        let fits = |key: &str| match self {
            Self::Due | Self::DueDescending | Self::DoneDescending => is_instant(key),
            Self::Created | Self::CreatedDescending => key.is_empty(),
            Self::Priority => key.split_once('|').is_some_and(|(rank, due)| matches!(rank, "1" | "2" | "3") && is_instant(due)),
        };
        match cursor {
            Some(cursor) if !fits(&cursor.key) => Err(Problem::field("?cursor", "invalid", "Ce repère de page n’est pas valable.")),
            cursor => Ok(cursor),
        }
    }
}
