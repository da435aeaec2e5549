//! What a task is: the words it is made of, what people may write, and the rules of a single one.

use super::subjects;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::{Change, FieldError, Patch, Problem, text};

/// A closed list of words, as the API and the database spell them.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$word_doc])* $variant),+ }
        impl $name {
            /// The stored word.
            pub fn word(self) -> &'static str { match self { $(Self::$variant => $word),+ } }
            /// Reads a stored word.
            pub fn from_word(word: &str) -> Option<Self> { match word { $($word => Some(Self::$variant),)+ _ => None } }
        }
    )+};
}
pub(crate) use words;

words! {
    /// What is to be done.
    TaskKind {
        /// Anything.
        Todo = "todo",
        /// A phone call.
        Call = "call",
        /// A meeting.
        Meeting = "meeting",
    }
    /// How much it matters.
    TaskPriority {
        /// It can wait.
        Low = "low",
        /// As usual.
        Normal = "normal",
        /// First.
        High = "high",
    }
    /// The unit of a rhythm.
    RepeatUnit {
        /// Days.
        Day = "day",
        /// Weeks.
        Week = "week",
        /// Months.
        Month = "month",
        /// Years.
        Year = "year",
    }
    /// How a call or a meeting went.
    TaskOutcome {
        /// The person answered the call.
        Reached = "reached",
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// A message was left.
        LeftMessage = "left_message",
        /// The number is not theirs.
        WrongNumber = "wrong_number",
        /// The meeting took place.
        Held = "held",
        /// The person did not come.
        NoShow = "no_show",
        /// It was called off.
        Cancelled = "cancelled",
    }
    /// Open until it is done.
    TaskStatus {
        /// To be done.
        Open = "open",
        /// Done.
        Done = "done",
    }
}

impl TaskKind {
    /// The ways in which this kind may end; a plain to-do has none.
    pub fn outcomes(self) -> &'static [TaskOutcome] {
        match self {
            Self::Todo => &[],
            Self::Call => &[TaskOutcome::Reached, TaskOutcome::NoAnswer, TaskOutcome::LeftMessage, TaskOutcome::WrongNumber],
            Self::Meeting => &[TaskOutcome::Held, TaskOutcome::NoShow, TaskOutcome::Cancelled],
        }
    }
}

/// A rhythm, as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Recurrence {
    unit: RepeatUnit,
    /// Every so many units, 1 to 99.
    #[serde(default = "one")]
    every: i32,
    /// The last day, `YYYY-MM-DD`; without it the task comes back for ever.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<String>,
}

fn one() -> i32 {
    1
}

/// A rhythm with the day that it is counted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repeat {
    pub unit: RepeatUnit,
    pub every: i32,
    pub until: Option<Date>,
    pub from: Date,
}

impl Repeat {
    pub(crate) fn shown(&self) -> Recurrence {
        Recurrence { unit: self.unit, every: self.every, until: self.until.map(|day| day.to_string()) }
    }
}

/// Until when a task is put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Snooze {
    LaterToday,
    Tomorrow,
    NextMonday,
    Moment { day: Date, hour: Option<Time> },
}

/// The record that a task is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskSubjectIn {
    /// `contact`, `entity`
    pub(crate) kind: String,
    pub(crate) id: Uuid,
}

/// A task as people write it. On creation `title` is needed; without `assignee_id` the task is one's own, with null nobody's.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct TaskIn {
    kind: Option<TaskKind>,
    /// Up to 200 characters.
    title: Option<String>,
    /// Up to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// `YYYY-MM-DD`, where the company is.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    due_date: Patch<String>,
    /// `HH:MM` on the company's clock; needs a day.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    due_time: Patch<String>,
    priority: Option<TaskPriority>,
    /// Minutes before the hour, or before 9:00 of a day without one; up to four weeks.
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    reminder_minutes: Patch<i32>,
    #[serde(default)]
    #[schema(value_type = Option<Recurrence>)]
    recurrence: Patch<Recurrence>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub(crate) assignee_id: Patch<Uuid>,
    #[serde(default)]
    #[schema(value_type = Option<TaskSubjectIn>)]
    subject: Patch<TaskSubjectIn>,
}

/// What people write of a task, valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub kind: TaskKind,
    pub title: String,
    pub description: Option<String>,
    pub priority: TaskPriority,
    pub due_date: Option<Date>,
    pub due_time: Option<Time>,
    pub reminder_minutes: Option<i32>,
    pub repeat: Option<Repeat>,
    pub assignee_id: Option<Uuid>,
    pub subject: Option<TaskSubjectIn>,
}

/// A day as `YYYY-MM-DD`, of this century.
pub(crate) fn parse_day(text: &str, pointer: &str) -> Result<Date, FieldError> {
    let wrong = || FieldError::new(pointer, "invalid", "Cette date n’existe pas : elle s’écrit AAAA-MM-JJ.");
    let day: Date = text.trim().parse().map_err(|_| wrong())?;
    if text.trim().len() == 10 && (2000..=2100).contains(&day.year()) { Ok(day) } else { Err(wrong()) }
}

/// An hour as `HH:MM`.
pub(crate) fn parse_hour(text: &str, pointer: &str) -> Result<Time, FieldError> {
    let wrong = || FieldError::new(pointer, "invalid", "Cette heure n’existe pas : elle s’écrit HH:MM.");
    let (hour, minute) = text.trim().split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2).ok_or_else(wrong)?;
    match (hour.parse(), minute.parse()) {
        (Ok(hour), Ok(minute)) => Time::new(hour, minute, 0, 0).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// An hour as the API writes it.
pub(crate) fn shown_hour(hour: Time) -> String {
    format!("{:02}:{:02}", hour.hour(), hour.minute())
}

fn long(pointer: &str, most: usize) -> FieldError {
    FieldError::new(pointer, "too_long", format!("{most} caractères au plus."))
}

impl Draft {
    /// A task with nothing in it yet.
    pub(crate) fn empty(assignee_id: Option<Uuid>) -> Self {
        Self {
            kind: TaskKind::Todo,
            title: String::new(),
            description: None,
            priority: TaskPriority::Normal,
            due_date: None,
            due_time: None,
            reminder_minutes: None,
            repeat: None,
            assignee_id,
            subject: None,
        }
    }

    /// The task after the change, or every field that is wrong.
    pub(crate) fn apply(mut self, input: TaskIn) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let before = (self.due_date, self.repeat.clone());
        self.kind = input.kind.unwrap_or(self.kind);
        self.priority = input.priority.unwrap_or(self.priority);
        if let Some(title) = input.title {
            self.title = text::clean(&title, false).unwrap_or_default();
        }
        if self.title.is_empty() {
            errors.push(FieldError::new("/title", "required", "Dites ce qu’il y a à faire."));
        } else if self.title.chars().count() > 200 {
            errors.push(long("/title", 200));
        }
        self.description = input.description.apply(self.description.take()).and_then(|text| text::clean(&text, true));
        if self.description.as_ref().is_some_and(|text| text.chars().count() > 5000) {
            errors.push(long("/description", 5000));
        }
        match input.due_date.try_map(|text| parse_day(&text, "/due_date")) {
            Ok(patch) => self.due_date = patch.apply(self.due_date),
            Err(error) => errors.push(error),
        }
        match input.due_time.try_map(|text| parse_hour(&text, "/due_time")) {
            Ok(patch) => self.due_time = patch.apply(self.due_time),
            Err(error) => errors.push(error),
        }
        self.reminder_minutes = input.reminder_minutes.apply(self.reminder_minutes);
        let recurrence = input.recurrence.apply(self.repeat.as_ref().map(Repeat::shown));
        if self.due_date.is_none() && errors.iter().all(|error| error.pointer != "/due_date") {
            let needs = |pointer: &str| FieldError::new(pointer, "mismatch", "Choisissez d’abord le jour.");
            errors.extend(self.due_time.is_some().then(|| needs("/due_time")));
            errors.extend(self.reminder_minutes.is_some().then(|| needs("/reminder_minutes")));
            errors.extend(recurrence.is_some().then(|| needs("/recurrence")));
        }
        if self.reminder_minutes.is_some_and(|minutes| !(0..=40_320).contains(&minutes)) {
            errors.push(FieldError::new("/reminder_minutes", "invalid", "De 0 à 40 320 minutes, soit quatre semaines."));
        }
        self.repeat = match recurrence.zip(self.due_date).map(|(rule, day)| valid_rhythm(&rule, day)).transpose() {
            Ok(repeat) => repeat,
            Err(error) => {
                errors.push(error);
                None
            }
        };
        // The rhythm goes on from where it began unless the day or the rhythm itself is changed by hand.
        if let (Some(repeat), (day, Some(earlier))) = (&mut self.repeat, before)
            && day == self.due_date
            && earlier.shown() == repeat.shown()
        {
            repeat.from = earlier.from;
        }
        self.assignee_id = input.assignee_id.apply(self.assignee_id);
        self.subject = input.subject.apply(self.subject.take());
        if self.subject.as_ref().is_some_and(|subject| !subjects::is_known(&subject.kind)) {
            errors.push(FieldError::new("/subject/kind", "invalid", "Cette valeur n’existe pas."));
        }
        if errors.is_empty() { Ok(self) } else { Err(Problem::validation(errors)) }
    }

    /// Title and description in the form in which they are searched.
    pub(crate) fn search(&self) -> String {
        text::fold(&format!("{} {}", self.title, self.description.as_deref().unwrap_or_default()))
    }

    /// What differs, for the timeline and the audit log (GD-09).
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let hour = |draft: &Self| draft.due_time.map(shown_hour);
        let rhythm = |draft: &Self| draft.repeat.as_ref().map(Repeat::shown);
        let subject = |draft: &Self| draft.subject.as_ref().map(|subject| subject.id);
        [
            Change::between("task_kind", &before.kind, &self.kind),
            Change::between("title", &before.title, &self.title),
            Change::between("description", &before.description, &self.description),
            Change::between("priority", &before.priority, &self.priority),
            Change::between("due_date", &before.due_date, &self.due_date),
            Change::between("due_time", &hour(before), &hour(self)),
            Change::between("reminder_minutes", &before.reminder_minutes, &self.reminder_minutes),
            Change::between("recurrence", &rhythm(before), &rhythm(self)),
            Change::between("assignee_id", &before.assignee_id, &self.assignee_id),
            Change::between("subject_id", &subject(before), &subject(self)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn valid_rhythm(rule: &Recurrence, day: Date) -> Result<Repeat, FieldError> {
    if !(1..=99).contains(&rule.every) {
        return Err(FieldError::new("/recurrence/every", "invalid", "De 1 à 99."));
    }
    let until = rule.until.as_deref().map(|text| parse_day(text, "/recurrence/until")).transpose()?;
    if until.is_some_and(|until| until < day) {
        return Err(FieldError::new("/recurrence/until", "mismatch", "La fin vient avant la première échéance."));
    }
    Ok(Repeat { unit: rule.unit, every: rule.every, until, from: day })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_word_is_spelled_alike_in_the_api_and_in_the_database() {
        for outcome in TaskKind::Call.outcomes().iter().chain(TaskKind::Meeting.outcomes()) {
            assert_eq!(json!(outcome), outcome.word());
            assert_eq!(TaskOutcome::from_word(outcome.word()), Some(*outcome));
        }
    }

    fn read(value: impl Into<serde_json::Value>) -> Result<Draft, Vec<String>> {
        let input: TaskIn = serde_json::from_value(value.into()).expect("shape");
        Draft::empty(None).apply(input).map_err(|problem| problem.errors.into_iter().map(|error| error.pointer).collect())
    }

    #[test]
    fn a_wrong_day_an_hour_without_a_day_and_an_empty_title_are_refused_together() {
        assert_eq!(read(json!({ "title": " " })), Err(vec!["/title".into()]));
        assert_eq!(read(json!({ "title": "x", "due_date": "2026-02-31" })), Err(vec!["/due_date".into()]));
        assert_eq!(read(json!({ "title": "x", "due_date": "1026-02-03" })), Err(vec!["/due_date".into()]));
        assert_eq!(read(json!({ "title": "x", "due_time": "24:00" })), Err(vec!["/due_time".into()]));
        assert_eq!(
            read(json!({ "title": "x", "due_time": "08:00", "reminder_minutes": 5, "recurrence": { "unit": "day" } })),
            Err(vec!["/due_time".into(), "/reminder_minutes".into(), "/recurrence".into()])
        );
        let rule = json!({ "unit": "week", "every": 0 });
        assert_eq!(read(json!({ "title": "x", "due_date": "2026-11-24", "recurrence": rule })), Err(vec!["/recurrence/every".into()]));
        let rule = json!({ "unit": "week", "every": 1, "until": "2026-11-01" });
        assert_eq!(read(json!({ "title": "x", "due_date": "2026-11-24", "recurrence": rule })), Err(vec!["/recurrence/until".into()]));
        assert_eq!(read(json!({ "title": "x", "subject": { "kind": "planet", "id": Uuid::nil() } })), Err(vec!["/subject/kind".into()]));
    }

    #[test]
    fn moving_the_day_by_hand_starts_the_rhythm_anew_and_other_changes_do_not() {
        let first = read(json!({ "title": "x", "due_date": "2026-01-31", "recurrence": { "unit": "month" } })).expect("valid");
        let mut later = first.clone();
        later.due_date = Some(jiff::civil::date(2026, 2, 28));
        let kept = later.clone().apply(serde_json::from_value(json!({ "title": "y" })).expect("shape")).expect("valid");
        assert_eq!(kept.repeat.expect("rhythm").from.to_string(), "2026-01-31");
        let moved = later.apply(serde_json::from_value(json!({ "due_date": "2026-03-02" })).expect("shape")).expect("valid");
        assert_eq!(moved.repeat.expect("rhythm").from.to_string(), "2026-03-02");
    }
}
