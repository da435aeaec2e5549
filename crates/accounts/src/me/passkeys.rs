//! A person's own passkeys.

use super::http::{person, valid_name};
use crate::events;
use crate::sessions::Client;
use crate::signin::ops as signin;
use crate::signin::passkey_http::PasskeyChallenge;
use crate::signin::passkeys::{self, PasskeyRow};
use crate::signup::ops as signup;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::http::{Created, Json};
use vision_platform::{ApiResult, App, Authorized, permits::SignedIn};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_passkeys, add_passkey)).routes(routes!(start_passkey)).routes(routes!(remove_passkey))
}

/// A passkey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Passkey)]
pub struct PasskeyOut {
    id: Uuid,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<PasskeyRow> for PasskeyOut {
    fn from(row: PasskeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            created_at: row.created_at.to_jiff(),
            last_used_at: row.last_used_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }
}

/// At most fifty passkeys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PasskeyList {
    items: Vec<PasskeyOut>,
}

/// A registration answered by the browser.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PasskeyIn {
    challenge_id: Uuid,
    name: String,
    /// The `PublicKeyCredential`, binary fields in base64url.
    credential: Value,
}

/// The person's passkeys.
#[utoipa::path(get, path = "/me/passkeys", operation_id = "list_passkeys", tag = "me", responses((status = 200, body = PasskeyList)), security(("session" = [])))]
async fn list_passkeys(auth: Authorized<SignedIn>) -> ApiResult<Json<PasskeyList>> {
    let user_id = person(&auth)?;
    let mut tx = auth.app.db.system().await?;
    let rows: Vec<PasskeyRow> =
        sqlx::query_as("SELECT id, name, created_at, last_used_at FROM passkeys WHERE user_id = $1 ORDER BY id LIMIT 50")
            .bind(user_id)
            .fetch_all(tx.conn())
            .await?;
    Ok(Json(PasskeyList { items: rows.into_iter().map(PasskeyOut::from).collect() }))
}

/// The password, before something that lasts.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PasskeyStart {
    password: String,
}

/// Starts the registration of a passkey: a lasting way in, so that a session alone is not enough.
#[utoipa::path(post, path = "/me/passkeys/challenge", operation_id = "start_passkey", tag = "me", request_body = PasskeyStart,
    responses((status = 200, body = PasskeyChallenge), (status = 422)), security(("session" = [])))]
async fn start_passkey(auth: Authorized<SignedIn>, client: Client, Json(input): Json<PasskeyStart>) -> ApiResult<Json<PasskeyChallenge>> {
    signin::confirm_password(&auth.app, person(&auth)?, input.password, "/password", &client).await?;
    let (challenge_id, challenge) = passkeys::start_registration(&auth.app, person(&auth)?).await?;
    let mut public_key = serde_json::to_value(challenge.public_key)?;
    // Signing in asks for no address, so that the authenticator must keep the key where it can find it by itself. The library asks
    // for the opposite.
    if let Some(selection) = public_key.pointer_mut("/authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".to_owned(), Value::from("required"));
        selection.insert("requireResidentKey".to_owned(), Value::from(true));
    }
    Ok(Json(PasskeyChallenge { challenge_id, public_key }))
}

/// Adds a passkey.
#[utoipa::path(post, path = "/me/passkeys", operation_id = "add_passkey", tag = "me", request_body = PasskeyIn,
    responses((status = 201, body = PasskeyOut), (status = 422)), security(("session" = [])))]
async fn add_passkey(auth: Authorized<SignedIn>, client: Client, Json(input): Json<PasskeyIn>) -> ApiResult<Created<PasskeyOut>> {
    let user_id = person(&auth)?;
    let name = valid_name(&input.name, "/name")?;
    let credential = serde_json::from_value(input.credential)
        .map_err(|_| Problem::field("/credential", "invalid", "Cette clé d’accès n’est pas lisible."))?;
    let mut tx = auth.app.db.system().await?;
    let row = passkeys::finish_registration(&auth.app, &mut tx, user_id, input.challenge_id, &name, &credential).await?;
    signup::notify(&auth.app, &mut tx, user_id, events::PASSKEY_ADDED, &client).await?;
    tx.commit().await?;
    Ok(Created::at("/api/v1/me/passkeys", row.into()))
}

/// Removes a passkey.
#[utoipa::path(delete, path = "/me/passkeys/{id}", operation_id = "remove_passkey", tag = "me", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = [])))]
async fn remove_passkey(auth: Authorized<SignedIn>, client: Client, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let user_id = person(&auth)?;
    let mut tx = auth.app.db.system().await?;
    let gone = sqlx::query("DELETE FROM passkeys WHERE id = $1 AND user_id = $2").bind(id).bind(user_id).execute(tx.conn()).await?;
    if gone.rows_affected() == 0 {
        return Err(Problem::not_found().into());
    }
    signup::notify(&auth.app, &mut tx, user_id, events::PASSKEY_REMOVED, &client).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
