//! `GET /live`: one stream per browser tab. It ends when the session ends.

use crate::app::App;
use crate::auth::{Authorized, Credentials, permits::SignedIn};
use crate::failure::ApiResult;
use crate::http::edge;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How often an open stream checks that its session still holds.
const RECHECK: Duration = Duration::from_secs(30);

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live))
}

/// Changes of the tenant as they happen: `event: change`, `data: {"domain", "id", "kind"}`.
#[utoipa::path(get, path = "/live", operation_id = "stream_changes", tag = "live",
    responses((status = 200, content_type = "text/event-stream", body = String)), security(("session" = [])))]
async fn live(auth: Authorized<SignedIn>, headers: HeaderMap) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let credentials = edge::credentials(&headers);
    let receiver = auth.app.live.subscribe();
    let state = (auth, credentials, receiver, tokio::time::Instant::now() + RECHECK);
    let stream = futures::stream::unfold(state, |(auth, credentials, mut receiver, mut recheck)| async move {
        loop {
            match tokio::time::timeout_at(recheck, receiver.recv()).await {
                Err(_) => {
                    recheck = tokio::time::Instant::now() + RECHECK;
                    if !still_valid(&auth, credentials.as_ref()).await {
                        return None;
                    }
                }
                Ok(Ok(change))
                    if (change.tenant == auth.actor.tenant_id || change.tenant.is_nil())
                        && change.user.is_none_or(|user| user == auth.actor.id) =>
                {
                    let data = serde_json::json!({ "domain": change.domain, "id": change.id, "kind": change.kind });
                    return Some((Ok(Event::default().event("change").data(data.to_string())), (auth, credentials, receiver, recheck)));
                }
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Lagged(_))) => {
                    let data = serde_json::json!({ "domain": "all", "kind": "resync" });
                    return Some((Ok(Event::default().event("change").data(data.to_string())), (auth, credentials, receiver, recheck)));
                }
                Ok(Err(RecvError::Closed)) => return None,
            }
        }
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

async fn still_valid(auth: &Authorized<SignedIn>, credentials: Option<&Credentials>) -> bool {
    match credentials {
        None => false,
        // A database that is away for a moment does not end the stream.
        Some(credentials) => !matches!(auth.app.authenticator.authenticate(&auth.app, credentials, None).await, Ok(None)),
    }
}
