//! Routes of sign-in by password. Public.

use super::ops;
use crate::sessions::{Client, SessionOut, http::respond};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_platform::http::Json;
use vision_platform::{ApiResult, App};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(mfa))
}

/// Address and password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct LoginIn {
    email: String,
    password: String,
    /// For people of several tenants; the last one used by default.
    tenant_id: Option<Uuid>,
}

/// The second step.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MfaIn {
    /// From the `mfa_required` problem.
    mfa_token: String,
    /// Six digits, or a recovery code.
    code: String,
}

/// Signs in. 401 `mfa_required` carries `mfa_token` for the second step; every other failure looks the same.
#[utoipa::path(post, path = "/auth/login", operation_id = "login", tag = "auth", request_body = LoginIn,
    responses((status = 200, body = SessionOut), (status = 401), (status = 429)))]
async fn login(State(app): State<App>, client: Client, Json(input): Json<LoginIn>) -> ApiResult<Response> {
    let opened = ops::login(&app, &input.email, input.password, input.tenant_id, &client).await?;
    Ok(respond(&app, opened))
}

/// Finishes a sign-in with a second factor.
#[utoipa::path(post, path = "/auth/mfa", operation_id = "login_second_factor", tag = "auth", request_body = MfaIn,
    responses((status = 200, body = SessionOut), (status = 401)))]
async fn mfa(State(app): State<App>, client: Client, Json(input): Json<MfaIn>) -> ApiResult<Response> {
    let opened = ops::second_factor(&app, &input.mfa_token, &input.code, &client).await?;
    Ok(respond(&app, opened))
}
