//! Long work that a person started and watches: progress, cancel, undo, a file at the end. The rows outlive the queue's jobs.

use crate::app::App;
use crate::auth::{Authorized, permits::SignedIn};
use crate::failure::{ApiResult, Failure};
use crate::http::Created;
use crate::{JobContext, Tx};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{DomainEvent, Page, Problem, Subject};

/// How a kind of background job is undone: queues the undo in the caller's transaction.
pub type Runner = for<'a> fn(&'a mut Tx, Uuid) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// A background job as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct BackgroundJob {
    /// Identifier.
    pub id: Uuid,
    /// Kind, such as `contacts.export`.
    pub kind: String,
    /// State.
    pub status: String,
    /// Units of work in all, once known.
    pub total: i64,
    /// Units done.
    pub done: i64,
    /// What to do.
    pub params: Value,
    /// Where to go on after a crash.
    pub cursor: Option<String>,
    /// Whether somebody asked to stop.
    pub cancel_requested: bool,
    /// Whether it can be undone.
    pub undoable: bool,
    /// Key of the resulting file.
    pub file_key: Option<String>,
    /// Name of the resulting file.
    pub file_name: Option<String>,
    /// Why it failed, in French.
    pub error: Option<String>,
    /// Who started it.
    pub created_by: Uuid,
    /// When.
    pub created_at: jiff_sqlx::Timestamp,
    /// When it ended.
    pub finished_at: Option<jiff_sqlx::Timestamp>,
}

/// A background job as clients see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub struct JobOut {
    id: Uuid,
    /// `contacts.bulk`, `contacts.export`
    kind: String,
    /// `queued`, `running`, `done`, `failed`, `cancelled`, `undoing`, `undone`
    status: String,
    /// Units of work in all; 0 until known.
    total: i64,
    done: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    can_cancel: bool,
    can_undo: bool,
    has_file: bool,
    error: Option<String>,
    /// What was asked.
    params: Value,
}

impl From<BackgroundJob> for JobOut {
    fn from(job: BackgroundJob) -> Self {
        Self {
            can_cancel: matches!(job.status.as_str(), "queued" | "running") && !job.cancel_requested,
            can_undo: job.undoable && matches!(job.status.as_str(), "done" | "cancelled") && job.done > 0,
            has_file: job.file_key.is_some() && job.status == "done",
            id: job.id,
            kind: job.kind,
            status: job.status,
            total: job.total,
            done: job.done,
            created_at: job.created_at.to_jiff(),
            finished_at: job.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            error: job.error,
            params: job.params.get("action").cloned().unwrap_or(Value::Null),
        }
    }
}

/// A background job changed state; tells open browsers.
#[derive(Debug, Serialize)]
pub struct JobChanged {
    /// The job.
    pub id: Uuid,
    /// Kind.
    pub kind: String,
    /// New state.
    pub status: String,
}

impl DomainEvent for JobChanged {
    fn name(&self) -> &'static str {
        "job.changed"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "job", id: self.id, label: self.kind.clone() }
    }
}

/// Creates a job row; the caller queues the work in the same transaction.
pub async fn create(tx: &mut Tx, kind: &str, params: Value, undoable: bool) -> Result<BackgroundJob, Failure> {
    let id = tx.new_id();
    let (tenant, actor, now) = (tx.tenant(), tx.actor().id, tx.now().to_sqlx());
    let job = sqlx::query_as(
        "INSERT INTO background_jobs (tenant_id, id, kind, status, params, undoable, created_by, created_at)
         VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7) RETURNING *",
    )
    .bind(tenant)
    .bind(id)
    .bind(kind)
    .bind(params)
    .bind(undoable)
    .bind(actor)
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    Ok(job)
}

/// One job.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<BackgroundJob, Failure> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT * FROM background_jobs WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?
        .ok_or_else(|| Problem::not_found().into())
}

/// Records progress; `Ok(false)` tells the worker that somebody asked to stop.
pub async fn advance(tx: &mut Tx, id: Uuid, done: i64, total: i64, cursor: Option<&str>) -> Result<bool, Failure> {
    let tenant = tx.tenant();
    let cancelled: bool = sqlx::query_scalar(
        "UPDATE background_jobs SET status = 'running', done = $3, total = $4, cursor = $5 WHERE tenant_id = $1 AND id = $2 RETURNING cancel_requested",
    )
    .bind(tenant)
    .bind(id)
    .bind(done)
    .bind(total)
    .bind(cursor)
    .fetch_one(tx.conn())
    .await?;
    Ok(!cancelled)
}

/// Where a job is, its row locked: a second worker on the same job waits here and then sees that it was overtaken.
pub async fn lock_cursor(tx: &mut Tx, id: Uuid) -> Result<Option<String>, Failure> {
    let tenant = tx.tenant();
    Ok(sqlx::query_scalar("SELECT cursor FROM background_jobs WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind(tenant)
        .bind(id)
        .fetch_one(tx.conn())
        .await?)
}

/// Sets how many units of work a job has.
pub async fn set_total(tx: &mut Tx, id: Uuid, total: i64) -> Result<(), Failure> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE background_jobs SET total = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(total)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Replaces what a job was asked to do: it keeps there what it must know when it goes on, and no longer than that.
pub async fn set_params(tx: &mut Tx, id: Uuid, params: &Value) -> Result<(), Failure> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE background_jobs SET params = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(params)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends a job in `status`, with a file or an error.
pub async fn finish(
    ctx: &JobContext,
    job: &BackgroundJob,
    status: &str,
    file: Option<(&str, &str)>,
    error: Option<&str>,
) -> Result<(), Failure> {
    finish_with(ctx.begin().await?, job, status, file, error).await
}

/// Ends a job in the transaction of its last work, and commits it: the line in the audit log is there once, wherever a worker is killed.
/// Where another worker has ended the job meanwhile, nothing of the transaction stays.
pub async fn finish_with(
    mut tx: Tx,
    job: &BackgroundJob,
    status: &str,
    file: Option<(&str, &str)>,
    error: Option<&str>,
) -> Result<(), Failure> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let ended = sqlx::query(
        "UPDATE background_jobs SET status = $3, finished_at = $4, file_key = $5, file_name = $6, error = $7
         WHERE tenant_id = $1 AND id = $2 AND status <> $3",
    )
    .bind(tenant)
    .bind(job.id)
    .bind(status)
    .bind(now)
    .bind(file.map(|(key, _)| key))
    .bind(file.map(|(_, name)| name))
    .bind(error)
    .execute(tx.conn())
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(());
    }
    tx.emit(&JobChanged { id: job.id, kind: job.kind.clone(), status: status.to_owned() });
    tx.commit().await
}

/// Only the one who started a job sees it: its file may hold what others may not export.
fn own(actor: &vision_kernel::Actor, job: BackgroundJob) -> Result<BackgroundJob, Failure> {
    if job.created_by == actor.id { Ok(job) } else { Err(Problem::not_found().into()) }
}

/// Routes of background jobs.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_jobs))
        .routes(routes!(get_job))
        .routes(routes!(cancel_job))
        .routes(routes!(undo_job))
        .routes(routes!(download_job_file))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// 1 to 100; default 20.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The caller's own jobs, newest first; without those that are parts of another.
#[utoipa::path(get, path = "/jobs", operation_id = "list_jobs", tag = "jobs", params(ListQuery),
    responses((status = 200, body = Page<JobOut>)), security(("session" = [])))]
async fn list_jobs(auth: Authorized<SignedIn>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<JobOut>>> {
    let limit = crate::http::page_limit(query.limit, 20);
    let after = crate::http::cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let rows: Vec<BackgroundJob> = sqlx::query_as(
        "SELECT * FROM background_jobs WHERE tenant_id = $1 AND created_by = $2 AND NOT params ? 'parent' AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
    )
    .bind(tenant)
    .bind(auth.actor.id)
    .bind(after)
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?;
    Ok(Json(Page::from_overfetch(rows, limit, |job| vision_kernel::Cursor::id(job.id)).map(JobOut::from)))
}

/// One of the caller's jobs.
#[utoipa::path(get, path = "/jobs/{id}", operation_id = "get_job", tag = "jobs", params(("id" = Uuid, Path)),
    responses((status = 200, body = JobOut), (status = 404)), security(("session" = [])))]
async fn get_job(auth: Authorized<SignedIn>, Path(id): Path<Uuid>) -> ApiResult<Json<JobOut>> {
    let mut tx = auth.read().await?;
    let job = get(&mut tx, id).await?;
    Ok(Json(own(&auth.actor, job)?.into()))
}

/// Asks a job to stop. What was done stays done.
#[utoipa::path(post, path = "/jobs/{id}/cancel", operation_id = "cancel_job", tag = "jobs", params(("id" = Uuid, Path)),
    responses((status = 200, body = JobOut), (status = 404)), security(("session" = [])))]
async fn cancel_job(auth: Authorized<SignedIn>, Path(id): Path<Uuid>) -> ApiResult<Json<JobOut>> {
    let mut tx = auth.begin().await?;
    let job = get(&mut tx, id).await?;
    let job = own(&auth.actor, job)?;
    let tenant = tx.tenant();
    let job: Option<BackgroundJob> = sqlx::query_as(
        "UPDATE background_jobs SET cancel_requested = true WHERE tenant_id = $1 AND id = $2 AND status IN ('queued', 'running') RETURNING *",
    )
    .bind(tenant)
    .bind(job.id)
    .fetch_optional(tx.conn())
    .await?;
    let job = job.ok_or_else(|| Problem::conflict("Ce travail est déjà terminé."))?;
    tx.commit().await?;
    Ok(Json(job.into()))
}

/// Undoes what a job did, as a job.
#[utoipa::path(post, path = "/jobs/{id}/undo", operation_id = "undo_job", tag = "jobs", params(("id" = Uuid, Path)),
    responses((status = 202, body = JobOut), (status = 404), (status = 409)), security(("session" = [])))]
async fn undo_job(auth: Authorized<SignedIn>, Path(id): Path<Uuid>) -> ApiResult<(StatusCode, Json<JobOut>)> {
    let mut tx = auth.begin().await?;
    let job = get(&mut tx, id).await?;
    let job = own(&auth.actor, job)?;
    let runner = auth.app.runners.get(job.kind.as_str()).filter(|_| job.undoable);
    let runner = runner.ok_or_else(|| Problem::conflict("Ce travail ne peut pas être annulé après coup."))?;
    let tenant = tx.tenant();
    let job: Option<BackgroundJob> = sqlx::query_as(
        "UPDATE background_jobs SET status = 'undoing', cursor = NULL WHERE tenant_id = $1 AND id = $2 AND status IN ('done', 'cancelled') RETURNING *",
    )
    .bind(tenant)
    .bind(job.id)
    .fetch_optional(tx.conn())
    .await?;
    let job = job.ok_or_else(|| Problem::conflict("Ce travail a déjà été annulé, ou n’est pas terminé."))?;
    runner(&mut tx, job.id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}

/// The file that a job made.
#[utoipa::path(get, path = "/jobs/{id}/file", operation_id = "download_job_file", tag = "jobs", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404)), security(("session" = [])))]
async fn download_job_file(auth: Authorized<SignedIn>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    let job = get(&mut tx, id).await?;
    drop(tx);
    let job = own(&auth.actor, job)?;
    let (Some(key), Some(name)) = (job.file_key, job.file_name) else { return Err(Problem::not_found().into()) };
    let (size, content) = auth.app.files.stream(&key).await?;
    Ok(attachment(&name, Some(size), Body::from_stream(content)))
}

/// A download: never shown inline, never sniffed.
pub fn attachment(name: &str, size: Option<u64>, body: Body) -> Response {
    let kind = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => "text/csv; charset=utf-8",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("vcf") => "text/vcard; charset=utf-8",
        Some("pdf") => "application/pdf",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    };
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", name.replace(['"', '\\'], ""))) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    if let Some(size) = size {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    response
}

/// 202 with the job.
pub fn accepted(job: BackgroundJob) -> Response {
    (StatusCode::ACCEPTED, Created::location(&format!("/api/v1/jobs/{}", job.id)), Json(JobOut::from(job))).into_response()
}
