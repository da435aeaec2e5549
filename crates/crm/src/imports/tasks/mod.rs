//! Tasks as the target of an import, with whom they are given to and whom they are about.

pub(crate) mod fields;
mod row;
mod store;
pub(crate) mod undo;
mod when;
mod words;

use super::people::{Found, People, Seek, orders};
use super::reader::Item;
use super::store::ImportRow;
use super::target::{Duplicates, Mode, Notice, Outcome, Parser, Target, Verdict, Who};
use crate::tasks::model::{Draft, TaskKind, TaskOutcome, TaskPriority, TaskSubjectIn, shown_hour};
use crate::tasks::store::{self as tasks, NewTask};
use crate::tasks::when::due_at;
use crate::zone::{self, Zone};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use row::{Assignee, TaskItem};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use store::Done;
use uuid::Uuid;
use vision_kernel::{text, vehicle};
use vision_platform::outbox::{TimelineLine, timeline_each};
use vision_platform::{Failure, Tx, crypto};
use words::{Status, outcome_of};

/// What two rows that are one task have in common: title, moment and record, as a hash, since a company may have very many.
type Sign = [u8; 16];

fn sign(title: &str, day: Option<Date>, hour: Option<Time>, subject: Option<Uuid>) -> Sign {
    let words = [
        text::fold(title),
        day.map(|day| day.to_string()).unwrap_or_default(),
        hour.map(shown_hour).unwrap_or_default(),
        subject.map(|id| id.to_string()).unwrap_or_default(),
    ];
    let mut sign = Sign::default();
    sign.iter_mut().zip(crypto::sha256(words.join("\u{1f}").as_bytes())).for_each(|(place, byte)| *place = byte);
    sign
}

/// An import of tasks.
pub(crate) struct Tasks {
    import: Uuid,
    who: Who,
    duplicates: Duplicates,
    mapping: Vec<Option<String>>,
    /// The tasks known so far, read once: an import may have hundreds of batches, and nobody else imports meanwhile. After a crash
    /// another worker reads what the committed batches have made.
    known: Option<HashMap<Sign, Option<Uuid>>>,
    people: People,
}

/// What a batch needs beside the rows.
struct Batch {
    mode: Mode,
    zone: Zone,
    now: Timestamp,
    members: Members,
    /// The things with these plates that the importer sees, with their owners.
    plates: HashMap<String, (Uuid, Option<Uuid>)>,
    new: Vec<NewTask>,
    done: Vec<Done>,
    lines: Vec<TimelineLine>,
}

/// Who can be given something to do.
struct Members {
    by_email: HashMap<String, Uuid>,
    /// Under every order of the words of their name.
    by_name: HashMap<String, Vec<Uuid>>,
    /// The importer, where that is a member and no program.
    own: Option<Uuid>,
}

impl Members {
    async fn load(tx: &mut Tx, who: &Who) -> Result<Self, Failure> {
        let mut members = Self { by_email: HashMap::new(), by_name: HashMap::new(), own: None };
        for (id, name, email) in store::members(tx).await? {
            if id == who.id() {
                members.own = Some(id);
            }
            members.by_email.insert(email, id);
            for order in orders(&name) {
                members.by_name.entry(order).or_default().push(id);
            }
        }
        Ok(members)
    }

    /// The member of a cell. Todoist writes a number after the name.
    fn find(&self, cell: &str) -> Result<Uuid, &'static str> {
        let name = cell.split_once(" (").map_or(cell, |(name, _)| name).trim();
        if let Some(id) = self.by_email.get(&name.to_lowercase()) {
            return Ok(*id);
        }
        match self.by_name.get(&text::fold(name)).map(Vec::as_slice) {
            Some([id]) => Ok(*id),
            Some(_) => Err("member_ambiguous"),
            None => Err("member_unknown"),
        }
    }
}

impl Target for Tasks {
    type Row = TaskItem;

    fn new(who: &Who, import: &ImportRow) -> Self {
        Self {
            import: import.id,
            who: who.clone(),
            duplicates: Duplicates::from_stored(&import.duplicates),
            mapping: import.mapping.0.clone(),
            known: None,
            people: People::default(),
        }
    }

    fn parser(&self) -> Parser<TaskItem> {
        let mapping = self.mapping.clone();
        Box::new(move |row| row::parse(&mapping, row))
    }

    async fn batch(&mut self, tx: &mut Tx, items: &[Item<TaskItem>], mode: Mode) -> Result<Vec<Verdict>, Failure> {
        if mode == Mode::Real {
            self.people = People::default();
        }
        let rows = || items.iter().filter_map(|item| item.parsed.as_ref().ok());
        let seeks: Vec<Seek> = rows().filter_map(|row| row.contact.as_ref()).map(|(seek, _)| seek.clone()).collect();
        self.people.load(tx, &seeks, &self.who).await?;
        let codes: BTreeSet<String> =
            rows().filter_map(|row| row.plate.as_deref()).map(plate_code).filter(|code| !code.is_empty()).collect();
        let mut batch = Batch {
            mode,
            zone: zone::of_tenant(tx).await?,
            now: tx.now(),
            members: Members::load(tx, &self.who).await?,
            plates: self.plates(tx, codes.into_iter().collect()).await?,
            new: Vec::new(),
            done: Vec::new(),
            lines: Vec::new(),
        };
        if self.known.is_none() {
            let mut known = HashMap::new();
            if self.duplicates != Duplicates::Create {
                store::each_known(tx, self.who.scope(), |row| {
                    let (day, hour) = (row.due_date.map(jiff_sqlx::Date::to_jiff), row.due_time.map(jiff_sqlx::Time::to_jiff));
                    known.insert(sign(&row.title, day, hour, row.subject_id), Some(row.id));
                })
                .await?;
            }
            self.known = Some(known);
        }
        let mut verdicts = Vec::with_capacity(items.len());
        for item in items {
            verdicts.push(match &item.parsed {
                Ok(row) => self.place(tx, row, &mut batch),
                Err(reason) => Verdict::rejected(item, reason),
            });
        }
        if !batch.new.is_empty() {
            tasks::insert_many(tx, &batch.zone, &batch.new).await?;
            store::complete(tx, &batch.done).await?;
            timeline_each(tx, &batch.lines).await?;
        }
        Ok(verdicts)
    }
}

fn plate_code(plate: &str) -> String {
    vehicle::compact(plate).to_lowercase()
}

impl Tasks {
    /// The things with these plates, and whom they belong to.
    async fn plates(&self, tx: &mut Tx, codes: Vec<String>) -> Result<HashMap<String, (Uuid, Option<Uuid>)>, Failure> {
        if codes.is_empty() {
            return Ok(HashMap::new());
        }
        let mut things = HashMap::new();
        for row in super::entities::store::by_codes(tx, &codes, &[], false).await?.into_iter().filter(|row| !row.archived) {
            // What belongs to somebody out of sight is as if it were not there.
            if self.who.reads_contacts() && self.who.sees(row.responsible) {
                things.entry(row.row.0.plate_code()).or_insert((row.id, row.contact_id));
            }
        }
        Ok(things)
    }

    /// Whom the row names.
    fn contact(&self, row: &TaskItem, notices: &mut Vec<Notice>) -> Option<Uuid> {
        let (seek, label) = row.contact.as_ref()?;
        let mut tell = |code| notices.push(Notice::new("contact_name", label, code));
        let found = if self.who.reads_contacts() { self.people.find(seek) } else { Found::Hidden };
        match found {
            Found::One(place) => return self.people.slot(place).and_then(|slot| slot.id),
            Found::Several => tell("ambiguous"),
            Found::Hidden => tell("contact_hidden"),
            Found::Nobody => tell("contact_unknown"),
        }
        None
    }

    /// What the task is about, and in whose timeline it stands: the thing with the plate, unless the row names somebody else than its owner.
    fn about(&self, row: &TaskItem, batch: &Batch, notices: &mut Vec<Notice>) -> (Option<TaskSubjectIn>, Option<Uuid>) {
        let contact = self.contact(row, notices);
        let about = |kind: &str, id| Some(TaskSubjectIn { kind: kind.to_owned(), id });
        let Some(plate) = row.plate.as_deref() else { return (contact.and_then(|id| about("contact", id)), contact) };
        match (batch.plates.get(&plate_code(plate)), contact) {
            (Some((thing, owner)), None) => return (about("entity", *thing), *owner),
            (Some((thing, owner)), Some(contact)) if *owner == Some(contact) => return (about("entity", *thing), *owner),
            (Some(_), Some(_)) => notices.push(Notice::new("plate", plate, "plate_not_theirs")),
            (None, _) => notices.push(Notice::new("plate", plate, "plate_unknown")),
        }
        (contact.and_then(|id| about("contact", id)), contact)
    }

    fn assignee(row: &TaskItem, batch: &Batch, notices: &mut Vec<Notice>) -> Option<Uuid> {
        match &row.assignee {
            Assignee::Unsaid => batch.members.own,
            Assignee::Nobody => None,
            Assignee::Member(cell) => batch.members.find(cell).map_or_else(
                |code| {
                    notices.push(Notice::new("assignee", cell, code));
                    batch.members.own
                },
                Some,
            ),
        }
    }

    /// Finds the task that a row is, or makes it; in memory.
    fn place(&mut self, tx: &Tx, row: &TaskItem, batch: &mut Batch) -> Verdict {
        let mut notices = row.notices.clone();
        let (subject, contact) = self.about(row, batch, &mut notices);
        let (due_date, due_time) = due(row, &batch.zone, &mut notices);
        let key = sign(&row.title, due_date, due_time, subject.as_ref().map(|subject| subject.id));
        let label = row.title.clone();
        let twin = self.known.as_ref().and_then(|known| known.get(&key)).filter(|_| self.duplicates != Duplicates::Create);
        if let Some(twin) = twin {
            let outcome = Outcome::Matched { filled: false };
            return Verdict { outcome, label, notices, contact_id: contact, record_id: *twin, change: None };
        }
        let kind = row.kind.unwrap_or(TaskKind::Todo);
        let draft = Draft {
            kind,
            title: row.title.clone(),
            description: described(row, subject.as_ref(), &mut notices),
            priority: row.priority.unwrap_or(TaskPriority::Normal),
            due_date,
            due_time,
            reminder_minutes: None,
            repeat: None,
            assignee_id: Self::assignee(row, batch, &mut notices),
            subject,
        };
        let ended = ended(row, kind, batch, &mut notices);
        let id = (batch.mode == Mode::Real).then(|| tx.new_id());
        if let Some(known) = &mut self.known {
            known.insert(key, id);
        }
        if let Some(id) = id {
            if let Some((at, outcome, result)) = ended {
                batch.done.push(Done { id, at, outcome, result });
            }
            if let Some(contact) = contact {
                let data = json!({ "task_id": id, "task_kind": kind, "excerpt": draft.title, "import_id": self.import });
                batch.lines.push(TimelineLine { kind: "task.created", contact, changes: json!([]), data });
            }
            let due_at = draft.due_date.map(|day| due_at(&batch.zone, day, draft.due_time));
            batch.new.push(NewTask { id, draft, due_at, remind_at: None, series_id: id, occurrence: 1 });
        }
        Verdict { outcome: Outcome::Created, label, notices, contact_id: contact, record_id: id, change: None }
    }
}

/// Until when, on the company's clock; the column of hours says more than the hour beside the day.
fn due(row: &TaskItem, zone: &Zone, notices: &mut Vec<Notice>) -> (Option<Date>, Option<Time>) {
    let due = row.due.map(|moment| moment.wall(zone));
    match (due, &row.due_time) {
        (None, Some((_, cell))) => {
            notices.push(Notice::new("due_time", cell, "no_day"));
            (None, None)
        }
        (None, None) => (None, None),
        (Some((day, hour)), apart) => (Some(day), apart.as_ref().map(|(hour, _)| *hour).or(hour)),
    }
}

/// The plate of a thing that the task is not about stands in its description, lest it be lost.
fn described(row: &TaskItem, subject: Option<&TaskSubjectIn>, notices: &mut Vec<Notice>) -> Option<String> {
    let plate = row.plate.as_ref().filter(|_| subject.is_none_or(|subject| subject.kind != "entity"));
    let Some(plate) = plate else { return row.description.clone() };
    let Some(text) = &row.description else { return Some(plate.clone()) };
    let code = plate_code(plate);
    if !code.is_empty() && plate_code(text).contains(&code) {
        return Some(text.clone());
    }
    let longer = format!("{text}\n{plate}");
    if longer.chars().count() > 5000 {
        notices.push(Notice::new("plate", plate, "ignored"));
        return Some(text.clone());
    }
    Some(longer)
}

/// When and how the task ended, if it did. What the file says of its end without a word for it stands in the result.
fn ended(
    row: &TaskItem,
    kind: TaskKind,
    batch: &Batch,
    notices: &mut Vec<Notice>,
) -> Option<(Timestamp, Option<&'static str>, Option<String>)> {
    let says = row.done_at.is_some() || row.outcome.is_some() || row.result.is_some();
    let status = row.status.unwrap_or(if says { Status::Done } else { Status::Open });
    if status == Status::Open {
        let cells =
            [("done_at", row.done_at.as_ref().map(|(_, cell)| cell)), ("outcome", row.outcome.as_ref()), ("result", row.result.as_ref())];
        notices.extend(cells.into_iter().filter_map(|(key, cell)| Some(Notice::new(key, cell?, "not_done"))));
        return None;
    }
    let at = row.done_at.as_ref().map(|(moment, cell)| {
        let (day, hour) = moment.wall(&batch.zone);
        (hour.map_or_else(|| batch.zone.at(day, Time::midnight()), |hour| batch.zone.at(day, hour)), cell)
    });
    let at = match at {
        Some((at, _)) if at <= batch.now => at,
        Some((_, cell)) => {
            notices.push(Notice::new("done_at", cell, "future"));
            batch.now
        }
        None => batch.now,
    };
    let called_off = (status == Status::CalledOff).then_some("Annulé");
    let word = row.outcome.as_deref().or(called_off);
    let outcome = word.and_then(|word| outcome_of(word, kind));
    let unread = word.filter(|_| outcome.is_none()).map(str::to_owned);
    let words: Vec<String> = unread.into_iter().chain(row.result.clone()).collect();
    let result = (!words.is_empty()).then(|| words.join("\n"));
    Some((at, outcome.map(TaskOutcome::word), result))
}
