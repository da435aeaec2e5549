//! Use cases of tasks. Complete, snooze, reassign and delete are one path, whether for one task or for five hundred.

use super::events::{TaskEvent, TasksReassigned};
use super::model::{Draft, Repeat, Snooze, TaskIn, TaskKind, TaskOutcome, parse_hour};
use super::store::{self, NewTask, State, TaskRow};
use super::{subjects, when};
use crate::contacts::store as contacts;
use crate::zone::{self, Zone};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::{ActorKind, Change, FieldError, Problem, ProblemKind, text};
use vision_platform::{Failure, Tx};

/// Most tasks of one action.
pub(crate) const MOST: usize = 500;

/// What to do to tasks.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Complete { outcome: Option<TaskOutcome>, result: Option<String>, duration_minutes: Option<i32> },
    Reopen,
    Snooze(Snooze),
    Reassign(Option<Uuid>),
    Delete,
    Restore,
}

impl Action {
    fn event(&self) -> &'static str {
        match self {
            Self::Complete { .. } => "task.completed",
            Self::Reopen => "task.reopened",
            Self::Snooze(_) => "task.snoozed",
            Self::Reassign(_) => "task.reassigned",
            Self::Delete => "task.deleted",
            Self::Restore => "task.restored",
        }
    }
}

/// The task, or 404: also when it is somebody else's to see, or deleted.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> Result<TaskRow, Failure> {
    store::get(tx, id).await?.filter(|row| row.deleted_at.is_none()).ok_or_else(|| Problem::not_found().into())
}

async fn check_assignee(tx: &mut Tx, assignee: Option<Uuid>, before: Option<Uuid>, pointer: &str) -> Result<(), Failure> {
    match assignee {
        Some(member) if Some(member) != before && !contacts::is_active_member(tx, member).await? => {
            Err(Problem::field(pointer, "unknown", "Cette personne ne fait pas partie de l’équipe.").into())
        }
        _ => Ok(()),
    }
}

/// The instants that follow from what was written.
fn instants(zone: &Zone, draft: &Draft, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let due_at = draft.due_date.map(|day| when::due_at(zone, day, draft.due_time));
    (due_at, when::remind_at(zone, draft.due_date, draft.due_time, draft.reminder_minutes, now))
}

/// Creates a task: one's own unless another member, or nobody, is named.
pub(crate) async fn create(tx: &mut Tx, input: TaskIn) -> Result<TaskRow, Failure> {
    let actor = tx.actor().clone();
    let own = (actor.kind == ActorKind::User).then_some(actor.id);
    let draft = Draft::empty(own).apply(input)?;
    if draft.assignee_id != own {
        check_assignee(tx, draft.assignee_id, None, "/assignee_id").await?;
    }
    let contact = match &draft.subject {
        Some(subject) => subjects::find(tx, subject).await?.1,
        None => None,
    };
    let zone = zone::of_tenant(tx).await?;
    let (id, now) = (tx.new_id(), tx.now());
    let (due_at, remind_at) = instants(&zone, &draft, now);
    let mut event = TaskEvent::new("task.created", id, &draft.title, draft.kind, contact);
    event.assigned_to = draft.assignee_id.filter(|member| *member != actor.id);
    store::insert_many(tx, &zone, &[NewTask { id, draft, due_at, remind_at, series_id: id, occurrence: 1 }]).await?;
    if let Some(contact) = contact {
        contacts::touch_many(tx, &[contact]).await?;
    }
    tx.emit(&event);
    get(tx, id).await
}

fn check_version(row: &TaskRow, expected: Option<i32>) -> Result<(), Failure> {
    match expected {
        Some(version) if version != row.version => Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into()),
        _ => Ok(()),
    }
}

/// A task as it is after the actor's own change, which may have taken it out of their sight.
async fn written(tx: &mut Tx, id: Uuid) -> Result<TaskRow, Failure> {
    store::get_written(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

async fn lock(tx: &mut Tx, id: Uuid) -> Result<TaskRow, Failure> {
    store::lock_many(tx, &[id]).await?.into_iter().next().ok_or_else(|| Problem::not_found().into())
}

/// Changes what people write of a task; `expected` is the version that the client has read.
pub(crate) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, input: TaskIn) -> Result<TaskRow, Failure> {
    let row = lock(tx, id).await?;
    if row.deleted_at.is_some() {
        return Err(Problem::not_found().into());
    }
    check_version(&row, expected)?;
    let before = row.draft();
    let after = before.clone().apply(input)?;
    check_assignee(tx, after.assignee_id, before.assignee_id, "/assignee_id").await?;
    let contact = match &after.subject {
        Some(subject) if after.subject != before.subject => subjects::find(tx, subject).await?.1,
        Some(_) => row.contact_id,
        None => None,
    };
    let mut changes = after.changes_since(&before);
    if changes.is_empty() {
        return Ok(row);
    }
    let (zone, now) = (zone::of_tenant(tx).await?, tx.now());
    let (due_at, remind_at) = instants(&zone, &after, now);
    let timing = |draft: &Draft| (draft.due_date, draft.due_time, draft.reminder_minutes);
    // A reminder that was sent is not sent again because the title changed.
    let remind_at = match row.remind_at.map(jiff_sqlx::Timestamp::to_jiff) {
        None if timing(&before) == timing(&after) => None,
        Some(kept) if timing(&before) == timing(&after) && due_at == row.due_at.map(jiff_sqlx::Timestamp::to_jiff) => Some(kept),
        _ => remind_at,
    };
    store::rewrite(tx, &zone, id, &after, due_at, remind_at).await?;
    let fresh = written(tx, id).await?;
    name_people(&mut changes, &row, &fresh);
    let mut event = TaskEvent::new("task.updated", id, &after.title, after.kind, contact);
    let actor = tx.actor().id;
    event.assigned_to = after.assignee_id.filter(|member| after.assignee_id != before.assignee_id && *member != actor);
    event.changes = changes;
    tx.emit(&event);
    Ok(fresh)
}

/// In the history an assignee is a name and a record is what it is called.
fn name_people(changes: &mut [Change], before: &TaskRow, after: &TaskRow) {
    for change in changes {
        let names = match change.field.as_str() {
            "assignee_id" => ("assignee", &before.assignee_name, &after.assignee_name),
            "subject_id" => ("subject", &before.subject_label, &after.subject_label),
            _ => continue,
        };
        change.field = names.0.to_owned();
        change.before = json!(names.1);
        change.after = json!(names.2);
    }
}

/// Checks how a task ended: an outcome fits the kind, and only calls and meetings last.
pub(crate) fn valid_result(kind: TaskKind, outcome: Option<TaskOutcome>, duration: Option<i32>) -> Result<(), Problem> {
    let mut errors = Vec::new();
    if outcome.is_some_and(|outcome| !kind.outcomes().contains(&outcome)) {
        errors.push(FieldError::new("/outcome", "invalid", "Cette issue ne convient pas à ce genre de tâche."));
    }
    if duration.is_some_and(|minutes| kind == TaskKind::Todo || !(0..=1440).contains(&minutes)) {
        errors.push(FieldError::new("/duration_minutes", "invalid", "De 0 à 1 440 minutes, pour un appel ou un rendez-vous."));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::validation(errors)) }
}

/// The words of a result, within bounds.
pub(crate) fn valid_words(result: Option<&str>) -> Result<Option<String>, Problem> {
    let result = result.and_then(|result| text::clean(result, true));
    match result {
        Some(result) if result.chars().count() > 5000 => Err(Problem::field("/result", "too_long", "5 000 caractères au plus.")),
        result => Ok(result),
    }
}

/// Does one thing to one task.
pub(crate) async fn act(tx: &mut Tx, id: Uuid, expected: Option<i32>, action: &Action) -> Result<TaskRow, Failure> {
    let row = lock(tx, id).await?;
    if row.deleted_at.is_some() && !matches!(action, Action::Restore) {
        return Err(Problem::not_found().into());
    }
    check_version(&row, expected)?;
    if let Action::Complete { outcome, duration_minutes, .. } = action {
        valid_result(row.kind(), *outcome, *duration_minutes)?;
    }
    apply(tx, &[row], action).await?;
    written(tx, id).await
}

/// Does one thing to many tasks; gives how many changed and the key of the undo.
pub(crate) async fn act_on_many(tx: &mut Tx, ids: &[Uuid], action: &Action) -> Result<(usize, Option<Uuid>), Failure> {
    if ids.is_empty() || ids.len() > MOST {
        return Err(Problem::field("/ids", "invalid", "De 1 à 500 tâches.").into());
    }
    if let Action::Reassign(member) = action {
        check_assignee(tx, *member, None, "/action/assignee_id").await?;
    }
    let rows: Vec<TaskRow> = store::lock_many(tx, ids).await?.into_iter().filter(|row| row.deleted_at.is_none()).collect();
    let before = apply(tx, &rows, action).await?;
    if before.is_empty() {
        return Ok((0, None));
    }
    let undo = tx.new_id();
    store::save_undo(tx, undo, &before).await?;
    if let (Action::Reassign(Some(member)), Some(first)) =
        (action, rows.iter().find(|row| row.id == before.first().map_or(row.id, |state| state.id)))
        && *member != tx.actor().id
    {
        tx.emit(&TasksReassigned { id: first.id, label: first.title.clone(), assigned_to: *member, count: before.len() });
    }
    Ok((before.len(), Some(undo)))
}

/// The state after an action; the same when there is nothing to do.
fn after(row: &TaskRow, action: &Action, zone: &Zone, now: Timestamp, by: (Uuid, &str)) -> State {
    let mut state = row.state();
    match action {
        Action::Complete { outcome, result, duration_minutes } => {
            if state.done_at.is_none() {
                state.done_at = Some(now);
                state.done_by = Some(by.0);
                state.done_by_name = Some(by.1.to_owned());
            }
            state.outcome = outcome.map(|outcome| outcome.word().to_owned()).or(state.outcome);
            state.result = result.clone().or(state.result);
            state.duration_minutes = duration_minutes.or(state.duration_minutes);
        }
        Action::Reopen => {
            (state.done_at, state.done_by, state.done_by_name) = (None, None, None);
            (state.outcome, state.result, state.duration_minutes) = (None, None, None);
            if row.done_at.is_some() {
                follow_zone(&mut state, row, zone, now);
                // A reminder from the time when it was done would come late and at once.
                state.remind_at = state.remind_at.filter(|at| *at > now);
            }
        }
        Action::Snooze(to) => {
            if state.done_at.is_none() {
                let (day, hour) = when::snoozed(zone, to, now);
                state.due_date = Some(day.to_string());
                state.due_time = hour.map(super::model::shown_hour);
                state.due_at = Some(when::due_at(zone, day, hour));
                state.remind_at = when::remind_at(zone, Some(day), hour, row.reminder_minutes, now);
            }
        }
        Action::Reassign(member) => state.assignee_id = *member,
        Action::Delete => state.deleted_at = state.deleted_at.or(Some(now)),
        Action::Restore => state.deleted_at = None,
    }
    state
}

/// Works out the instants anew where the company has moved: done tasks do not follow it, and an undo brings back those from before.
fn follow_zone(state: &mut State, row: &TaskRow, zone: &Zone, now: Timestamp) {
    let day = state.due_date.as_deref().and_then(|day| day.parse().ok());
    let hour = state.due_time.as_deref().and_then(|hour| parse_hour(hour, "/due_time").ok());
    let due_at = day.map(|day| when::due_at(zone, day, hour));
    if due_at != state.due_at {
        state.due_at = due_at;
        state.remind_at = state.remind_at.and_then(|_| when::remind_at(zone, day, hour, row.reminder_minutes, now));
    }
}

/// Applies an action to locked tasks. Returns the earlier states of those that changed, with the version they have now.
async fn apply(tx: &mut Tx, rows: &[TaskRow], action: &Action) -> Result<Vec<State>, Failure> {
    let (zone, now, actor) = (zone::of_tenant(tx).await?, tx.now(), tx.actor().clone());
    let mut changed: Vec<(&TaskRow, State)> = rows
        .iter()
        .map(|row| (row, after(row, action, &zone, now, (actor.id, &actor.name))))
        .filter(|(row, state)| *state != row.state())
        .collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    write(tx, &zone, &mut changed, now).await?;
    match action {
        Action::Complete { .. } => make_next(tx, &zone, &changed, now).await?,
        Action::Reopen => drop_next(tx, changed.iter().map(|(row, _)| *row)).await?,
        _ => {}
    }
    let mut contact_ids = Vec::new();
    for (row, state) in &changed {
        let mut event = TaskEvent::new(action.event(), row.id, &row.title, row.kind(), row.contact_id);
        event.changes = state_changes(&row.state(), state);
        if let (Some(outcome), Some(data)) = (&state.outcome, event.data.as_object_mut()) {
            data.insert("outcome".into(), json!(outcome));
        }
        tx.emit(&event);
        contact_ids.extend(row.contact_id);
    }
    if matches!(action, Action::Complete { .. }) && !contact_ids.is_empty() {
        contact_ids.sort_unstable();
        contacts::touch_many(tx, &contact_ids).await?;
    }
    Ok(changed.iter().map(|(row, _)| State { version: row.version + 1, ..row.state() }).collect())
}

async fn write(tx: &mut Tx, zone: &Zone, changed: &mut [(&TaskRow, State)], now: Timestamp) -> Result<(), Failure> {
    for (row, state) in &mut *changed {
        follow_zone(state, row, zone, now);
    }
    let states: Vec<State> = changed.iter().map(|(_, state)| state.clone()).collect();
    store::write_states(tx, zone, &states).await?;
    Ok(())
}

fn state_changes(before: &State, after: &State) -> Vec<Change> {
    [
        Change::between("due_date", &before.due_date, &after.due_date),
        Change::between("due_time", &before.due_time, &after.due_time),
        Change::between("outcome", &before.outcome, &after.outcome),
        Change::between("result", &before.result, &after.result),
        Change::between("duration_minutes", &before.duration_minutes, &after.duration_minutes),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The next task of each series whose task has just become done. Its place in the series is unique: it is made once.
async fn make_next(tx: &mut Tx, zone: &Zone, changed: &[(&TaskRow, State)], now: Timestamp) -> Result<(), Failure> {
    let today = zone.wall(now).date();
    let mut next = Vec::new();
    for (row, _) in changed.iter().filter(|(row, state)| row.done_at.is_none() && state.done_at.is_some()) {
        let mut draft = row.draft();
        let (Some(repeat), Some(done)) = (draft.repeat.clone(), draft.due_date) else { continue };
        let Some(day) = when::next_day(&repeat, done, today) else { continue };
        draft.due_date = Some(day);
        draft.repeat = Some(Repeat { from: repeat.from, ..repeat });
        let (due_at, remind_at) = instants(zone, &draft, now);
        next.push(NewTask { id: tx.new_id(), draft, due_at, remind_at, series_id: row.series_id, occurrence: row.occurrence + 1 });
    }
    if next.is_empty() {
        return Ok(());
    }
    let made = store::insert_many(tx, zone, &next).await?;
    for task in next.iter().filter(|task| made.contains(&task.id)) {
        // In the audit log, not in the contact's history: nobody did anything there.
        tx.emit(&TaskEvent::new("task.created", task.id, &task.draft.title, task.draft.kind, None));
    }
    Ok(())
}

async fn drop_next<'a>(tx: &mut Tx, rows: impl Iterator<Item = &'a TaskRow>) -> Result<(), Failure> {
    let (series, occurrences): (Vec<Uuid>, Vec<i32>) =
        rows.filter(|row| row.done_at.is_some() && row.repeat().is_some()).map(|row| (row.series_id, row.occurrence)).unzip();
    if !series.is_empty() {
        store::drop_untouched_next(tx, &series, &occurrences).await?;
    }
    Ok(())
}

/// Takes an action back where nobody has changed the task since; gives how many went back.
pub(crate) async fn undo(tx: &mut Tx, id: Uuid) -> Result<usize, Failure> {
    let before = store::take_undo(tx, id).await?.ok_or_else(Problem::not_found)?;
    let before: Vec<State> = serde_json::from_value(before)?;
    let ids: Vec<Uuid> = before.iter().map(|state| state.id).collect();
    let rows = store::lock_to_undo(tx, &ids).await?;
    let mut back: Vec<(&TaskRow, State)> = rows
        .iter()
        .filter_map(|row| Some((row, before.iter().find(|state| state.id == row.id && state.version == row.version)?.clone())))
        .collect();
    let (zone, now) = (zone::of_tenant(tx).await?, tx.now());
    write(tx, &zone, &mut back, now).await?;
    drop_next(tx, back.iter().filter(|(_, state)| state.done_at.is_none()).map(|(row, _)| *row)).await?;
    // Reopening took the next one of a series away: done again, it comes back.
    make_next(tx, &zone, &back, now).await?;
    for (row, state) in &back {
        let mut event = TaskEvent::new("task.undone", row.id, &row.title, row.kind(), row.contact_id);
        event.changes = state_changes(&row.state(), state);
        tx.emit(&event);
    }
    Ok(back.len())
}
