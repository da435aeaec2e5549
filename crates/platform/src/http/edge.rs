//! The outermost layer: request id, identity, CSRF, burst limit, problems, security headers, one log line per failure.

use crate::app::App;
use crate::auth::{ACCESS_COOKIE, Credentials, Identity};
use crate::failure::Failure;
use crate::http::problem::{Outgoing, render};
use crate::http::ratelimit::{Allowance, count_api_request};
use crate::{crypto, throttle};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::time::Instant;
use vision_kernel::{Actor, ActorKind, Problem, ProblemKind};

/// The id of a request, in its answer and its log lines.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The caller's address as far as it is known.
#[derive(Debug, Clone)]
pub struct ClientIp(pub Option<String>);

/// The cookie `name`, if sent.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// What the request presents: a bearer token before the cookie.
pub fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        return Some(Credentials::Bearer(token.unwrap_or_default().trim().to_owned()));
    }
    cookie(headers, ACCESS_COOKIE).map(Credentials::Cookie)
}

/// The caller's address: of the connection, or of the proxy's last word where one is trusted.
pub fn client_ip(app: &App, request: &Request) -> Option<String> {
    if app.config.trust_proxy {
        let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
        if let Some(last) = forwarded.and_then(|list| list.rsplit(',').next()) {
            return Some(last.trim().to_owned());
        }
    }
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string())
}

/// Runs around every API request.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = app.clock.new_id().simple().to_string();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let ip = client_ip(&app, &request);
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(ClientIp(ip.clone()));

    let mut allowance = None;
    let response = match admit(&app, &mut request, ip.as_deref(), &mut allowance).await {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    let mut response = finish(response, &id, &method, &route);
    let headers = response.headers_mut();
    if let Some(allowance) = allowance {
        headers.insert("ratelimit-limit", HeaderValue::from(allowance.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(allowance.remaining));
        headers.insert("ratelimit-reset", HeaderValue::from(allowance.reset));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let status = response.status().as_u16().to_string();
    metrics::histogram!("vision_http_seconds", "method" => method.to_string(), "route" => route, "status" => status)
        .record(started.elapsed().as_secs_f64());
    response
}

/// Identity, CSRF and limits; an error refuses the request.
async fn admit(app: &App, request: &mut Request, ip: Option<&str>, allowance: &mut Option<Allowance>) -> Result<(), Failure> {
    let credentials = credentials(request.headers());
    let actor = match &credentials {
        Some(credentials) => app.authenticator.authenticate(app, credentials, ip).await?,
        None => None,
    };
    let key = actor
        .as_ref()
        .map_or_else(|| format!("ip:{}", ip.unwrap_or_default()), |actor| format!("actor:{}", actor.session_id.unwrap_or(actor.id)));
    let mut granted = app.limiter.take(&key);
    if granted.allowed
        && let Some(actor) = actor.as_ref().filter(|actor| actor.kind == ActorKind::ApiKey)
    {
        granted = count_api_request(app, actor).await?;
    }
    *allowance = Some(granted);
    if !granted.allowed {
        let now = app.clock.now();
        let until = now + jiff::SignedDuration::from_secs(i64::try_from(granted.reset).unwrap_or(1));
        return Err(throttle::too_many(now, until).into());
    }
    if let (Some(Credentials::Cookie(_)), Some(actor)) = (&credentials, &actor) {
        check_csrf(app, request, actor)?;
    }
    request.extensions_mut().insert(Identity(actor));
    Ok(())
}

/// A cookie alone proves nothing about who wrote the request: unsafe methods must echo the session's token, and browsers that say
/// that another site sent the request are believed.
fn check_csrf(app: &App, request: &Request, actor: &Actor) -> Result<(), Failure> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let foreign = request.headers().get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let sent = request.headers().get("x-csrf-token").map_or(&b""[..], HeaderValue::as_bytes);
    let expected = actor.session_id.map(|session| app.authenticator.csrf_token(app, session)).unwrap_or_default();
    if foreign || expected.is_empty() || !crypto::equal(sent, expected.as_bytes()) {
        return Err(Problem::new(ProblemKind::Csrf).into());
    }
    Ok(())
}

/// Completes problems and logs what is ours to mend.
fn finish(response: Response, id: &str, method: &Method, route: &str) -> Response {
    let outgoing = response.extensions().get::<Outgoing>().and_then(Outgoing::take);
    let problem = match outgoing {
        Some(problem) => problem,
        // Refusals made by the framework itself (wrong path parameter, query, body limit) have no problem yet.
        None if response.status().is_client_error() && !is_problem(&response) => framework_refusal(response.status().as_u16()),
        None if response.status().is_server_error() && !is_problem(&response) => Problem::new(ProblemKind::Internal),
        None => return with_id(response, id),
    };
    if problem.kind.status() >= 500 {
        tracing::error!(request_id = id, %method, route, problem = %problem, "request failed");
    }
    let mut rendered = render(&problem, id);
    // Cookies set beside a refusal (a cleared session) are part of the answer.
    for value in response.headers().get_all(header::SET_COOKIE) {
        rendered.headers_mut().append(header::SET_COOKIE, value.clone());
    }
    if let Some(allow) = response.headers().get(header::ALLOW) {
        rendered.headers_mut().insert(header::ALLOW, allow.clone());
    }
    with_id(rendered, id)
}

fn is_problem(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}

fn framework_refusal(status: u16) -> Problem {
    match status {
        404 => Problem::not_found(),
        405 => Problem::new(ProblemKind::MethodNotAllowed),
        413 => Problem::new(ProblemKind::TooLarge),
        415 => Problem::new(ProblemKind::UnsupportedMediaType),
        408 => Problem::new(ProblemKind::Unavailable).detail("La requête a pris trop de temps."),
        _ => Problem::new(ProblemKind::BadRequest).detail("L’adresse ou les paramètres de la requête ne sont pas valables."),
    }
}

fn with_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// Headers of every answer, pages included.
pub async fn security_headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "strict-origin-when-cross-origin");
    set("x-frame-options", "DENY");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
    set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    if app.config.is_https() {
        set("strict-transport-security", "max-age=63072000; includeSubDomains");
    }
    response
}
