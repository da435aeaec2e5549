//! Every SQL statement about tasks.

use super::filter::{Conditions, TaskSort, TaskView};
use super::model::{Draft, Repeat, RepeatUnit, TaskKind, TaskOutcome, TaskPriority, TaskSubjectIn, shown_hour};
use super::subjects;
use crate::zone::Zone;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_platform::Tx;

/// Above this, counts are "more than".
pub(crate) const CAP: i64 = 10_000;

/// A task with the names around it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct TaskRow {
    pub id: Uuid,
    pub kind: String,
    pub title: String,
    pub description: Option<String>,
    pub priority: String,
    pub due_date: Option<jiff_sqlx::Date>,
    pub due_time: Option<jiff_sqlx::Time>,
    pub due_at: Option<jiff_sqlx::Timestamp>,
    pub reminder_minutes: Option<i32>,
    pub remind_at: Option<jiff_sqlx::Timestamp>,
    pub repeat_unit: Option<String>,
    pub repeat_every: Option<i32>,
    pub repeat_until: Option<jiff_sqlx::Date>,
    pub repeat_from: Option<jiff_sqlx::Date>,
    pub series_id: Uuid,
    pub occurrence: i32,
    pub assignee_id: Option<Uuid>,
    pub assignee_name: Option<String>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub contact_id: Option<Uuid>,
    pub subject_label: Option<String>,
    pub done_at: Option<jiff_sqlx::Timestamp>,
    pub done_by: Option<Uuid>,
    pub done_by_name: Option<String>,
    pub outcome: Option<String>,
    pub result: Option<String>,
    pub duration_minutes: Option<i32>,
    pub deleted_at: Option<jiff_sqlx::Timestamp>,
    pub created_by: Uuid,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i32,
}

impl TaskRow {
    pub(crate) fn kind(&self) -> TaskKind {
        TaskKind::from_word(&self.kind).unwrap_or(TaskKind::Todo)
    }

    /// The rhythm, if the task has one.
    pub(crate) fn repeat(&self) -> Option<Repeat> {
        Some(Repeat {
            unit: RepeatUnit::from_word(self.repeat_unit.as_deref()?)?,
            every: self.repeat_every?,
            until: self.repeat_until.map(jiff_sqlx::Date::to_jiff),
            from: self.repeat_from?.to_jiff(),
        })
    }

    /// The part that people write.
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            kind: self.kind(),
            title: self.title.clone(),
            description: self.description.clone(),
            priority: TaskPriority::from_word(&self.priority).unwrap_or(TaskPriority::Normal),
            due_date: self.due_date.map(jiff_sqlx::Date::to_jiff),
            due_time: self.due_time.map(jiff_sqlx::Time::to_jiff),
            reminder_minutes: self.reminder_minutes,
            repeat: self.repeat(),
            assignee_id: self.assignee_id,
            subject: self.subject_kind.clone().zip(self.subject_id).map(|(kind, id)| TaskSubjectIn { kind, id }),
        }
    }

    /// The part that actions change.
    pub(crate) fn state(&self) -> State {
        State {
            id: self.id,
            version: self.version,
            due_date: self.due_date.map(|day| day.to_jiff().to_string()),
            due_time: self.due_time.map(|hour| shown_hour(hour.to_jiff())),
            due_at: self.due_at.map(jiff_sqlx::Timestamp::to_jiff),
            remind_at: self.remind_at.map(jiff_sqlx::Timestamp::to_jiff),
            assignee_id: self.assignee_id,
            done_at: self.done_at.map(jiff_sqlx::Timestamp::to_jiff),
            done_by: self.done_by,
            done_by_name: self.done_by_name.clone(),
            outcome: self.outcome.clone(),
            result: self.result.clone(),
            duration_minutes: self.duration_minutes,
            deleted_at: self.deleted_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }

    pub(crate) fn outcome(&self) -> Option<TaskOutcome> {
        self.outcome.as_deref().and_then(TaskOutcome::from_word)
    }
}

/// What complete, snooze, reassign and delete change, and what an undo puts back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub id: Uuid,
    /// In an undo: the version that the action made, which the task must still have.
    pub version: i32,
    pub due_date: Option<String>,
    pub due_time: Option<String>,
    pub due_at: Option<Timestamp>,
    pub remind_at: Option<Timestamp>,
    pub assignee_id: Option<Uuid>,
    pub done_at: Option<Timestamp>,
    pub done_by: Option<Uuid>,
    pub done_by_name: Option<String>,
    pub outcome: Option<String>,
    pub result: Option<String>,
    pub duration_minutes: Option<i32>,
    pub deleted_at: Option<Timestamp>,
}

/// A task to insert.
pub(crate) struct NewTask {
    pub id: Uuid,
    pub draft: Draft,
    pub due_at: Option<Timestamp>,
    pub remind_at: Option<Timestamp>,
    pub series_id: Uuid,
    pub occurrence: i32,
}

/// Tasks that the actor may see: theirs by assignment or creation. `$1` tenant, `$2` owners of visible records, `$3` visible people.
fn select(condition: &str, tail: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!(
        "SELECT t.id, t.kind, t.title, t.description, t.priority, t.due_date, t.due_time, t.due_at, t.reminder_minutes, t.remind_at, t.repeat_unit,
                t.repeat_every, t.repeat_until, t.repeat_from, t.series_id, t.occurrence, t.assignee_id, m.full_name AS assignee_name, t.subject_kind,
                t.subject_id, coalesce(t.contact_id, te.contact_id) AS contact_id, s.label AS subject_label, t.done_at, t.done_by, t.done_by_name, t.outcome, t.result, t.duration_minutes,
                t.deleted_at, t.created_by, t.created_by_name, t.created_at, t.updated_at, t.version
         FROM tasks t
         LEFT JOIN memberships m ON m.tenant_id = t.tenant_id AND m.user_id = t.assignee_id
         LEFT JOIN entities te ON te.tenant_id = t.tenant_id AND te.id = t.entity_id
         LEFT JOIN LATERAL ({}) s ON true
         WHERE t.tenant_id = $1 AND {VISIBLE} AND {condition} {tail}",
        subjects::lateral()
    ))
}

const VISIBLE: &str = "($3::uuid[] IS NULL OR t.assignee_id = ANY ($3) OR t.created_by = ANY ($3))";

/// The filter over `t`, from `$8` on; `$4` and `$5` are the instant and the day of the view.
const FILTER: &str = "t.deleted_at IS NULL AND ($8::uuid IS NULL OR t.assignee_id = $8) AND (NOT $9 OR t.assignee_id IS NULL)
    AND ($10::text IS NULL OR t.kind = $10) AND ($11::text IS NULL OR t.priority = $11) AND ($12::text IS NULL OR t.subject_kind = $12)
    AND ($13::uuid IS NULL OR t.subject_id = $13) AND ($14::text[] IS NULL OR t.search LIKE ALL ($14)) AND ($15::date IS NULL OR t.due_date >= $15)
    AND ($16::date IS NULL OR t.due_date <= $16)
    AND ($18::uuid IS NULL OR t.contact_id = $18 OR t.entity_id = ANY (ARRAY(SELECT o.id FROM entities o WHERE o.tenant_id = $1 AND o.contact_id = $18)))";

/// One page of tasks.
pub(crate) async fn page(
    tx: &mut Tx,
    zone: &Zone,
    wanted: &Conditions,
    sort: TaskSort,
    after: Option<Cursor>,
    limit: usize,
) -> sqlx::Result<Vec<TaskRow>> {
    let (tenant, now, actor) = (tx.tenant(), tx.now(), tx.actor().clone());
    let (key, id) = after.map_or((None, None), |cursor| (Some(cursor.key), Some(cursor.id)));
    let keyset = if id.is_some() { sort.after() } else { "($6::text IS NULL AND $7::uuid IS NULL)" };
    sqlx::query_as(select(
        &format!("{} AND $4::timestamptz IS NOT NULL AND $5::date IS NOT NULL AND {keyset} AND {FILTER}", wanted.view.sql()),
        &format!("ORDER BY {} LIMIT $17", sort.order()),
    ))
    .bind(tenant)
    .bind(subjects::scope(&actor))
    .bind(actor.owner_scope)
    .bind(now.to_sqlx())
    .bind(zone.wall(now).date().to_sqlx())
    .bind(key)
    .bind(id)
    .bind(wanted.assignee)
    .bind(wanted.unassigned)
    .bind(wanted.kind)
    .bind(wanted.priority)
    .bind(wanted.subject_kind.as_deref())
    .bind(wanted.subject_id)
    .bind(wanted.words.as_deref())
    .bind(wanted.due_from.map(ToSqlx::to_sqlx))
    .bind(wanted.due_to.map(ToSqlx::to_sqlx))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .bind(wanted.contact)
    .fetch_all(tx.conn())
    .await
}

/// How many open tasks there are, by view.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Counts {
    pub open: i64,
    pub overdue: i64,
    pub today: i64,
    pub upcoming: i64,
}

/// Counts the open tasks that meet the filter, up to [`CAP`] and one more.
pub(crate) async fn count(tx: &mut Tx, zone: &Zone, wanted: &Conditions) -> sqlx::Result<Counts> {
    let head = format!(
        "count(*) AS open, count(*) FILTER (WHERE {}) AS overdue, count(*) FILTER (WHERE {}) AS today, count(*) FILTER (WHERE {}) AS upcoming",
        TaskView::Overdue.sql(),
        TaskView::Today.sql(),
        TaskView::Upcoming.sql()
    );
    counted(tx, zone, wanted, &head, TaskView::Open, CAP + 1).await
}

/// How many tasks a list has, of whatever view.
pub(crate) async fn total(tx: &mut Tx, zone: &Zone, wanted: &Conditions) -> sqlx::Result<i64> {
    let (total,): (i64,) = counted(tx, zone, wanted, "count(*)", wanted.view, i64::MAX).await?;
    Ok(total)
}

async fn counted<T>(tx: &mut Tx, zone: &Zone, wanted: &Conditions, head: &str, view: TaskView, most: i64) -> sqlx::Result<T>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    let (tenant, now, scope) = (tx.tenant(), tx.now(), tx.actor().owner_scope.clone());
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {head}
         FROM (SELECT t.done_at, t.due_at, t.due_date FROM tasks t
               WHERE t.tenant_id = $1 AND {VISIBLE} AND {} AND {FILTER} AND $2::uuid[] IS NULL AND $4::timestamptz IS NOT NULL AND $5::date IS NOT NULL
                 AND $6::text IS NULL AND $7::uuid IS NULL LIMIT $17) t",
        view.sql()
    )))
    .bind(tenant)
    .bind(None::<Vec<Uuid>>)
    .bind(scope)
    .bind(now.to_sqlx())
    .bind(zone.wall(now).date().to_sqlx())
    .bind(None::<String>)
    .bind(None::<Uuid>)
    .bind(wanted.assignee)
    .bind(wanted.unassigned)
    .bind(wanted.kind)
    .bind(wanted.priority)
    .bind(wanted.subject_kind.as_deref())
    .bind(wanted.subject_id)
    .bind(wanted.words.as_deref())
    .bind(wanted.due_from.map(ToSqlx::to_sqlx))
    .bind(wanted.due_to.map(ToSqlx::to_sqlx))
    .bind(most)
    .bind(wanted.contact)
    .fetch_one(tx.conn())
    .await
}

/// A thing that tasks are about.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Thing {
    pub id: Uuid,
    pub name: String,
    pub plate: Option<String>,
    pub owner: Option<String>,
}

/// What things are called, and their owners.
pub(crate) async fn things(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<Thing>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT e.id, e.display_name AS name, e.plate, c.display_name AS owner FROM entities e
         LEFT JOIN contacts c ON c.tenant_id = e.tenant_id AND c.id = e.contact_id WHERE e.tenant_id = $1 AND e.id = ANY ($2)",
    )
    .bind(tenant)
    .bind(ids)
    .fetch_all(tx.conn())
    .await
}

/// One task that the actor may see, deleted or not.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<TaskRow>> {
    let (tenant, actor) = (tx.tenant(), tx.actor().clone());
    sqlx::query_as(select("t.id = $4", ""))
        .bind(tenant)
        .bind(subjects::scope(&actor))
        .bind(actor.owner_scope)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// One task that the actor has just written. Whoever hands a task over may see it no more, but what they wrote they are told.
pub(crate) async fn get_written(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<TaskRow>> {
    let (tenant, scope) = (tx.tenant(), subjects::scope(tx.actor()));
    sqlx::query_as(select("t.id = $4", "")).bind(tenant).bind(scope).bind(None::<Vec<Uuid>>).bind(id).fetch_optional(tx.conn()).await
}

/// Tasks that the actor may see, locked against another change, in one order so that two such locks cannot wait for each other.
pub(crate) async fn lock_many(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<TaskRow>> {
    let visible = tx.actor().owner_scope.clone();
    lock(tx, ids, visible).await
}

/// Tasks of an undo of the actor's own, locked: an action on them may have taken them out of the actor's sight.
pub(crate) async fn lock_to_undo(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<TaskRow>> {
    lock(tx, ids, None).await
}

async fn lock(tx: &mut Tx, ids: &[Uuid], visible: Option<Vec<Uuid>>) -> sqlx::Result<Vec<TaskRow>> {
    let (tenant, scope) = (tx.tenant(), subjects::scope(tx.actor()));
    sqlx::query_as(select("t.id = ANY ($4)", "ORDER BY t.id FOR UPDATE OF t"))
        .bind(tenant)
        .bind(scope)
        .bind(visible)
        .bind(ids)
        .fetch_all(tx.conn())
        .await
}

fn columns(draft: &Draft) -> Value {
    let (kind, id) = draft.subject.as_ref().map_or((None, None), |subject| (Some(&subject.kind), Some(subject.id)));
    json!({
        "kind": draft.kind, "title": draft.title, "description": draft.description, "priority": draft.priority, "due_date": draft.due_date,
        "due_time": draft.due_time.map(shown_hour), "reminder_minutes": draft.reminder_minutes,
        "repeat_unit": draft.repeat.as_ref().map(|repeat| repeat.unit), "repeat_every": draft.repeat.as_ref().map(|repeat| repeat.every),
        "repeat_until": draft.repeat.as_ref().and_then(|repeat| repeat.until), "repeat_from": draft.repeat.as_ref().map(|repeat| repeat.from),
        "assignee_id": draft.assignee_id, "subject_kind": kind, "subject_id": id, "search": draft.search(),
    })
}

const RECORD: &str = "jsonb_to_recordset($2) AS r(id uuid, series_id uuid, occurrence integer, due_at timestamptz, remind_at timestamptz, kind text, title text,
    description text, priority text, due_date date, due_time time, reminder_minutes integer, repeat_unit text, repeat_every integer, repeat_until date,
    repeat_from date, assignee_id uuid, subject_kind text, subject_id uuid, search text)";

const COLUMNS: &str =
    "due_at, remind_at, kind, title, description, priority, due_date, due_time, reminder_minutes, repeat_unit, repeat_every, repeat_until,
    repeat_from, assignee_id, subject_kind, subject_id, search";

fn record(id: Uuid, draft: &Draft, due_at: Option<Timestamp>, remind_at: Option<Timestamp>) -> Value {
    let mut row = columns(draft);
    if let Some(row) = row.as_object_mut() {
        row.insert("id".into(), json!(id));
        row.insert("due_at".into(), json!(due_at));
        row.insert("remind_at".into(), json!(remind_at));
    }
    row
}

/// Inserts tasks; one whose place in its series is taken is left out. Returns those inserted.
pub(crate) async fn insert_many(tx: &mut Tx, zone: &Zone, tasks: &[NewTask]) -> sqlx::Result<Vec<Uuid>> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    let rows: Vec<Value> = tasks
        .iter()
        .map(|task| {
            let mut row = record(task.id, &task.draft, task.due_at, task.remind_at);
            if let Some(row) = row.as_object_mut() {
                row.insert("series_id".into(), json!(task.series_id));
                row.insert("occurrence".into(), json!(task.occurrence));
            }
            row
        })
        .collect();
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "INSERT INTO tasks (tenant_id, id, series_id, occurrence, {COLUMNS}, time_zone, created_by, created_by_name, created_at, updated_at)
         SELECT $1, id, series_id, occurrence, {COLUMNS}, $3, $4, $5, $6, $6 FROM {RECORD} ON CONFLICT (tenant_id, series_id, occurrence) DO NOTHING RETURNING id"
    )))
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(&zone.name)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// Rewrites what people write of a task.
pub(crate) async fn rewrite(
    tx: &mut Tx,
    zone: &Zone,
    id: Uuid,
    draft: &Draft,
    due_at: Option<Timestamp>,
    remind_at: Option<Timestamp>,
) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let prefixed: String = COLUMNS.split(',').map(|column| format!("r.{}", column.trim())).collect::<Vec<_>>().join(", ");
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "UPDATE tasks t SET ({COLUMNS}, time_zone, updated_at, version) = ({prefixed}, $3, $4, t.version + 1) FROM {RECORD} WHERE t.tenant_id = $1 AND t.id = r.id"
    )))
    .bind(tenant)
    .bind(Value::Array(vec![record(id, draft, due_at, remind_at)]))
    .bind(&zone.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the state of many tasks in one statement; their instants were worked out in `zone`.
pub(crate) async fn write_states(tx: &mut Tx, zone: &Zone, states: &[State]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE tasks t SET (due_date, due_time, due_at, remind_at, assignee_id, done_at, done_by, done_by_name, outcome, result, duration_minutes, deleted_at,
                             time_zone, updated_at, version)
           = (r.due_date, r.due_time, r.due_at, r.remind_at, r.assignee_id, r.done_at, r.done_by, r.done_by_name, r.outcome, r.result, r.duration_minutes,
              r.deleted_at, $4, $3, t.version + 1)
         FROM jsonb_to_recordset($2) AS r(id uuid, due_date date, due_time time, due_at timestamptz, remind_at timestamptz, assignee_id uuid, done_at timestamptz,
           done_by uuid, done_by_name text, outcome text, result text, duration_minutes integer, deleted_at timestamptz)
         WHERE t.tenant_id = $1 AND t.id = r.id",
    )
    .bind(tenant)
    .bind(json!(states))
    .bind(now)
    .bind(&zone.name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back the tasks that completing these made, where nobody has touched them since.
pub(crate) async fn drop_untouched_next(tx: &mut Tx, series: &[Uuid], occurrences: &[i32]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "DELETE FROM tasks t USING unnest($2::uuid[], $3::integer[]) AS u(series, n)
         WHERE t.tenant_id = $1 AND t.series_id = u.series AND t.occurrence = u.n + 1 AND t.version = 1 AND t.done_at IS NULL",
    )
    .bind(tenant)
    .bind(series)
    .bind(occurrences)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what an action changed.
pub(crate) async fn save_undo(tx: &mut Tx, id: Uuid, before: &[State]) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().id);
    sqlx::query("INSERT INTO task_undos (tenant_id, id, before, created_by, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(tenant)
        .bind(id)
        .bind(json!(before))
        .bind(actor)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What an action of the actor changed; it is gone afterwards, so that it is taken back once.
pub(crate) async fn take_undo(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Value>> {
    let (tenant, actor) = (tx.tenant(), tx.actor().id);
    sqlx::query_scalar("DELETE FROM task_undos WHERE tenant_id = $1 AND id = $2 AND created_by = $3 RETURNING before")
        .bind(tenant)
        .bind(id)
        .bind(actor)
        .fetch_optional(tx.conn())
        .await
}

/// Open tasks with a day whose instants were worked out in another time zone.
pub(crate) async fn of_other_zones(tx: &mut Tx, zone: &str, limit: i64) -> sqlx::Result<Vec<TaskRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(select(
        "$2::uuid[] IS NULL AND t.time_zone <> $4 AND t.due_date IS NOT NULL AND t.done_at IS NULL",
        "ORDER BY t.id LIMIT $5 FOR UPDATE OF t",
    ))
    .bind(tenant)
    .bind(None::<Vec<Uuid>>)
    .bind(None::<Vec<Uuid>>)
    .bind(zone)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Writes instants worked out in another zone; not a change that anybody made.
pub(crate) async fn move_zone(tx: &mut Tx, zone: &str, moved: &[Value]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "UPDATE tasks t SET (due_at, remind_at, time_zone) = (r.due_at, r.remind_at, $3)
         FROM jsonb_to_recordset($2) AS r(id uuid, due_at timestamptz, remind_at timestamptz) WHERE t.tenant_id = $1 AND t.id = r.id",
    )
    .bind(tenant)
    .bind(Value::Array(moved.to_vec()))
    .bind(zone)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A reminder that is due: the person to remind is the assignee, else whoever wrote the task.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct DueReminder {
    pub id: Uuid,
    pub user_id: Uuid,
    pub title: String,
    pub kind: String,
    pub contact_id: Option<Uuid>,
    pub due_at: Option<jiff_sqlx::Timestamp>,
    pub has_hour: bool,
    pub remind_at: jiff_sqlx::Timestamp,
}

/// Takes reminders that are due; another instance takes others.
pub(crate) async fn take_reminders(tx: &mut Tx, limit: i64) -> sqlx::Result<Vec<DueReminder>> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query_as(
        "WITH due AS (SELECT id, remind_at FROM tasks WHERE tenant_id = $1 AND remind_at <= $2 AND done_at IS NULL AND deleted_at IS NULL
                      ORDER BY remind_at LIMIT $3 FOR UPDATE SKIP LOCKED)
         UPDATE tasks t SET remind_at = NULL FROM due WHERE t.tenant_id = $1 AND t.id = due.id
         RETURNING t.id, coalesce(t.assignee_id, t.created_by) AS user_id, t.title, t.kind,
           coalesce(t.contact_id, (SELECT e.contact_id FROM entities e WHERE e.tenant_id = $1 AND e.id = t.entity_id)) AS contact_id, t.due_at,
           t.due_time IS NOT NULL AS has_hour, due.remind_at",
    )
    .bind(tenant)
    .bind(now)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Deletes for good what was deleted before `deleted`, and forgets undos from before `undos`.
pub(crate) async fn purge(tx: &mut Tx, deleted: Timestamp, undos: Timestamp) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM tasks WHERE tenant_id = $1 AND deleted_at < $2")
        .bind(tenant)
        .bind(deleted.to_sqlx())
        .execute(tx.conn())
        .await?;
    sqlx::query("DELETE FROM task_undos WHERE tenant_id = $1 AND created_at < $2")
        .bind(tenant)
        .bind(undos.to_sqlx())
        .execute(tx.conn())
        .await?;
    Ok(())
}
