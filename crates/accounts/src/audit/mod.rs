//! The audit log, read: who did what, when, from where, before → after (GD-09). `export` writes it to a file.

mod export;

pub(crate) use export::RunAuditExport;

use axum::extract::Query;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Cursor, Page};
use vision_platform::http::{Json, cursor, page_limit};
use vision_platform::permits::AuditRead;
use vision_platform::{ApiResult, App, Authorized, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit_log)).merge(export::routes())
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

/// Which lines. All conditions hold together.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
pub struct AuditFilter {
    /// Record type: `contact`, `user`, `role`…
    object_type: Option<String>,
    /// The record.
    object_id: Option<Uuid>,
    /// Event name.
    action: Option<String>,
    actor_id: Option<Uuid>,
    /// From this instant on.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this instant.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct AuditPage {
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

const CONDITIONS: &str =
    "tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR object_type = $3) AND ($4::text IS NULL OR action = $4)
           AND ($5::uuid IS NULL OR actor_id = $5) AND ($6::timestamptz IS NULL OR at >= $6) AND ($7::timestamptz IS NULL OR at < $7)
           AND ($8::uuid IS NULL OR object_id = $8)";

/// Lines newest first, from the one before `after`, at most `limit`.
async fn page(tx: &mut Tx, filter: &AuditFilter, after: Option<Uuid>, limit: usize) -> sqlx::Result<Vec<AuditRow>> {
    let tenant = tx.tenant();
    let statement = format!(
        "SELECT id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_label, changes, ip FROM audit_log
         WHERE {CONDITIONS} ORDER BY id DESC LIMIT $9"
    );
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(tenant)
        .bind(after)
        .bind(&filter.object_type)
        .bind(&filter.action)
        .bind(filter.actor_id)
        .bind(filter.from.map(ToSqlx::to_sqlx))
        .bind(filter.to.map(ToSqlx::to_sqlx))
        .bind(filter.object_id)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(tx.conn())
        .await
}

/// How many lines there are, at most `cap`.
async fn count(tx: &mut Tx, filter: &AuditFilter, cap: i64) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    let statement = format!("SELECT count(*) FROM (SELECT FROM audit_log WHERE {CONDITIONS} LIMIT $9) lines");
    sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(tenant)
        .bind(None::<Uuid>)
        .bind(&filter.object_type)
        .bind(&filter.action)
        .bind(filter.actor_id)
        .bind(filter.from.map(ToSqlx::to_sqlx))
        .bind(filter.to.map(ToSqlx::to_sqlx))
        .bind(filter.object_id)
        .bind(cap)
        .fetch_one(tx.conn())
        .await
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/audit-log", operation_id = "list_audit_log", tag = "company", params(AuditFilter, AuditPage),
    responses((status = 200, body = Page<AuditOut>)), security(("session" = ["audit.read"])))]
async fn list_audit_log(
    auth: Authorized<AuditRead>,
    Query(filter): Query<AuditFilter>,
    Query(query): Query<AuditPage>,
) -> ApiResult<Json<Page<AuditOut>>> {
    let limit = page_limit(query.limit, 50);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let rows = page(&mut auth.read().await?, &filter, after, limit + 1).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(AuditOut::from)))
}
