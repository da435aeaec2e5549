//! `GET /me`, profile, password, second factor.

use crate::events;
use crate::password;
use crate::sessions::Client;
use crate::signin::{ops as signin, totp};
use crate::signup::{ops as signup, store as people};
use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{ActorKind, Problem, ProblemKind, text};
use vision_platform::http::Json;
use vision_platform::{ApiResult, App, Authorized, Failure, permits::SignedIn};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_me, update_me))
        .routes(routes!(change_password))
        .routes(routes!(start_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(disable_totp))
        .routes(routes!(renew_recovery_codes))
}

/// The person.
#[derive(Debug, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MeUser {
    id: Uuid,
    email: String,
    full_name: String,
    /// `fr` or `en`
    locale: String,
    email_verified: bool,
    totp_enabled: bool,
    passkey_count: i64,
}

/// The tenant of this session.
#[derive(Debug, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MeTenant {
    id: Uuid,
    slug: String,
    name: String,
    trade: String,
    accent_color: Option<String>,
    has_logo: bool,
    time_zone: String,
    onboarding_step: Option<String>,
    onboarding_completed: bool,
}

/// The role in this tenant.
#[derive(Debug, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MeRole {
    id: Uuid,
    key: String,
    name: String,
    permissions: Vec<String>,
    /// `own`, `team`, `all`
    visibility: String,
}

/// A tenant that the person may switch to.
#[derive(Debug, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MeOtherTenant {
    id: Uuid,
    slug: String,
    name: String,
    role_name: String,
}

/// What this instance offers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Features {
    /// No mail server is configured: mail lands in `/boite-essai`.
    test_mailbox: bool,
    /// The tenant holds demo data.
    demo: bool,
}

/// The signed-in person, their tenant, role and rights.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Me {
    user: MeUser,
    tenant: MeTenant,
    role: MeRole,
    tenants: Vec<MeOtherTenant>,
    features: Features,
}

/// Only people have an account; an API key does not.
pub(crate) fn person<P>(auth: &Authorized<P>) -> Result<Uuid, Problem> {
    if auth.actor.kind == ActorKind::User {
        Ok(auth.actor.id)
    } else {
        Err(Problem::new(ProblemKind::Forbidden).detail("Réservé aux personnes connectées."))
    }
}

async fn load(auth: &Authorized<SignedIn>) -> Result<Me, Failure> {
    let user_id = person(auth)?;
    let mut tx = auth.app.db.system().await?;
    let user = sqlx::query_as(
        "SELECT id, email, full_name, locale, email_verified_at IS NOT NULL AS email_verified, totp_enabled_at IS NOT NULL AS totp_enabled,
                (SELECT count(*) FROM passkeys p WHERE p.user_id = u.id) AS passkey_count FROM users u WHERE id = $1",
    )
    .bind(user_id)
    .fetch_one(tx.conn())
    .await?;
    let tenant = sqlx::query_as(
        "SELECT id, slug, name, trade, accent_color, logo_key IS NOT NULL AS has_logo, time_zone, onboarding_step,
                onboarding_completed_at IS NOT NULL AS onboarding_completed FROM tenants WHERE id = $1",
    )
    .bind(auth.actor.tenant_id)
    .fetch_one(tx.conn())
    .await?;
    let role = sqlx::query_as(
        "SELECT r.id, r.key, r.name, r.permissions, r.visibility FROM memberships m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
         WHERE m.tenant_id = $1 AND m.user_id = $2",
    )
    .bind(auth.actor.tenant_id)
    .bind(user_id)
    .fetch_one(tx.conn())
    .await?;
    let tenants = sqlx::query_as(
        "SELECT t.id, t.slug, t.name, r.name AS role_name FROM user_tenants u
         JOIN memberships m ON m.tenant_id = u.member_of AND m.user_id = u.user_id AND m.deactivated_at IS NULL
         JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id JOIN tenants t ON t.id = m.tenant_id
         WHERE u.user_id = $1 ORDER BY t.name LIMIT 100",
    )
    .bind(user_id)
    .fetch_all(tx.conn())
    .await?;
    let demo: bool =
        sqlx::query_scalar("SELECT is_demo FROM tenants WHERE id = $1").bind(auth.actor.tenant_id).fetch_one(tx.conn()).await?;
    let test_mailbox = auth.app.config.smtp_url.is_none() && !auth.app.config.production;
    Ok(Me { user, tenant, role, tenants, features: Features { test_mailbox, demo } })
}

/// The signed-in person, their tenant and rights.
#[utoipa::path(get, path = "/me", operation_id = "get_me", tag = "me", responses((status = 200, body = Me)), security(("session" = [])))]
async fn get_me(auth: Authorized<SignedIn>) -> ApiResult<Json<Me>> {
    Ok(Json(load(&auth).await?))
}

/// What a person changes about themselves.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MePatch {
    full_name: Option<String>,
    /// `fr` or `en`
    locale: Option<String>,
}

/// Changes the person's name or language.
#[utoipa::path(patch, path = "/me", operation_id = "update_me", tag = "me", request_body = MePatch,
    responses((status = 200, body = Me), (status = 422)), security(("session" = [])))]
async fn update_me(auth: Authorized<SignedIn>, Json(input): Json<MePatch>) -> ApiResult<Json<Me>> {
    let user_id = person(&auth)?;
    if input.locale.as_deref().is_some_and(|locale| !matches!(locale, "fr" | "en")) {
        return Err(Problem::field("/locale", "invalid", "Les langues proposées sont fr et en.").into());
    }
    let name = input.full_name.as_deref().map(|name| valid_name(name, "/full_name")).transpose()?;
    let mut tx = auth.app.db.system().await?;
    sqlx::query("UPDATE users SET full_name = coalesce($2, full_name), locale = coalesce($3, locale) WHERE id = $1")
        .bind(user_id)
        .bind(&name)
        .bind(&input.locale)
        .execute(tx.conn())
        .await?;
    if let Some(name) = &name {
        rename(&mut tx, user_id, name).await?;
    }
    tx.commit().await?;
    Ok(Json(load(&auth).await?))
}

/// A person's name: cleaned, 1 to 120 characters.
pub(crate) fn valid_name(name: &str, pointer: &str) -> Result<String, Problem> {
    text::clean(name, false)
        .filter(|name| name.chars().count() <= 120)
        .ok_or_else(|| Problem::field(pointer, "invalid", "Indiquez un nom de 120 caractères au plus."))
}

/// Copies a person's name to their memberships.
pub(crate) async fn rename(tx: &mut vision_platform::SystemTx, user_id: Uuid, name: &str) -> Result<(), Failure> {
    sqlx::query(
        "UPDATE memberships m SET full_name = $2 FROM user_tenants u WHERE u.user_id = $1 AND m.tenant_id = u.member_of AND m.user_id = $1",
    )
    .bind(user_id)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The old and the new password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PasswordIn {
    current_password: String,
    new_password: String,
}

/// Changes the password and ends the other sessions.
#[utoipa::path(post, path = "/me/password", operation_id = "change_password", tag = "me", request_body = PasswordIn,
    responses((status = 204), (status = 422)), security(("session" = [])))]
async fn change_password(auth: Authorized<SignedIn>, client: Client, Json(input): Json<PasswordIn>) -> ApiResult<StatusCode> {
    let user_id = person(&auth)?;
    let user = signin::confirm_password(&auth.app, user_id, input.current_password, "/current_password", &client).await?;
    password::check(&input.new_password, "/new_password", &[&user.email, &user.full_name])
        .map_err(|error| Problem::validation(vec![error]))?;
    let hash = password::hash(input.new_password).await?;
    let mut tx = auth.app.db.system().await?;
    people::set_password(&mut tx, user_id, &hash).await?;
    signup::password_changed(&auth.app, &mut tx, user_id, auth.actor.session_id, &client).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A TOTP secret that waits for its first code.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TotpStart {
    /// Base32, to type by hand.
    secret: String,
    otpauth_url: String,
    /// PNG, base64.
    qr_png: String,
}

/// A code of six digits.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CodeIn {
    code: String,
}

/// The person's password, to confirm.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ConfirmIn {
    password: String,
}

/// Recovery codes, shown once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Makes a TOTP secret. It does nothing until `confirm`.
#[utoipa::path(post, path = "/me/totp", operation_id = "start_totp", tag = "me", responses((status = 200, body = TotpStart), (status = 409)), security(("session" = [])))]
async fn start_totp(auth: Authorized<SignedIn>) -> ApiResult<Json<TotpStart>> {
    let user_id = person(&auth)?;
    let mut tx = auth.app.db.system().await?;
    let user = people::user_by_id(&mut tx, user_id).await?;
    if user.totp_enabled_at.is_some() {
        return Err(Problem::conflict("La double authentification est déjà active.").into());
    }
    let (sealed, secret, generator) = totp::new_secret(&auth.app, user_id, &user.email)?;
    sqlx::query("UPDATE users SET totp_secret = $2, totp_last_step = NULL WHERE id = $1")
        .bind(user_id)
        .bind(sealed)
        .execute(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(Json(TotpStart {
        secret: totp_rs::Secret::from(secret).to_base32(),
        otpauth_url: generator.to_url().map_err(|error| Problem::internal(error.to_string()))?,
        qr_png: STANDARD.encode(generator.to_qr_png().map_err(|error| Problem::internal(error.to_string()))?),
    }))
}

/// Turns TOTP on with a first code; answers the recovery codes, once.
#[utoipa::path(post, path = "/me/totp/confirm", operation_id = "confirm_totp", tag = "me", request_body = CodeIn,
    responses((status = 200, body = RecoveryCodes), (status = 422)), security(("session" = [])))]
async fn confirm_totp(auth: Authorized<SignedIn>, client: Client, Json(input): Json<CodeIn>) -> ApiResult<Json<RecoveryCodes>> {
    let user_id = person(&auth)?;
    let mut tx = auth.app.db.system().await?;
    let user = people::user_by_id(&mut tx, user_id).await?;
    if user.totp_enabled_at.is_some() {
        return Err(Problem::conflict("La double authentification est déjà activée.").into());
    }
    let step =
        totp::check(&auth.app, &user, &input.code)?.ok_or_else(|| Problem::field("/code", "incorrect", "Ce code n’est pas le bon."))?;
    let now = tx.now_sql();
    sqlx::query("UPDATE users SET totp_enabled_at = $2, totp_last_step = $3 WHERE id = $1")
        .bind(user_id)
        .bind(now)
        .bind(step)
        .execute(tx.conn())
        .await?;
    let recovery_codes = totp::new_recovery_codes(&mut tx, user_id).await?;
    signup::notify(&auth.app, &mut tx, user_id, events::TOTP_ENABLED, &client).await?;
    tx.commit().await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Turns TOTP off.
#[utoipa::path(post, path = "/me/totp/disable", operation_id = "disable_totp", tag = "me", request_body = ConfirmIn,
    responses((status = 204), (status = 422)), security(("session" = [])))]
async fn disable_totp(auth: Authorized<SignedIn>, client: Client, Json(input): Json<ConfirmIn>) -> ApiResult<StatusCode> {
    let user_id = person(&auth)?;
    signin::confirm_password(&auth.app, user_id, input.password, "/password", &client).await?;
    let mut tx = auth.app.db.system().await?;
    sqlx::query("UPDATE users SET totp_secret = NULL, totp_enabled_at = NULL, totp_last_step = NULL WHERE id = $1")
        .bind(user_id)
        .execute(tx.conn())
        .await?;
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user_id).execute(tx.conn()).await?;
    signup::notify(&auth.app, &mut tx, user_id, events::TOTP_DISABLED, &client).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the recovery codes.
#[utoipa::path(post, path = "/me/recovery-codes", operation_id = "renew_recovery_codes", tag = "me", request_body = ConfirmIn,
    responses((status = 200, body = RecoveryCodes), (status = 422)), security(("session" = [])))]
async fn renew_recovery_codes(auth: Authorized<SignedIn>, client: Client, Json(input): Json<ConfirmIn>) -> ApiResult<Json<RecoveryCodes>> {
    let user_id = person(&auth)?;
    let user = signin::confirm_password(&auth.app, user_id, input.password, "/password", &client).await?;
    if user.totp_enabled_at.is_none() {
        return Err(Problem::conflict("Activez d’abord la double authentification.").into());
    }
    let mut tx = auth.app.db.system().await?;
    let recovery_codes = totp::new_recovery_codes(&mut tx, user_id).await?;
    tx.commit().await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}
