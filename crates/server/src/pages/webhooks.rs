//! `/webhooks/…`: what providers send. No session, no cookie: a message is believed by its signature over its bytes.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use vision_billing::payments::online::webhook;
use vision_kernel::Problem;
use vision_platform::{ApiResult, App};

/// An event takes some kilobytes.
const MOST: usize = 512 * 1024;

/// Routes.
pub fn routes() -> Router<App> {
    Router::new().route("/webhooks/payments/{provider}", post(payments)).layer(DefaultBodyLimit::max(MOST))
}

async fn payments(State(app): State<App>, Path(provider): Path<String>, headers: HeaderMap, body: Bytes) -> ApiResult<StatusCode> {
    if provider != app.payments.name() {
        return Err(Problem::not_found().into());
    }
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let receipt = webhook::receive(&app, signature, &body).await?;
    webhook::status(receipt)?;
    Ok(StatusCode::OK)
}
