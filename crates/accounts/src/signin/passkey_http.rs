//! Routes of sign-in by passkey. Public.

use super::{ops, passkeys};
use crate::sessions::{Client, SessionOut, http::respond};
use crate::signup::store;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_platform::http::Json;
use vision_platform::{ApiResult, App};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(start_passkey_login)).routes(routes!(finish_passkey_login))
}

/// A WebAuthn ceremony that was started.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PasskeyChallenge {
    pub(crate) challenge_id: Uuid,
    /// `PublicKeyCredentialCreationOptions` or `…RequestOptions`, binary fields in base64url.
    pub(crate) public_key: Value,
}

/// What the browser's authenticator answered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PasskeyLoginIn {
    challenge_id: Uuid,
    /// The `PublicKeyCredential`, binary fields in base64url.
    credential: Value,
}

/// Starts a sign-in by passkey.
#[utoipa::path(post, path = "/auth/passkeys/challenge", operation_id = "start_passkey_login", tag = "auth", responses((status = 200, body = PasskeyChallenge)))]
async fn start_passkey_login(State(app): State<App>) -> ApiResult<Json<PasskeyChallenge>> {
    let (challenge_id, challenge) = passkeys::start_login(&app).await?;
    Ok(Json(PasskeyChallenge { challenge_id, public_key: serde_json::to_value(challenge.public_key)? }))
}

/// Finishes a sign-in by passkey.
#[utoipa::path(post, path = "/auth/passkeys/login", operation_id = "finish_passkey_login", tag = "auth", request_body = PasskeyLoginIn,
    responses((status = 200, body = SessionOut), (status = 401)))]
async fn finish_passkey_login(State(app): State<App>, client: Client, Json(input): Json<PasskeyLoginIn>) -> ApiResult<Response> {
    let credential = serde_json::from_value(input.credential).map_err(|_| ops::refused())?;
    let mut tx = app.db.system().await?;
    let user_id = passkeys::finish_login(&app, &mut tx, input.challenge_id, &credential).await?;
    let user = store::user_by_id(&mut tx, user_id).await?;
    let email = user.email.to_lowercase();
    let opened = ops::enter(&app, &mut tx, &user, &email, None, &client).await?;
    tx.commit().await?;
    Ok(respond(&app, opened))
}
