//! Passkeys (WebAuthn): registration by a signed-in person, discoverable sign-in without an address.

use crate::signin::ops::refused;
use crate::signup::store::{self, NewToken};
use jiff::SignedDuration;
use serde_json::json;
use url::Url;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::{App, Failure, SystemTx};
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    RequestChallengeResponse,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

const REGISTER: &str = "passkey_register";
const LOGIN: &str = "passkey_login";
const CEREMONY: SignedDuration = SignedDuration::from_mins(5);

/// A stored passkey.
#[derive(sqlx::FromRow)]
pub(crate) struct PasskeyRow {
    pub id: Uuid,
    pub name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub last_used_at: Option<jiff_sqlx::Timestamp>,
}

fn webauthn(app: &App) -> Result<Webauthn, Failure> {
    let origin = Url::parse(&app.config.public_url).map_err(Problem::internal)?;
    let host = origin.host_str().unwrap_or("localhost").to_owned();
    WebauthnBuilder::new(&host, &origin)
        .and_then(|builder| builder.rp_name("Vision CRM").build())
        .map_err(|error| Problem::internal(error.to_string()).into())
}

fn rejected(error: &dyn std::fmt::Display) -> Failure {
    tracing::info!(%error, "passkey refused");
    Problem::field("/credential", "invalid", "Cette clé d’accès n’a pas été reconnue.").into()
}

async fn keep(tx: &mut SystemTx, user_id: Option<Uuid>, purpose: &str, state: serde_json::Value) -> Result<Uuid, Failure> {
    let expires_at = tx.now() + CEREMONY;
    Ok(store::insert_token(tx, NewToken { user_id, purpose, token_hash: None, code_hash: None, state, expires_at, beside_others: false })
        .await?)
}

pub(crate) async fn start_registration(app: &App, user_id: Uuid) -> Result<(Uuid, CreationChallengeResponse), Failure> {
    let mut tx = app.db.system().await?;
    let user = store::user_by_id(&mut tx, user_id).await?;
    let known: Vec<serde_json::Value> =
        sqlx::query_scalar("SELECT credential FROM passkeys WHERE user_id = $1").bind(user_id).fetch_all(tx.conn()).await?;
    let exclude =
        known.into_iter().filter_map(|value| serde_json::from_value::<Passkey>(value).ok()).map(|key| key.cred_id().clone()).collect();
    let (challenge, state) = webauthn(app)?
        .start_passkey_registration(user_id, &user.email, &user.full_name, Some(exclude))
        .map_err(|error| rejected(&error))?;
    let id = keep(&mut tx, Some(user_id), REGISTER, serde_json::to_value(&state)?).await?;
    tx.commit().await?;
    Ok((id, challenge))
}

pub(crate) async fn finish_registration(
    app: &App,
    tx: &mut SystemTx,
    user_id: Uuid,
    challenge: Uuid,
    name: &str,
    credential: &RegisterPublicKeyCredential,
) -> Result<PasskeyRow, Failure> {
    let row = store::token_by_id(tx, REGISTER, challenge)
        .await?
        .filter(|row| row.user_id == Some(user_id))
        .ok_or_else(|| rejected(&"no ceremony"))?;
    store::use_token(tx, row.id).await?;
    let state: PasskeyRegistration = serde_json::from_value(row.state)?;
    let passkey = webauthn(app)?.finish_passkey_registration(credential, &state).map_err(|error| rejected(&error))?;
    let (id, now) = (tx.new_id(), tx.now_sql());
    Ok(sqlx::query_as(
        "INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING id, name, created_at, last_used_at",
    )
    .bind(id)
    .bind(user_id)
    .bind(AsRef::<[u8]>::as_ref(passkey.cred_id()))
    .bind(serde_json::to_value(&passkey)?)
    .bind(name)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

pub(crate) async fn start_login(app: &App) -> Result<(Uuid, RequestChallengeResponse), Failure> {
    let (challenge, state) = webauthn(app)?.start_discoverable_authentication().map_err(|error| rejected(&error))?;
    let mut tx = app.db.system().await?;
    let id = keep(&mut tx, None, LOGIN, json!(state)).await?;
    tx.commit().await?;
    Ok((id, challenge))
}

/// Verifies a passkey; returns the person. The key's counter is kept, so that a cloned key is noticed.
pub(crate) async fn finish_login(app: &App, tx: &mut SystemTx, challenge: Uuid, credential: &PublicKeyCredential) -> Result<Uuid, Failure> {
    let webauthn = webauthn(app)?;
    let row = store::token_by_id(tx, LOGIN, challenge).await?.ok_or_else(refused)?;
    store::use_token(tx, row.id).await?;
    let state: DiscoverableAuthentication = serde_json::from_value(row.state)?;
    let (user_id, credential_id) = webauthn.identify_discoverable_authentication(credential).map_err(|_| refused())?;
    let stored: Option<(Uuid, serde_json::Value)> =
        sqlx::query_as("SELECT id, credential FROM passkeys WHERE user_id = $1 AND credential_id = $2 FOR UPDATE")
            .bind(user_id)
            .bind(credential_id)
            .fetch_optional(tx.conn())
            .await?;
    let (id, value) = stored.ok_or_else(refused)?;
    let mut passkey: Passkey = serde_json::from_value(value)?;
    let result = webauthn.finish_discoverable_authentication_v2(credential, state, &passkey).map_err(|_| refused())?;
    passkey.update_credential(&result);
    let now = tx.now_sql();
    sqlx::query("UPDATE passkeys SET credential = $2, last_used_at = $3 WHERE id = $1")
        .bind(id)
        .bind(serde_json::to_value(&passkey)?)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(user_id)
}
