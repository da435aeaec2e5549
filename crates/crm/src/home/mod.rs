//! Accueil: what waits to be done, and what happened lately. Every figure is counted from rows.

use crate::contacts::filter::ContactFilter;
use crate::contacts::http::ContactCount;
use crate::contacts::store as contacts;
use crate::tasks::filter::{TaskFilter, TaskSort, TaskView};
use crate::tasks::http::TaskOut;
use crate::tasks::store as task_store;
use crate::timeline::{self, TimelineItem};
use crate::zone;
use jiff::SignedDuration;
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Permission;
use vision_platform::http::Json;
use vision_platform::permits::ContactsRead;
use vision_platform::{ApiResult, App, Authorized};

/// Above this the number of contacts is only "more than".
const CAP: i32 = 10_000;
/// The same for those of the week, which are counted in the table itself: after an import of 100,000 each further thousand costs 4 ms.
const WEEK_CAP: i32 = 1_000;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_home))
}

/// Something that waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Todo {
    /// `onboarding`, `first_contacts`, `import_to_review`, `import_rejects`, `pending_invitations`
    kind: &'static str,
    count: i64,
    /// The record concerned, if it is one.
    id: Option<Uuid>,
}

/// How many contacts there are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HomeContacts {
    total: i64,
    /// True: there are more than `total`.
    capped: bool,
    /// Created in the last seven days.
    added_7d: i64,
    /// True: there are more than `added_7d`.
    added_7d_capped: bool,
}

/// Accueil.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Home {
    todos: Vec<Todo>,
    /// One's own tasks that are late or due today, soonest first, at most 6; empty without the right to see tasks.
    tasks: Vec<TaskOut>,
    /// How many of one's own tasks are late, and due later today.
    tasks_overdue: i64,
    tasks_today: i64,
    activity: Vec<TimelineItem>,
    contacts: HomeContacts,
}

#[derive(sqlx::FromRow)]
struct Waiting {
    onboarding: bool,
    invitations: i64,
    to_review: Option<Uuid>,
    rejects: Option<Uuid>,
    rejected_rows: i64,
}

/// What waits, what happened, how many contacts.
#[utoipa::path(get, path = "/home", operation_id = "get_home", tag = "home", responses((status = 200, body = Home)), security(("session" = ["contacts.read"])))]
async fn get_home(auth: Authorized<ContactsRead>) -> ApiResult<Json<Home>> {
    let mut tx = auth.read().await?;
    let (tenant, now) = (tx.tenant(), tx.now());
    let conditions = ContactFilter::default().conditions(&mut tx, "").await?;
    let all = contacts::count(&mut tx, conditions, CAP + 1).await?;
    let week = ContactFilter { created_from: Some(now - SignedDuration::from_hours(24 * 7)), ..ContactFilter::default() };
    let conditions = week.conditions(&mut tx, "").await?;
    let added = contacts::count(&mut tx, conditions, WEEK_CAP + 1).await?;
    let waiting: Waiting = sqlx::query_as(
        "SELECT t.onboarding_completed_at IS NULL AS onboarding,
                (SELECT count(*) FROM invitations i WHERE i.tenant_id = $1 AND i.accepted_at IS NULL) AS invitations,
                (SELECT i.id FROM imports i WHERE i.tenant_id = $1 AND i.created_by = $2 AND i.status IN ('uploaded', 'analysed') ORDER BY i.id DESC LIMIT 1) AS to_review,
                r.id AS rejects, coalesce((r.report->>'rejected')::bigint, 0) AS rejected_rows
         FROM tenants t LEFT JOIN LATERAL (SELECT i.id, i.report FROM imports i WHERE i.tenant_id = $1 AND i.created_by = $2 AND i.status = 'done'
              AND (i.report->>'rejected')::bigint > 0 AND i.finished_at > $3 ORDER BY i.id DESC LIMIT 1) r ON true
         WHERE t.id = $1",
    )
    .bind(tenant)
    .bind(auth.actor.id)
    .bind(jiff_sqlx::ToSqlx::to_sqlx(now - SignedDuration::from_hours(24 * 7)))
    .fetch_one(tx.conn())
    .await?;
    let activity = timeline::recent(&mut tx, 20).await?;
    let (mut tasks, mut tasks_overdue, mut tasks_today) = (Vec::new(), 0, 0);
    if auth.actor.may(Permission::TasksRead) {
        let zone = zone::of_tenant(&mut tx).await?;
        let mine =
            TaskFilter { view: Some(TaskView::Due), assignee: Some("me".to_owned()), ..TaskFilter::default() }.conditions(&auth.actor)?;
        tasks = task_store::page(&mut tx, &zone, &mine, TaskSort::Due, None, 5).await?;
        let counts = task_store::count(&mut tx, &zone, &mine).await?;
        (tasks_overdue, tasks_today) = (counts.overdue, counts.today);
    }
    let mut todos = Vec::new();
    let mut todo = |wanted: bool, kind, count, id| {
        if wanted {
            todos.push(Todo { kind, count, id });
        }
    };
    todo(waiting.onboarding && auth.actor.may(Permission::CompanyManage), "onboarding", 1, None);
    todo(all == 0 && auth.actor.may(Permission::ContactsWrite), "first_contacts", 1, None);
    todo(waiting.to_review.is_some(), "import_to_review", 1, waiting.to_review);
    todo(waiting.rejects.is_some(), "import_rejects", waiting.rejected_rows, waiting.rejects);
    todo(waiting.invitations > 0 && auth.actor.may(Permission::TeamManage), "pending_invitations", waiting.invitations, None);
    let total = ContactCount { count: all.min(i64::from(CAP)), capped: all > i64::from(CAP) };
    let tasks = tasks.into_iter().map(TaskOut::from).collect();
    Ok(Json(Home {
        todos,
        tasks,
        tasks_overdue,
        tasks_today,
        activity,
        contacts: HomeContacts {
            total: total.count,
            capped: total.capped,
            added_7d: added.min(i64::from(WEEK_CAP)),
            added_7d_capped: added > i64::from(WEEK_CAP),
        },
    }))
}
