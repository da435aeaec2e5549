//! `Idempotency-Key` on POST: the first answer is kept 24 h per tenant, actor and key, and given again to a retry.

use crate::app::App;
use crate::auth::Identity;
use crate::crypto;
use crate::failure::Failure;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;
use vision_kernel::{Actor, Attempt, Problem, ProblemKind};

/// The largest body that takes part: uploads are idempotent by other means.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// A request that has not answered after this long was cut off; the key may be tried again.
const ABANDONED: SignedDuration = SignedDuration::from_secs(60);

enum Claim {
    Fresh,
    /// Written by a try whose answer was lost; what it wrote, where it said so.
    Applied(Option<serde_json::Value>),
    Replay {
        status: u16,
        content_type: Option<String>,
        location: Option<String>,
        body: Vec<u8>,
    },
    Mismatch,
    Running,
}

/// The layer.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let actor = request.extensions().get::<Identity>().and_then(|identity| identity.0.clone());
    let is_upload = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"application/json"));
    match (key, actor) {
        (Some(key), Some(actor)) if request.method() == Method::POST && !is_upload => {
            if key.is_empty() || key.len() > 255 {
                let problem = Problem::new(ProblemKind::BadRequest).detail("L’en-tête Idempotency-Key doit compter de 1 à 255 caractères.");
                return Failure::from(problem).into_response();
            }
            handle(&app, actor.tenant_id, actor.id, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn handle(app: &App, tenant: Uuid, actor: Uuid, key: &str, request: Request, next: Next) -> Result<Response, Failure> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Problem::new(ProblemKind::TooLarge))?;
    let mut fingerprint = parts.uri.path().as_bytes().to_vec();
    fingerprint.push(0);
    fingerprint.extend_from_slice(&body);
    let hash = crypto::sha256(&fingerprint);
    let attempt = Attempt { key: key.to_owned(), id: app.clock.new_id() };
    match claim(app, tenant, actor, &attempt, &hash).await? {
        Claim::Fresh => {}
        Claim::Applied(applied) => {
            let problem = Problem::new(ProblemKind::AlreadyApplied)
                .detail("La première requête portant cette clé a été enregistrée ; sa réponse a été perdue dans une panne.");
            return Err(problem.with("applied", applied).into());
        }
        Claim::Mismatch => return Err(Problem::new(ProblemKind::IdempotencyMismatch).into()),
        Claim::Running => {
            return Err(Problem::conflict("La première requête portant cette clé est encore en cours.").with("retry_after", 1).into());
        }
        Claim::Replay { status, content_type, location, body } => {
            let mut response = (StatusCode::from_u16(status).unwrap_or(StatusCode::OK), Body::from(body)).into_response();
            let headers = response.headers_mut();
            for (name, value) in [(header::CONTENT_TYPE, content_type), (header::LOCATION, location)] {
                if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                    headers.insert(name, value);
                }
            }
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
            return Ok(response);
        }
    }
    if let Some(Identity(Some(actor))) = parts.extensions.get_mut::<Identity>() {
        actor.attempt = Some(attempt.clone());
    }
    let response = next.run(axum::http::Request::from_parts(parts, Body::from(body))).await;
    // Only what succeeded is remembered: after an error nothing was written, and the client may correct and try again.
    if !response.status().is_success() {
        release(app, tenant, actor, &attempt).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|error| Problem::internal(error.to_string()))?;
    let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let mut tx = app.db.system().await?;
    sqlx::query(
        "UPDATE idempotency_keys SET status = $4, content_type = $5, location = $6, body = $7
         WHERE tenant_id = $1 AND actor_id = $2 AND key = $3 AND attempt = $8",
    )
    .bind(tenant)
    .bind(actor)
    .bind(key)
    .bind(i16::try_from(parts.status.as_u16()).unwrap_or(200))
    .bind(text(header::CONTENT_TYPE))
    .bind(text(header::LOCATION))
    .bind(body.as_ref())
    .bind(attempt.id)
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

#[derive(sqlx::FromRow)]
struct StoredRow {
    request_hash: Vec<u8>,
    status: Option<i16>,
    content_type: Option<String>,
    location: Option<String>,
    body: Option<Vec<u8>>,
    /// The try that wrote, and is no longer expected to answer.
    is_applied: bool,
    applied: Option<serde_json::Value>,
}

async fn claim(app: &App, tenant: Uuid, actor: Uuid, attempt: &Attempt, hash: &[u8]) -> Result<Claim, Failure> {
    let mut tx = app.db.system().await?;
    let now = tx.now();
    let inserted = sqlx::query(
        "INSERT INTO idempotency_keys AS k (tenant_id, actor_id, key, request_hash, created_at, attempt) VALUES ($1, $2, $3, $4, $5, $8)
         ON CONFLICT (tenant_id, actor_id, key) DO UPDATE
         SET request_hash = $4, created_at = $5, attempt = $8, status = NULL, body = NULL, applied_by = NULL, applied = NULL
         WHERE k.created_at < $6 OR (k.status IS NULL AND k.applied_by IS NULL AND k.request_hash = $4 AND k.created_at < $7)",
    )
    .bind(tenant)
    .bind(actor)
    .bind(&attempt.key)
    .bind(hash)
    .bind(now.to_sqlx())
    .bind((now - SignedDuration::from_hours(24)).to_sqlx())
    .bind((now - ABANDONED).to_sqlx())
    .bind(attempt.id)
    .execute(tx.conn())
    .await?
    .rows_affected();
    if inserted == 1 {
        tx.commit().await?;
        return Ok(Claim::Fresh);
    }
    let stored: StoredRow = sqlx::query_as(
        "SELECT request_hash, status, content_type, location, body, applied_by IS NOT NULL AND created_at < $4 AS is_applied, applied
         FROM idempotency_keys WHERE tenant_id = $1 AND actor_id = $2 AND key = $3",
    )
    .bind(tenant)
    .bind(actor)
    .bind(&attempt.key)
    .bind((now - ABANDONED).to_sqlx())
    .fetch_one(tx.conn())
    .await?;
    if stored.request_hash != hash {
        return Ok(Claim::Mismatch);
    }
    Ok(match stored.status {
        None if stored.is_applied => Claim::Applied(stored.applied),
        None => Claim::Running,
        Some(status) => Claim::Replay {
            status: u16::try_from(status).unwrap_or(200),
            content_type: stored.content_type,
            location: stored.location,
            body: stored.body.unwrap_or_default(),
        },
    })
}

/// Marks the key within the transaction that writes. Another try may have taken the key over since this one claimed it (a request
/// that took longer than [`ABANDONED`]): then this one must not commit.
pub(crate) async fn mark(conn: &mut PgConnection, actor: &Actor, applied: Option<serde_json::Value>) -> Result<(), Failure> {
    let Some(attempt) = &actor.attempt else { return Ok(()) };
    let marked = sqlx::query(
        "UPDATE idempotency_keys SET applied_by = $4, applied = coalesce(applied, $5)
         WHERE tenant_id = $1 AND actor_id = $2 AND key = $3 AND attempt = $4",
    )
    .bind(actor.tenant_id)
    .bind(actor.id)
    .bind(&attempt.key)
    .bind(attempt.id)
    .bind(applied)
    .execute(conn)
    .await?
    .rows_affected();
    if marked == 1 {
        return Ok(());
    }
    Err(Problem::conflict("Une nouvelle tentative de cette requête est en cours.").into())
}

/// Gives the key back after a refusal, unless another try has taken it over.
async fn release(app: &App, tenant: Uuid, actor: Uuid, attempt: &Attempt) -> Result<(), Failure> {
    let mut tx = app.db.system().await?;
    sqlx::query(
        "DELETE FROM idempotency_keys WHERE tenant_id = $1 AND actor_id = $2 AND key = $3 AND attempt = $4 AND status IS NULL AND applied_by IS NULL",
    )
    .bind(tenant)
    .bind(actor)
    .bind(&attempt.key)
    .bind(attempt.id)
    .execute(tx.conn())
    .await?;
    tx.commit().await
}
