//! The history of a contact, and of all of them: projected from events, read here.

use crate::contacts::store as contacts;
use axum::extract::{Path, Query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Cursor, Page, Problem};
use vision_platform::http::{Json, cursor, page_limit};
use vision_platform::permits::ContactsRead;
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_timeline))
}

/// Who did it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimelineActor {
    /// `user`, `api_key`, `import`, `system`
    kind: String,
    id: Uuid,
    name: String,
}

/// A contact in short.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimelineContact {
    id: Uuid,
    name: String,
}

/// One line of history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimelineItem {
    id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: TimelineActor,
    /// Event name, such as `contact.updated`.
    kind: String,
    /// Only where several contacts are mixed.
    contact: Option<TimelineContact>,
    changes: Vec<Change>,
    /// What the event adds, by kind.
    data: Value,
}

/// A line of history as stored; the history of other things than contacts is read with it too.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    at: jiff_sqlx::Timestamp,
    actor_kind: String,
    actor_id: Uuid,
    actor_name: String,
    kind: String,
    contact_id: Option<Uuid>,
    contact_name: Option<String>,
    changes: Value,
    data: Value,
}

impl From<Row> for TimelineItem {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: row.at.to_jiff(),
            actor: TimelineActor { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
            kind: row.kind,
            contact: row.contact_id.map(|id| TimelineContact { id, name: row.contact_name.unwrap_or_default() }),
            changes: serde_json::from_value(row.changes).unwrap_or_default(),
            data: row.data.get("data").cloned().unwrap_or(row.data),
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct TimelineQuery {
    /// 1 to 100; default 30.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The history of a contact, newest first.
#[utoipa::path(get, path = "/contacts/{id}/timeline", operation_id = "get_timeline", tag = "contacts", params(("id" = Uuid, Path), TimelineQuery),
    responses((status = 200, body = Page<TimelineItem>), (status = 404)), security(("session" = ["contacts.read"])))]
async fn get_timeline(
    auth: Authorized<ContactsRead>,
    Path(id): Path<Uuid>,
    Query(query): Query<TimelineQuery>,
) -> ApiResult<Json<Page<TimelineItem>>> {
    let limit = page_limit(query.limit, 30);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    contacts::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let tenant = tx.tenant();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, at, actor_kind, actor_id, actor_name, kind, NULL::uuid AS contact_id, NULL::text AS contact_name, changes, data FROM timeline
         WHERE tenant_id = $1 AND contact_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
    )
    .bind(tenant)
    .bind(id)
    .bind(after)
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(TimelineItem::from)))
}

/// What happened lately to contacts that the actor may see.
pub(crate) async fn recent(tx: &mut Tx, limit: i64) -> Result<Vec<TimelineItem>, Failure> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    // The audit log is in order of time for the whole tenant; the timeline is in order per contact only.
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT a.id, a.at, a.actor_kind, a.actor_id, a.actor_name, a.action AS kind, c.id AS contact_id, c.display_name AS contact_name, a.changes, a.data
         FROM (SELECT * FROM audit_log WHERE tenant_id = $1 AND object_type = 'contact' ORDER BY id DESC LIMIT 200) a
         JOIN contacts c ON c.tenant_id = $1 AND c.id = a.object_id
         WHERE ($2::uuid[] IS NULL OR c.owner_id = ANY ($2)) ORDER BY a.id DESC LIMIT $3",
    )
    .bind(tenant)
    .bind(scope)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(TimelineItem::from).collect())
}
