//! Who asks for a page: an address and a browser, for the limits and for the evidence.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use vision_platform::App;
use vision_platform::http::edge;

/// The one who looks at a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    /// Address, as far as it is known.
    pub ip: Option<String>,
    /// What the browser says it is, cut to 400 characters.
    pub user_agent: String,
    /// A person navigates, so their browser says. Scanners of mail and previews of links do not say so, and have seen nothing.
    pub navigates: bool,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Runs around every page: the visitor, a limit per address, and the refusal of forms that another site sends.
pub(crate) async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let ip = edge::client_ip(&app, &request);
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let navigates = request.headers().get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    let visitor = Visitor { user_agent: agent.chars().take(400).collect(), ip, navigates };
    let granted = app.limiter.take(&format!("page:{}", visitor.ip.as_deref().unwrap_or_default()));
    if !granted.allowed {
        let mut answer = (StatusCode::TOO_MANY_REQUESTS, "Trop de demandes : patientez un instant.").into_response();
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(granted.reset));
        return answer;
    }
    let foreign = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if foreign && !request.method().is_safe() {
        return StatusCode::FORBIDDEN.into_response();
    }
    request.extensions_mut().insert(visitor);
    let mut response = next.run(request).await;
    // What a link shows is for its holder: no cache between keeps it.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    // The address holds the secret: it is told to nobody that a page links to.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    response
}
