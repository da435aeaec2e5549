//! Routes of tasks: extract, call one operation, shape the answer.

use super::filter::{TaskFilter, TaskSort};
use super::model::{
    Recurrence, Repeat, Snooze, TaskIn, TaskKind, TaskOutcome, TaskPriority, TaskStatus, parse_day, parse_hour, shown_hour,
};
use super::ops::{self, Action};
use super::store::{self, TaskRow};
use crate::zone;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Page, Problem};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{TasksRead, TasksWrite};
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_tasks, create_task))
        .routes(routes!(count_tasks))
        .routes(routes!(get_task, update_task, delete_task))
        .routes(routes!(complete_task))
        .routes(routes!(reopen_task))
        .routes(routes!(restore_task))
        .routes(routes!(change_tasks))
        .routes(routes!(undo_task_change))
        .merge(super::export::routes())
}

/// A member in short.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskPerson {
    id: Uuid,
    name: String,
}

/// The record that a task is about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskSubject {
    /// `contact`, `entity`
    kind: String,
    id: Uuid,
    /// Its name; null for a reader who may not see the record.
    label: Option<String>,
}

/// A task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Task)]
pub struct TaskOut {
    id: Uuid,
    kind: TaskKind,
    title: String,
    description: Option<String>,
    priority: TaskPriority,
    status: TaskStatus,
    /// `YYYY-MM-DD`, where the company is.
    #[schema(format = Date)]
    due_date: Option<String>,
    /// `HH:MM`; null: any time that day.
    due_time: Option<String>,
    /// From this instant on the task is late.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    reminder_minutes: Option<i32>,
    recurrence: Option<Recurrence>,
    assignee: Option<TaskPerson>,
    subject: Option<TaskSubject>,
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
    done_by: Option<TaskPerson>,
    outcome: Option<TaskOutcome>,
    result: Option<String>,
    duration_minutes: Option<i32>,
    created_by: TaskPerson,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i32,
}

impl From<TaskRow> for TaskOut {
    fn from(row: TaskRow) -> Self {
        let person = |id: Option<Uuid>, name: Option<String>| id.map(|id| TaskPerson { id, name: name.unwrap_or_default() });
        Self {
            id: row.id,
            kind: row.kind(),
            priority: TaskPriority::from_word(&row.priority).unwrap_or(TaskPriority::Normal),
            status: if row.done_at.is_some() { TaskStatus::Done } else { TaskStatus::Open },
            due_date: row.due_date.map(|day| day.to_jiff().to_string()),
            due_time: row.due_time.map(|hour| shown_hour(hour.to_jiff())),
            due_at: row.due_at.map(jiff_sqlx::Timestamp::to_jiff),
            recurrence: row.repeat().as_ref().map(Repeat::shown),
            outcome: row.outcome(),
            title: row.title,
            description: row.description,
            reminder_minutes: row.reminder_minutes,
            assignee: person(row.assignee_id, row.assignee_name),
            subject: row.subject_kind.zip(row.subject_id).map(|(kind, id)| TaskSubject { kind, id, label: row.subject_label }),
            done_at: row.done_at.map(jiff_sqlx::Timestamp::to_jiff),
            done_by: person(row.done_by, row.done_by_name),
            result: row.result,
            duration_minutes: row.duration_minutes,
            created_by: TaskPerson { id: row.created_by, name: row.created_by_name },
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct TaskListQuery {
    /// `due` (default), `-due`, `created`, `-created`, `priority`, `-done`.
    #[param(inline)]
    sort: Option<TaskSort>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Tasks that meet the filter.
#[utoipa::path(get, path = "/tasks", operation_id = "list_tasks", tag = "tasks", params(TaskFilter, TaskListQuery),
    responses((status = 200, body = Page<TaskOut>), (status = 422)), security(("session" = ["tasks.read"])))]
async fn list_tasks(
    auth: Authorized<TasksRead>,
    Query(filter): Query<TaskFilter>,
    Query(query): Query<TaskListQuery>,
) -> ApiResult<Json<Page<TaskOut>>> {
    let limit = page_limit(query.limit, 50);
    let sort = query.sort.unwrap_or_default();
    let after = sort.checked(cursor(query.cursor.as_deref())?)?;
    let wanted = filter.conditions(&auth.actor)?;
    if sort == TaskSort::DoneDescending && wanted.view != super::filter::TaskView::Done {
        return Err(Problem::field("?sort", "mismatch", "Ce tri vaut pour les tâches terminées.").into());
    }
    let mut tx = auth.read().await?;
    let zone = zone::of_tenant(&mut tx).await?;
    let rows = store::page(&mut tx, &zone, &wanted, sort, after, limit).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| sort.cursor(row)).map(TaskOut::from)))
}

/// How many open tasks there are, by view; counted to 10,000.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskCount {
    /// All that are not done.
    open: i64,
    /// Late.
    overdue: i64,
    /// Due today, not late yet.
    today: i64,
    /// Due later, or without a day.
    upcoming: i64,
    /// True: there are more than 10,000 open ones, and the figures are of those counted.
    capped: bool,
}

/// Counts open tasks for badges; `view` and `done` do not matter here.
#[utoipa::path(get, path = "/tasks/count", operation_id = "count_tasks", tag = "tasks", params(TaskFilter),
    responses((status = 200, body = TaskCount), (status = 422)), security(("session" = ["tasks.read"])))]
async fn count_tasks(auth: Authorized<TasksRead>, Query(filter): Query<TaskFilter>) -> ApiResult<Json<TaskCount>> {
    let wanted = filter.conditions(&auth.actor)?;
    let mut tx = auth.read().await?;
    let zone = zone::of_tenant(&mut tx).await?;
    let counts = store::count(&mut tx, &zone, &wanted).await?;
    Ok(Json(TaskCount {
        open: counts.open.min(store::CAP),
        overdue: counts.overdue,
        today: counts.today,
        upcoming: counts.upcoming,
        capped: counts.open > store::CAP,
    }))
}

/// Creates a task.
#[utoipa::path(post, path = "/tasks", operation_id = "create_task", tag = "tasks", request_body = TaskIn,
    responses((status = 201, body = TaskOut), (status = 422)), security(("session" = ["tasks.write"])))]
async fn create_task(auth: Authorized<TasksWrite>, Json(input): Json<TaskIn>) -> ApiResult<Created<TaskOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::create(&mut tx, input).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/tasks/{}", row.id), row.into()))
}

/// One task.
#[utoipa::path(get, path = "/tasks/{id}", operation_id = "get_task", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 200, body = TaskOut), (status = 404)), security(("session" = ["tasks.read"])))]
async fn get_task(auth: Authorized<TasksRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<TaskOut>> {
    let row = ops::get(&mut auth.read().await?, id).await?;
    Ok(Versioned(row.version, row.into()))
}

/// Changes a task.
#[utoipa::path(patch, path = "/tasks/{id}", operation_id = "update_task", tag = "tasks", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = TaskIn, responses((status = 200, body = TaskOut), (status = 404), (status = 412), (status = 422)), security(("session" = ["tasks.write"])))]
async fn update_task(
    auth: Authorized<TasksWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<TaskIn>,
) -> ApiResult<Versioned<TaskOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::update(&mut tx, id, expected_version(&headers)?, input).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// Deletes a task; it can be restored for 30 days.
#[utoipa::path(delete, path = "/tasks/{id}", operation_id = "delete_task", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["tasks.write"])))]
async fn delete_task(auth: Authorized<TasksWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::act(&mut tx, id, None, &Action::Delete).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a task ended. A to-do needs nothing; a call or a meeting may have an outcome, words and a duration.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct TaskResultIn {
    outcome: Option<TaskOutcome>,
    /// Up to 5,000 characters.
    result: Option<String>,
    duration_minutes: Option<i32>,
}

/// Completes a task; one that is done already only gets its result. A task of a series makes the next one.
#[utoipa::path(post, path = "/tasks/{id}/complete", operation_id = "complete_task", tag = "tasks",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)), request_body = TaskResultIn,
    responses((status = 200, body = TaskOut), (status = 404), (status = 412), (status = 422)), security(("session" = ["tasks.write"])))]
async fn complete_task(
    auth: Authorized<TasksWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<TaskResultIn>,
) -> ApiResult<Versioned<TaskOut>> {
    let result = ops::valid_words(input.result.as_deref())?;
    let action = Action::Complete { outcome: input.outcome, result, duration_minutes: input.duration_minutes };
    let mut tx = auth.begin().await?;
    let row = ops::act(&mut tx, id, expected_version(&headers)?, &action).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// Opens a task again. The next one of its series goes if nobody has touched it.
#[utoipa::path(post, path = "/tasks/{id}/reopen", operation_id = "reopen_task", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 200, body = TaskOut), (status = 404)), security(("session" = ["tasks.write"])))]
async fn reopen_task(auth: Authorized<TasksWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<TaskOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::act(&mut tx, id, None, &Action::Reopen).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// Brings a deleted task back.
#[utoipa::path(post, path = "/tasks/{id}/restore", operation_id = "restore_task", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 200, body = TaskOut), (status = 404)), security(("session" = ["tasks.write"])))]
async fn restore_task(auth: Authorized<TasksWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<TaskOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::act(&mut tx, id, None, &Action::Restore).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// Until when to put tasks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnoozeUntil {
    /// Three hours from now, today.
    LaterToday,
    /// Tomorrow at 9:00.
    Tomorrow,
    /// Next Monday at 9:00.
    NextMonday,
    /// The day and hour given.
    Moment,
}

/// What to do to several tasks.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TaskAction {
    /// Completes them.
    Complete,
    /// Opens them again.
    Reopen,
    /// Puts them off.
    Snooze {
        /// Until when.
        until: SnoozeUntil,
        /// For `moment`: `YYYY-MM-DD`.
        #[schema(format = Date)]
        due_date: Option<String>,
        /// For `moment`: `HH:MM`, or nothing for any time that day.
        due_time: Option<String>,
    },
    /// Gives them to a member, or to nobody.
    Reassign {
        /// The member.
        assignee_id: Option<Uuid>,
    },
    /// Deletes them.
    Delete,
}

impl TaskAction {
    fn read(self) -> Result<Action, Problem> {
        let one = |error| Problem::validation(vec![error]);
        Ok(match self {
            Self::Complete => Action::Complete { outcome: None, result: None, duration_minutes: None },
            Self::Reopen => Action::Reopen,
            Self::Snooze { until: SnoozeUntil::LaterToday, .. } => Action::Snooze(Snooze::LaterToday),
            Self::Snooze { until: SnoozeUntil::Tomorrow, .. } => Action::Snooze(Snooze::Tomorrow),
            Self::Snooze { until: SnoozeUntil::NextMonday, .. } => Action::Snooze(Snooze::NextMonday),
            Self::Snooze { until: SnoozeUntil::Moment, due_date, due_time } => {
                let day = parse_day(due_date.as_deref().unwrap_or_default(), "/action/due_date").map_err(one)?;
                let hour = due_time.as_deref().map(|text| parse_hour(text, "/action/due_time")).transpose().map_err(one)?;
                Action::Snooze(Snooze::Moment { day, hour })
            }
            Self::Reassign { assignee_id } => Action::Reassign(assignee_id),
            Self::Delete => Action::Delete,
        })
    }
}

/// An action on several tasks.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TaskChangeIn {
    /// 1 to 500.
    ids: Vec<Uuid>,
    action: TaskAction,
}

/// What an action on several tasks did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskChangeOut {
    /// How many tasks changed.
    changed: usize,
    /// Takes the action back within a day; null when nothing changed.
    undo_id: Option<Uuid>,
}

/// Does one thing to several tasks, at once.
#[utoipa::path(post, path = "/tasks/bulk", operation_id = "change_tasks", tag = "tasks", request_body = TaskChangeIn,
    responses((status = 200, body = TaskChangeOut), (status = 422)), security(("session" = ["tasks.write"])))]
async fn change_tasks(auth: Authorized<TasksWrite>, Json(input): Json<TaskChangeIn>) -> ApiResult<Json<TaskChangeOut>> {
    let action = input.action.read()?;
    let mut tx = auth.begin().await?;
    let (changed, undo_id) = ops::act_on_many(&mut tx, &input.ids, &action).await?;
    tx.commit().await?;
    Ok(Json(TaskChangeOut { changed, undo_id }))
}

/// Takes an action on several tasks back, once; a task that somebody has changed since stays as it is.
#[utoipa::path(post, path = "/tasks/bulk/{id}/undo", operation_id = "undo_task_change", tag = "tasks", params(("id" = Uuid, Path)),
    responses((status = 200, body = TaskChangeOut), (status = 404)), security(("session" = ["tasks.write"])))]
async fn undo_task_change(auth: Authorized<TasksWrite>, Path(id): Path<Uuid>) -> ApiResult<Json<TaskChangeOut>> {
    let mut tx = auth.begin().await?;
    let changed = ops::undo(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(TaskChangeOut { changed, undo_id: None }))
}
