//! Routes of sessions, and the answer that opens one.

use super::ops::{self, Client, Opened};
use super::store;
use crate::tokens::SESSION_DAYS;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cookie::{Cookie, SameSite};
use jiff::Timestamp;
use serde::Serialize;
use std::convert::Infallible;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::auth::{ACCESS_COOKIE, CSRF_COOKIE, REFRESH_COOKIE};
use vision_platform::http::Json;
use vision_platform::http::edge::{self, ClientIp};
use vision_platform::{ApiResult, App, Authorized, permits::SignedIn};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(refresh_session))
        .routes(routes!(logout))
        .routes(routes!(logout_everywhere))
        .routes(routes!(switch_tenant))
        .routes(routes!(list_sessions))
        .routes(routes!(revoke_session))
}

/// A person in a session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionUser {
    id: Uuid,
    email: String,
    full_name: String,
}

/// A tenant in a session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionTenant {
    id: Uuid,
    slug: String,
    name: String,
}

/// An open session. Browsers use the cookies that come with it; programs use the access token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Session)]
pub struct SessionOut {
    /// JWT, valid for `expires_in` seconds.
    access_token: String,
    /// `Bearer`
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    user: SessionUser,
    tenant: SessionTenant,
}

fn set_cookie(name: &'static str, value: String, seconds: i64, readable: bool) -> HeaderValue {
    // `__Host-` needs Secure, Path=/ and no Domain; browsers treat localhost as secure.
    let cookie = Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(!readable)
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(seconds))
        .build();
    HeaderValue::from_str(&cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The answer that carries a session: body and cookies.
pub(crate) fn respond(app: &App, opened: Opened) -> Response {
    let csrf = app.authenticator.csrf_token(app, opened.session_id);
    let mut headers = HeaderMap::new();
    headers.append(header::SET_COOKIE, set_cookie(ACCESS_COOKIE, opened.access_token.clone(), ops::access_seconds(), false));
    headers.append(header::SET_COOKIE, set_cookie(CSRF_COOKIE, csrf, 86_400 * SESSION_DAYS, true));
    if let Some(refresh) = &opened.refresh_token {
        headers.append(header::SET_COOKIE, set_cookie(REFRESH_COOKIE, refresh.clone(), 86_400 * SESSION_DAYS, false));
    }
    let body = SessionOut {
        access_token: opened.access_token,
        token_type: "Bearer",
        expires_in: ops::access_seconds(),
        user: SessionUser { id: opened.user_id, email: opened.email, full_name: opened.full_name },
        tenant: SessionTenant { id: opened.tenant_id, slug: opened.slug, name: opened.tenant_name },
    };
    (headers, Json(body)).into_response()
}

/// 204 that clears the cookies.
fn signed_out() -> Response {
    let mut headers = HeaderMap::new();
    for (name, readable) in [(ACCESS_COOKIE, false), (CSRF_COOKIE, true), (REFRESH_COOKIE, false)] {
        headers.append(header::SET_COOKIE, set_cookie(name, String::new(), 0, readable));
    }
    headers.append("clear-site-data", HeaderValue::from_static("\"cache\""));
    (StatusCode::NO_CONTENT, headers).into_response()
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self {
            ip: parts.extensions.get::<ClientIp>().and_then(|ip| ip.0.clone()),
            user_agent: user_agent.map(|text| text.chars().take(400).collect()),
        })
    }
}

/// Exchanges the refresh cookie for a new session answer. The token is good once.
#[utoipa::path(post, path = "/auth/refresh", operation_id = "refresh_session", tag = "auth",
    responses((status = 200, body = SessionOut), (status = 401)))]
async fn refresh_session(State(app): State<App>, client: Client, headers: HeaderMap) -> ApiResult<Response> {
    let presented = edge::cookie(&headers, REFRESH_COOKIE).unwrap_or_default();
    let opened = ops::refresh(&app, &presented, &client).await?;
    Ok(respond(&app, opened))
}

/// Ends this session.
#[utoipa::path(post, path = "/auth/logout", operation_id = "logout", tag = "auth", responses((status = 204)), security(("session" = [])))]
async fn logout(auth: Authorized<SignedIn>) -> ApiResult<Response> {
    let mut tx = auth.app.db.system().await?;
    if let Some(session) = auth.actor.session_id {
        store::revoke(&mut tx, auth.actor.tenant_id, session, auth.actor.id, "signed out").await?;
        let holder = store::holder(&mut tx, auth.actor.tenant_id, auth.actor.id).await?;
        let event = crate::events::AccountEvent { name: crate::events::SIGNED_OUT, user_id: auth.actor.id, email: holder.email };
        tx.audit(&auth.actor, &event).await?;
    }
    tx.commit().await?;
    Ok(signed_out())
}

/// Ends every session of the person, on every device and in every tenant.
#[utoipa::path(post, path = "/auth/logout-everywhere", operation_id = "logout_everywhere", tag = "auth", responses((status = 204)), security(("session" = [])))]
async fn logout_everywhere(auth: Authorized<SignedIn>) -> ApiResult<Response> {
    let mut tx = auth.app.db.system().await?;
    store::revoke_all(&mut tx, auth.actor.id, None, "signed out everywhere").await?;
    tx.commit().await?;
    Ok(signed_out())
}

/// Which tenant to go to.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
pub struct SwitchIn {
    tenant_id: Uuid,
}

/// Opens a session in another tenant of the same person, and ends this one.
#[utoipa::path(post, path = "/auth/switch-tenant", operation_id = "switch_tenant", tag = "auth", request_body = SwitchIn,
    responses((status = 200, body = SessionOut), (status = 404)), security(("session" = [])))]
async fn switch_tenant(auth: Authorized<SignedIn>, client: Client, Json(input): Json<SwitchIn>) -> ApiResult<Response> {
    let mut tx = auth.app.db.system().await?;
    if auth.actor.session_id.is_none() || !store::tenants_of(&mut tx, auth.actor.id).await?.contains(&input.tenant_id) {
        return Err(Problem::not_found().into());
    }
    let opened = ops::open(&auth.app, &mut tx, input.tenant_id, auth.actor.id, &client).await?;
    if let Some(session) = auth.actor.session_id {
        store::revoke(&mut tx, auth.actor.tenant_id, session, auth.actor.id, "switched tenant").await?;
    }
    tx.commit().await?;
    Ok(respond(&auth.app, opened))
}

/// A session as its owner sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Device)]
pub struct DeviceOut {
    id: Uuid,
    current: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    ip: Option<String>,
    user_agent: Option<String>,
    /// Browser and system, in words.
    device: String,
    tenant_name: String,
}

/// At most a hundred sessions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceList {
    items: Vec<DeviceOut>,
}

/// Browser and system from a user agent, for people: good enough to recognise one's own devices.
pub(crate) fn device_label(user_agent: Option<&str>) -> String {
    let text = user_agent.unwrap_or_default();
    let first = |known: &[(&str, &str)]| known.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| (*name).to_owned());
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "Appareil inconnu".to_owned(),
    }
}

/// The person's open sessions, on every device.
#[utoipa::path(get, path = "/me/sessions", operation_id = "list_sessions", tag = "me", responses((status = 200, body = DeviceList)), security(("session" = [])))]
async fn list_sessions(auth: Authorized<SignedIn>) -> ApiResult<Json<DeviceList>> {
    let mut tx = auth.app.db.system().await?;
    let rows = store::devices(&mut tx, auth.actor.id).await?;
    let items = rows
        .into_iter()
        .map(|row| DeviceOut {
            current: auth.actor.session_id == Some(row.id),
            id: row.id,
            created_at: row.created_at.to_jiff(),
            last_seen_at: row.last_seen_at.to_jiff(),
            device: device_label(row.user_agent.as_deref()),
            ip: row.ip,
            user_agent: row.user_agent,
            tenant_name: row.tenant_name,
        })
        .collect();
    Ok(Json(DeviceList { items }))
}

/// Ends one of the person's sessions.
#[utoipa::path(delete, path = "/me/sessions/{id}", operation_id = "revoke_session", tag = "me", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = [])))]
async fn revoke_session(auth: Authorized<SignedIn>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.app.db.system().await?;
    let rows = store::devices(&mut tx, auth.actor.id).await?;
    let row = rows.iter().find(|row| row.id == id).ok_or_else(Problem::not_found)?;
    store::revoke(&mut tx, row.tenant_id, id, auth.actor.id, "revoked by its owner").await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
