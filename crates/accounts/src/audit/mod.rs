//! The audit log, read: who did what, when, from where, before → after (GD-09).

use axum::extract::Query;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Cursor, Page};
use vision_platform::http::{Json, cursor, page_limit};
use vision_platform::permits::AuditRead;
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit_log))
}

/// Who did it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditActor {
    /// `user`, `api_key`, `import`, `system`
    kind: String,
    id: Uuid,
    name: String,
}

/// One line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditOut {
    id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: AuditActor,
    /// Event name, such as `contact.updated`.
    action: String,
    object_type: String,
    object_id: Uuid,
    object_label: String,
    changes: Vec<Change>,
    ip: Option<String>,
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: Uuid,
    at: jiff_sqlx::Timestamp,
    actor_kind: String,
    actor_id: Uuid,
    actor_name: String,
    action: String,
    object_type: String,
    object_id: Uuid,
    object_label: String,
    changes: Value,
    ip: Option<String>,
}

impl From<AuditRow> for AuditOut {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: row.at.to_jiff(),
            actor: AuditActor { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
            action: row.action,
            object_type: row.object_type,
            object_id: row.object_id,
            object_label: row.object_label,
            changes: serde_json::from_value(row.changes).unwrap_or_default(),
            ip: row.ip,
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct AuditQuery {
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
    /// Record type: `contact`, `user`, `role`…
    object_type: Option<String>,
    /// Event name.
    action: Option<String>,
    actor_id: Option<Uuid>,
    /// From this instant on.
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Before this instant.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/audit-log", operation_id = "list_audit_log", tag = "company", params(AuditQuery),
    responses((status = 200, body = Page<AuditOut>)), security(("session" = ["audit.read"])))]
async fn list_audit_log(auth: Authorized<AuditRead>, Query(query): Query<AuditQuery>) -> ApiResult<Json<Page<AuditOut>>> {
    let limit = page_limit(query.limit, 50);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let rows: Vec<AuditRow> = sqlx::query_as(
        "SELECT id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_label, changes, ip FROM audit_log
         WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR object_type = $3) AND ($4::text IS NULL OR action = $4)
           AND ($5::uuid IS NULL OR actor_id = $5) AND ($6::timestamptz IS NULL OR at >= $6) AND ($7::timestamptz IS NULL OR at < $7)
         ORDER BY id DESC LIMIT $8",
    )
    .bind(tenant)
    .bind(after)
    .bind(&query.object_type)
    .bind(&query.action)
    .bind(query.actor_id)
    .bind(query.from.map(ToSqlx::to_sqlx))
    .bind(query.to.map(ToSqlx::to_sqlx))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(AuditOut::from)))
}
