//! `/boite-essai`: what would have been sent while no mail server is configured. A person can open, click and answer.
//!
//! It shows the mail of every tenant, so it is for the one who runs the instance: never mounted in production, and otherwise open
//! to requests from this machine that no proxy has forwarded and that name it by a local name.

use askama::Template;
use axum::Router;
use axum::extract::{ConnectInfo, Form, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::net::SocketAddr;
use uuid::Uuid;
use vision_platform::mailbox::{TestMailbox, TestMessage};
use vision_platform::{ApiResult, App};

/// Routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/boite-essai", get(list))
        .route("/boite-essai/vider", post(clear))
        .route("/boite-essai/{id}", get(open))
        .route("/boite-essai/{id}/repondre", post(reply))
        .route("/boite-essai/{id}/pieces/{position}", get(piece))
        .layer(from_fn(local_only))
}

/// Only this machine, by a local name: a page of another site cannot read it through a borrowed host name.
pub(super) async fn local_only(request: Request, next: Next) -> Response {
    let local_peer = request.extensions().get::<ConnectInfo<SocketAddr>>().is_some_and(|info| info.0.ip().is_loopback());
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let local_name = matches!(host.rsplit_once(':').map_or(host, |(name, _)| name), "localhost" | "127.0.0.1" | "[::1]");
    let forwarded = request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    let foreign = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let safe_method = request.method().is_safe();
    if !local_peer || !local_name || forwarded || (foreign && !safe_method) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = next.run(request).await;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

struct Line {
    id: Uuid,
    recipient: String,
    subject: String,
    at: String,
    unread: bool,
}

struct Part {
    from: String,
    to: String,
    at: String,
    html: String,
    body: String,
}

#[derive(Template)]
#[template(path = "mailbox_list.html")]
struct ListPage {
    messages: Vec<Line>,
    recipient: String,
}

#[derive(Template)]
#[template(path = "mailbox_message.html")]
struct MessagePage {
    id: Uuid,
    subject: String,
    files: Vec<String>,
    parts: Vec<Part>,
}

fn time(at: &jiff_sqlx::Timestamp) -> String {
    at.to_jiff().to_zoned(jiff::tz::TimeZone::get("Europe/Paris").unwrap_or(jiff::tz::TimeZone::UTC)).strftime("%d/%m/%Y %H:%M").to_string()
}

pub(super) fn page(template: &impl Template) -> Response {
    template.render().map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |html| Html(html).into_response())
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    a: String,
}

async fn list(State(app): State<App>, Query(query): Query<ListQuery>) -> ApiResult<Response> {
    let recipient = Some(query.a.trim()).filter(|text| !text.is_empty());
    let messages = TestMailbox::new(app.db.clone()).list(recipient).await?;
    let messages = messages
        .into_iter()
        .map(|m| Line { id: m.id, recipient: m.recipient, subject: m.subject, at: time(&m.created_at), unread: m.read_at.is_none() })
        .collect();
    Ok(page(&ListPage { messages, recipient: query.a }))
}

async fn open(State(app): State<App>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let messages = TestMailbox::new(app.db.clone()).open(id).await?;
    let Some(first) = messages.first() else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let subject = first.subject.clone();
    let part = |m: &TestMessage| Part {
        from: m.sender.clone(),
        to: m.recipient.clone(),
        at: time(&m.created_at),
        // Links open outside of the frame, which runs no script.
        html: if m.html.is_empty() { String::new() } else { m.html.replacen("<head>", "<head><base target=\"_blank\">", 1) },
        body: m.body.clone(),
    };
    let files = TestMailbox::new(app.db.clone()).files(id).await?;
    Ok(page(&MessagePage { id, subject, files, parts: messages.iter().map(part).collect() }))
}

async fn piece(State(app): State<App>, Path((id, position)): Path<(Uuid, i32)>) -> ApiResult<Response> {
    let Some((name, kind, content)) = TestMailbox::new(app.db.clone()).file(id, position).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, content).into_response())
}

#[derive(Deserialize)]
struct ReplyForm {
    body: String,
}

async fn reply(State(app): State<App>, Path(id): Path<Uuid>, Form(form): Form<ReplyForm>) -> ApiResult<Redirect> {
    let body = form.body.trim();
    if !body.is_empty() && body.len() <= 20_000 {
        TestMailbox::new(app.db.clone()).reply(id, body).await?;
    }
    Ok(Redirect::to(&format!("/boite-essai/{id}")))
}

async fn clear(State(app): State<App>) -> ApiResult<Redirect> {
    TestMailbox::new(app.db.clone()).clear().await?;
    Ok(Redirect::to("/boite-essai"))
}
