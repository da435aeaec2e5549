//! One row as a task, and what was wrong in it.

use super::super::engine::{Candidate, Field, Kind, Row, cell_text, parse_row};
use super::super::people::Seek;
use super::super::target::Notice;
use super::when::{self, Moment, Read};
use super::words::{RowKind, Status, kind_of, priority_of, status_of};
use crate::tasks::model::{TaskKind, TaskPriority};
use jiff::civil::Time;
use uuid::Uuid;
use vision_kernel::{Email, Siren, Siret};

/// Longest texts, as the product has them.
const TITLE: usize = 200;
const TEXT: usize = 5000;

/// Whom a row gives the task to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Assignee {
    /// The file does not say.
    #[default]
    Unsaid,
    /// The file says that it is nobody's.
    Nobody,
    /// A name or an e-mail address.
    Member(String),
}

/// A row after reading. Whom and what it means, the database says.
#[derive(Debug, Default)]
pub(crate) struct TaskItem {
    pub(super) title: String,
    pub(super) kind: Option<TaskKind>,
    pub(super) due: Option<Moment>,
    pub(super) due_time: Option<(Time, String)>,
    pub(super) priority: Option<TaskPriority>,
    pub(super) description: Option<String>,
    pub(super) assignee: Assignee,
    pub(super) status: Option<Status>,
    pub(super) done_at: Option<(Moment, String)>,
    pub(super) outcome: Option<String>,
    pub(super) result: Option<String>,
    /// The contact, and what the row calls it.
    pub(super) contact: Option<(Seek, String)>,
    pub(super) plate: Option<String>,
    pub(super) notices: Vec<Notice>,
}

/// Reads a row by a mapping, which has one entry per header.
pub(super) fn parse(mapping: &[Option<String>], row: &Row) -> Result<TaskItem, &'static str> {
    if row.extra {
        return Err("more_fields_than_headers");
    }
    let mut item = TaskItem::default();
    let mut contact: Vec<(Field, String)> = Vec::new();
    let mut contact_id = None;
    let mut seen: Vec<&str> = Vec::new();
    for (key, cell) in mapping.iter().zip(&row.cells) {
        let Some(key) = key.as_deref() else { continue };
        let Some(text) = cell_text(cell, matches!(key, "description" | "result")) else {
            if key == "assignee" && item.assignee == Assignee::Unsaid {
                item.assignee = Assignee::Nobody;
            }
            continue;
        };
        if seen.contains(&key) {
            item.tell(key, &text, "ignored");
            continue;
        }
        seen.push(key);
        match key {
            "contact_name" => match Uuid::try_parse(&text) {
                Ok(_) => contact_id = Some(text),
                Err(_) => contact.push((contact_field(&text), text)),
            },
            "contact_email" => contact.push((Field::Email, text)),
            "contact_phone" => contact.push((Field::Phone, text)),
            "contact_siren" => contact.push((Field::Siren, text)),
            _ => item.take(key, text)?,
        }
    }
    if item.title.is_empty() {
        return Err("title_missing");
    }
    item.contact = match contact_id {
        Some(id) => Some((Seek::cell(&id), id)),
        None => item.read_contact(contact),
    };
    item.shorten();
    Ok(item)
}

/// A column of contacts may hold any sign that tells them apart.
fn contact_field(text: &str) -> Field {
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == ' ') && text.chars().any(|c| c.is_ascii_digit());
    if Email::parse(text).is_some() {
        Field::Email
    } else if digits && (text.parse::<Siren>().is_ok() || text.parse::<Siret>().is_ok()) {
        Field::Siren
    } else if text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '+' | '(' | ')')) {
        Field::Phone
    } else {
        Field::FullName
    }
}

impl TaskItem {
    fn tell(&mut self, key: &str, value: &str, code: &'static str) {
        self.notices.push(Notice::new(key, value, code));
    }

    fn take(&mut self, key: &str, text: String) -> Result<(), &'static str> {
        match key {
            "title" => self.title = text,
            "description" => self.description = Some(text),
            "assignee" => self.assignee = Assignee::Member(text),
            "outcome" => self.outcome = Some(text),
            "result" => self.result = Some(text),
            "plate" => self.plate = Some(text),
            "task_kind" => match kind_of(&text) {
                Some(RowKind::Task(kind)) => self.kind = Some(kind),
                Some(RowKind::NoTask) => return Err("not_a_task"),
                None => self.tell(key, &text, "invalid"),
            },
            "priority" => match priority_of(&text) {
                Some(priority) => self.priority = Some(priority),
                None => self.tell(key, &text, "invalid"),
            },
            "status" => match status_of(&text) {
                Some(status) => self.status = Some(status),
                None => self.tell(key, &text, "invalid"),
            },
            "due_date" => self.due = self.moment(key, &text),
            "done_at" => self.done_at = self.moment(key, &text).map(|moment| (moment, text)),
            "due_time" => match when::hour(&text) {
                Some(hour) => self.due_time = Some((hour, text)),
                None => self.tell(key, &text, "invalid"),
            },
            _ => {}
        }
        Ok(())
    }

    fn moment(&mut self, key: &str, text: &str) -> Option<Moment> {
        match when::read(text) {
            Read::Nothing => None,
            Read::Invalid => {
                self.tell(key, text, "invalid");
                None
            }
            Read::Moment { moment, odd } => {
                if odd {
                    self.tell(if key == "due_date" { "due_time" } else { key }, text, "invalid");
                }
                Some(moment)
            }
        }
    }

    /// The contact is read as a row of a file of contacts would be.
    fn read_contact(&mut self, mut given: Vec<(Field, String)>) -> Option<(Seek, String)> {
        if given.is_empty() {
            return None;
        }
        let label = given.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" · ");
        if given.iter().any(|(field, _)| *field == Field::Siren) {
            // Who has a SIREN is a company.
            for (field, _) in given.iter_mut().filter(|(field, _)| *field == Field::FullName) {
                *field = Field::CompanyName;
            }
        }
        let key = |field: Field| match field {
            Field::Email => "contact_email",
            Field::Phone => "contact_phone",
            Field::Siren | Field::Siret => "contact_siren",
            _ => "contact_name",
        };
        let fields: Vec<Option<Field>> = given.iter().map(|(field, _)| Some(*field)).collect();
        let row = Row { number: 0, cells: given.iter().map(|(_, text)| text.clone()).collect(), ..Row::default() };
        if let Ok(parsed) = parse_row(&fields, &row) {
            self.notices.extend(parsed.warnings.iter().map(|w| Notice::new(key(w.field), &w.value, w.code.key())));
            return Some((Seek::person(&parsed.candidate), label));
        }
        // A SIREN names nobody, but it finds somebody.
        let siren = given.iter().find(|(field, _)| *field == Field::Siren).map(|(_, text)| text);
        let siren = siren.and_then(|text| text.parse().ok().or_else(|| text.parse::<Siret>().ok().map(|siret| siret.siren())));
        if siren.is_some() {
            return Some((Seek::person(&Candidate { kind: Kind::Company, siren, ..Candidate::default() }), label));
        }
        for (field, text) in &given {
            self.notices.push(Notice::new(key(*field), text, "invalid"));
        }
        None
    }

    /// A title that is too long stands whole at the head of the description; what does not fit there either is told.
    fn shorten(&mut self) {
        if self.title.chars().count() > TITLE {
            let whole = std::mem::take(&mut self.title);
            self.tell("title", &whole, "truncated");
            self.title = whole.chars().take(TITLE).collect();
            self.description = Some(match self.description.take() {
                Some(text) => format!("{whole}\n{text}"),
                None => whole,
            });
        }
        for key in ["description", "result"] {
            let text = if key == "result" { &mut self.result } else { &mut self.description };
            let Some(whole) = text.take_if(|text| text.chars().count() > TEXT) else { continue };
            *text = Some(whole.chars().take(TEXT).collect());
            self.tell(key, &whole, "truncated");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &str, cells: &[&str]) -> Result<TaskItem, &'static str> {
        let mapping: Vec<Option<String>> = keys.split(' ').map(|key| Some(key.to_owned())).collect();
        parse(&mapping, &Row { number: 1, cells: cells.iter().map(|cell| (*cell).to_owned()).collect(), ..Row::default() })
    }

    #[test]
    fn a_row_without_a_title_and_a_heading_are_refused() {
        assert_eq!(read("title", &[" "]).err(), Some("title_missing"));
        assert_eq!(read("task_kind title", &["section", "Semaine"]).err(), Some("not_a_task"));
    }

    #[test]
    fn a_long_title_is_whole_in_the_description() {
        let long = "é".repeat(300);
        let item = read("title description", &[&long, "suite"]).expect("valid");
        assert_eq!((item.title.chars().count(), item.description), (200, Some(format!("{long}\nsuite"))));
        assert_eq!(item.notices.first().map(|notice| notice.code), Some("truncated"));
    }

    #[test]
    fn an_empty_cell_says_nobody_and_no_column_says_nothing() {
        assert_eq!(read("title assignee", &["x", ""]).expect("valid").assignee, Assignee::Nobody);
        assert_eq!(read("title", &["x"]).expect("valid").assignee, Assignee::Unsaid);
        assert_eq!(contact_field("732 829 320"), Field::Siren);
        assert_eq!(contact_field("06 12 34 56 78"), Field::Phone);
        assert_eq!(contact_field("a@b.fr"), Field::Email);
        assert_eq!(contact_field("Dupré"), Field::FullName);
    }
}
