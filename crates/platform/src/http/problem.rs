//! Problems on the wire. A handler's failure carries its source up to the edge layer, which logs it once and adds the request id.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex};
use vision_kernel::{Problem, ProblemKind};

/// A problem on its way out; the edge layer turns it into the body.
#[derive(Clone)]
pub struct Outgoing(Arc<Mutex<Option<Problem>>>);

impl Outgoing {
    /// Takes the problem out.
    pub fn take(&self) -> Option<Problem> {
        self.0.lock().ok().and_then(|mut guard| guard.take())
    }
}

/// Wraps a problem for the edge layer.
pub fn respond(problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = status.into_response();
    response.extensions_mut().insert(Outgoing(Arc::new(Mutex::new(Some(problem)))));
    response
}

/// The final answer.
pub fn render(problem: &Problem, request_id: &str) -> Response {
    let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Body::from(problem.to_json(request_id).to_string())).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = problem.extra.get("retry_after").and_then(serde_json::Value::as_i64) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.kind == ProblemKind::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
