//! `/api/docs`: the API reference, with the reader's script served from here.

use super::nonce;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use vision_platform::App;

/// Routes.
pub fn routes() -> Router<App> {
    Router::new().route("/api/docs", get(page))
}

async fn page() -> Response {
    let nonce = nonce();
    let html = format!(
        "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>API Vision CRM</title></head><body><div id=\"reference\"></div><script nonce=\"{nonce}\" src=\"/scalar/standalone.js\"></script>\
         <script nonce=\"{nonce}\">Scalar.createApiReference('#reference', {{ url: '/api/v1/openapi.json', withDefaultFonts: false, telemetry: false }})</script></body></html>"
    );
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
         object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}
