//! Routes of sign-up, verification and reset. Public.

use super::ops::{self, NewAccount};
use crate::sessions::{Client, SessionOut, http::respond};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};
use vision_kernel::{Email, Problem};
use vision_platform::http::Json;
use vision_platform::{ApiResult, App};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(signup))
        .routes(routes!(verify_email))
        .routes(routes!(resend_verification))
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
}

/// A company and its owner.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SignupIn {
    pub(crate) email: String,
    /// At least 12 characters, not guessable.
    pub(crate) password: String,
    pub(crate) full_name: String,
    pub(crate) company_name: String,
    /// `garage`, `hotel`, `restaurant`, `other`
    pub(crate) trade: Option<String>,
    /// IANA zone; Europe/Paris by default.
    pub(crate) time_zone: Option<String>,
}

/// An address.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EmailIn {
    email: String,
}

/// The token of the mailed link, or the address and the mailed code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct VerifyIn {
    token: Option<String>,
    email: Option<String>,
    code: Option<String>,
}

/// The token of the mailed link and the new password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ResetIn {
    token: String,
    password: String,
}

fn email(text: &str) -> Result<Email, Problem> {
    Email::parse(text).ok_or_else(|| Problem::field("/email", "invalid", "Cette adresse e-mail n’est pas valable."))
}

/// Signs a company up and mails a link and a code. The answer is the same for a known address.
#[utoipa::path(post, path = "/auth/signup", operation_id = "sign_up", tag = "auth", request_body = SignupIn, responses((status = 202), (status = 422)))]
async fn signup(State(app): State<App>, client: Client, Json(input): Json<SignupIn>) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    ops::sign_up(&app, NewAccount::parse(input)?, &client).await?;
    Ok((StatusCode::ACCEPTED, Json(serde_json::json!({}))))
}

/// Confirms an address and opens a session.
#[utoipa::path(post, path = "/auth/verify-email", operation_id = "verify_email", tag = "auth", request_body = VerifyIn,
    responses((status = 200, body = SessionOut), (status = 422)))]
async fn verify_email(State(app): State<App>, client: Client, Json(input): Json<VerifyIn>) -> ApiResult<Response> {
    let address = input.email.as_deref().map(email).transpose()?;
    let by_code = address.as_ref().zip(input.code.as_deref());
    let opened = ops::verify(&app, input.token.as_deref(), by_code, &client).await?;
    Ok(respond(&app, opened))
}

/// Mails the link and the code again.
#[utoipa::path(post, path = "/auth/verify-email/resend", operation_id = "resend_verification", tag = "auth", request_body = EmailIn, responses((status = 202)))]
async fn resend_verification(State(app): State<App>, Json(input): Json<EmailIn>) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    ops::resend(&app, &email(&input.email)?).await?;
    Ok((StatusCode::ACCEPTED, Json(serde_json::json!({}))))
}

/// Mails a link to choose a new password, if the address is known. The answer does not tell.
#[utoipa::path(post, path = "/auth/password/forgot", operation_id = "forgot_password", tag = "auth", request_body = EmailIn, responses((status = 202)))]
async fn forgot_password(State(app): State<App>, Json(input): Json<EmailIn>) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    ops::forgot(&app, &email(&input.email)?).await?;
    Ok((StatusCode::ACCEPTED, Json(serde_json::json!({}))))
}

/// Sets a new password and ends every session.
#[utoipa::path(post, path = "/auth/password/reset", operation_id = "reset_password", tag = "auth", request_body = ResetIn, responses((status = 204), (status = 422)))]
async fn reset_password(State(app): State<App>, client: Client, Json(input): Json<ResetIn>) -> ApiResult<StatusCode> {
    ops::reset(&app, &input.token, input.password, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}
