//! Routes of one's own notifications and of what one wants to hear of.

use super::NotificationKind;
use super::settings::{self, NotificationChoice, NotificationSettingsIn, QuietHours, Settings};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page, Problem, ProblemKind};
use vision_platform::http::{Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::SignedIn;
use vision_platform::{ApiResult, App, Authorized, Failure, Tx, live};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_notifications))
        .routes(routes!(count_notifications))
        .routes(routes!(read_notification))
        .routes(routes!(read_all_notifications))
        .routes(routes!(get_notification_settings, update_notification_settings))
}

/// A notification.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Notification)]
pub struct NotificationOut {
    id: Uuid,
    kind: NotificationKind,
    /// Who did it; null when nobody in particular did.
    actor_name: Option<String>,
    /// `task`, `contact`, `import`, `job`
    subject_kind: String,
    subject_id: Uuid,
    /// What the record is called.
    label: String,
    /// What the kind adds: `count`, `excerpt`, `due_at`, `failed`.
    data: Value,
    read: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    actor_name: Option<String>,
    subject_kind: String,
    subject_id: Uuid,
    label: String,
    data: Value,
    read: bool,
    created_at: jiff_sqlx::Timestamp,
}

impl Row {
    fn shown(self) -> Option<NotificationOut> {
        Some(NotificationOut {
            // A kind that has gone from the product is not shown.
            kind: NotificationKind::from_word(&self.kind)?,
            id: self.id,
            actor_name: self.actor_name,
            subject_kind: self.subject_kind,
            subject_id: self.subject_id,
            label: self.label,
            data: self.data,
            read: self.read,
            created_at: self.created_at.to_jiff(),
        })
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct NotificationQuery {
    /// Only what was not read.
    unread: Option<bool>,
    /// 1 to 100; default 30.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// One's own notifications, newest first.
#[utoipa::path(get, path = "/notifications", operation_id = "list_notifications", tag = "notifications", params(NotificationQuery),
    responses((status = 200, body = Page<NotificationOut>)), security(("session" = [])))]
async fn list_notifications(auth: Authorized<SignedIn>, Query(query): Query<NotificationQuery>) -> ApiResult<Json<Page<NotificationOut>>> {
    let limit = page_limit(query.limit, 30);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, kind, actor_name, subject_kind, subject_id, label, data, read_at IS NOT NULL AS read, created_at FROM notifications
         WHERE tenant_id = $1 AND user_id = $2 AND in_app AND ($3::uuid IS NULL OR id < $3) AND (NOT $4 OR read_at IS NULL) ORDER BY id DESC LIMIT $5",
    )
    .bind(tenant)
    .bind(auth.actor.id)
    .bind(after)
    .bind(query.unread.unwrap_or(false))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?;
    let page = Page::from_overfetch(rows, limit, |row| Cursor::id(row.id));
    Ok(Json(Page { items: page.items.into_iter().filter_map(Row::shown).collect(), next_cursor: page.next_cursor }))
}

/// How much was not read.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NotificationCount {
    /// Counted to 100.
    unread: i64,
}

/// Counts what was not read.
#[utoipa::path(get, path = "/notifications/count", operation_id = "count_notifications", tag = "notifications",
    responses((status = 200, body = NotificationCount)), security(("session" = [])))]
async fn count_notifications(auth: Authorized<SignedIn>) -> ApiResult<Json<NotificationCount>> {
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let unread = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM notifications WHERE tenant_id = $1 AND user_id = $2 AND in_app AND read_at IS NULL LIMIT 100) n",
    )
    .bind(tenant)
    .bind(auth.actor.id)
    .fetch_one(tx.conn())
    .await?;
    Ok(Json(NotificationCount { unread }))
}

/// Marks one notification read.
#[utoipa::path(post, path = "/notifications/{id}/read", operation_id = "read_notification", tag = "notifications", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = [])))]
async fn read_notification(auth: Authorized<SignedIn>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let done = sqlx::query(
        "UPDATE notifications SET read_at = coalesce(read_at, $4) WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND in_app",
    )
    .bind(tenant)
    .bind(auth.actor.id)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Err(Problem::not_found().into());
    }
    live::tell(&mut tx, auth.actor.id, "notifications", id, "notification.read").await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Marks everything read that one has.
#[utoipa::path(post, path = "/notifications/read-all", operation_id = "read_all_notifications", tag = "notifications",
    responses((status = 204)), security(("session" = [])))]
async fn read_all_notifications(auth: Authorized<SignedIn>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE notifications SET read_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND in_app AND read_at IS NULL")
        .bind(tenant)
        .bind(auth.actor.id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    live::tell(&mut tx, auth.actor.id, "notifications", auth.actor.id, "notification.read").await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What one wants to hear of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NotificationSettings)]
pub struct NotificationSettingsOut {
    /// Every kind.
    choices: Vec<NotificationChoice>,
    /// Hours without mail; what happens then is sent afterwards.
    quiet_hours: Option<QuietHours>,
    /// 0 to 23, on the company's clock.
    digest_hour: i8,
    version: i32,
}

impl From<Settings> for NotificationSettingsOut {
    fn from(settings: Settings) -> Self {
        Self {
            choices: settings.choices,
            quiet_hours: settings.quiet.map(QuietHours::shown),
            digest_hour: settings.digest_hour,
            version: settings.version,
        }
    }
}

/// One's settings. Programs have none.
async fn own(tx: &mut Tx) -> Result<Settings, Failure> {
    let user = tx.actor().id;
    let rows = settings::of_members(tx, &[user]).await?;
    Ok(rows.first().ok_or_else(Problem::not_found)?.settings())
}

/// What one wants to hear of.
#[utoipa::path(get, path = "/me/notification-settings", operation_id = "get_notification_settings", tag = "notifications",
    responses((status = 200, body = NotificationSettingsOut)), security(("session" = [])))]
async fn get_notification_settings(auth: Authorized<SignedIn>) -> ApiResult<Versioned<NotificationSettingsOut>> {
    let settings = own(&mut auth.read().await?).await?;
    Ok(Versioned(settings.version, settings.into()))
}

/// Changes what one wants to hear of.
#[utoipa::path(patch, path = "/me/notification-settings", operation_id = "update_notification_settings", tag = "notifications",
    params(("If-Match" = Option<String>, Header)), request_body = NotificationSettingsIn,
    responses((status = 200, body = NotificationSettingsOut), (status = 412), (status = 422)), security(("session" = [])))]
async fn update_notification_settings(
    auth: Authorized<SignedIn>,
    headers: HeaderMap,
    Json(input): Json<NotificationSettingsIn>,
) -> ApiResult<Versioned<NotificationSettingsOut>> {
    let mut tx = auth.begin().await?;
    let before = own(&mut tx).await?;
    let stale = |version: i32| Problem::new(ProblemKind::StaleVersion).with("version", version);
    if expected_version(&headers)?.is_some_and(|version| version != before.version) {
        return Err(stale(before.version).into());
    }
    let after = before.clone().apply(input)?;
    if !settings::save(&mut tx, auth.actor.id, &after).await? {
        return Err(stale(before.version).into());
    }
    let fresh = own(&mut tx).await?;
    tx.commit().await?;
    Ok(Versioned(fresh.version, fresh.into()))
}
