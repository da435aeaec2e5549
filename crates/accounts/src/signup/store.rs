//! SQL of single-use tokens and of the people they belong to.

use crate::mails::Lang;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use uuid::Uuid;
use vision_platform::SystemTx;

/// A pending single-use secret.
#[derive(sqlx::FromRow)]
pub(crate) struct TokenRow {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub code_hash: Option<Vec<u8>>,
    pub attempts: i32,
    pub state: Value,
}

/// What one sign-up said; it holds once its own mail has been answered.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Claim {
    pub password_hash: String,
    pub full_name: String,
    pub company_name: String,
    pub trade: String,
    pub time_zone: String,
}

pub(crate) struct NewToken<'a> {
    pub user_id: Option<Uuid>,
    pub purpose: &'a str,
    pub token_hash: Option<Vec<u8>>,
    pub code_hash: Option<Vec<u8>>,
    pub state: Value,
    pub expires_at: Timestamp,
    /// Earlier tokens of the same person and purpose go on.
    pub beside_others: bool,
}

/// Makes the tokens of a person and purpose worthless.
pub(crate) async fn forget_tokens(tx: &mut SystemTx, user_id: Option<Uuid>, purpose: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM user_tokens WHERE user_id = $1 AND purpose = $2").bind(user_id).bind(purpose).execute(tx.conn()).await?;
    Ok(())
}

/// Stores a token; earlier ones of the same person and purpose stop working, unless `beside_others`.
pub(crate) async fn insert_token(tx: &mut SystemTx, new: NewToken<'_>) -> sqlx::Result<Uuid> {
    let (id, now) = (tx.new_id(), tx.now().to_sqlx());
    if !new.beside_others {
        forget_tokens(tx, new.user_id, new.purpose).await?;
    }
    sqlx::query(
        "INSERT INTO user_tokens (id, user_id, purpose, token_hash, code_hash, state, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(new.user_id)
    .bind(new.purpose)
    .bind(new.token_hash)
    .bind(new.code_hash)
    .bind(new.state)
    .bind(now)
    .bind(new.expires_at.to_sqlx())
    .execute(tx.conn())
    .await?;
    Ok(id)
}

pub(crate) async fn token_by_hash(tx: &mut SystemTx, purpose: &str, hash: &[u8]) -> sqlx::Result<Option<TokenRow>> {
    let now = tx.now().to_sqlx();
    sqlx::query_as(
        "SELECT id, user_id, code_hash, attempts, state FROM user_tokens
         WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 FOR UPDATE",
    )
    .bind(hash)
    .bind(purpose)
    .bind(now)
    .fetch_optional(tx.conn())
    .await
}

pub(crate) async fn token_by_id(tx: &mut SystemTx, purpose: &str, id: Uuid) -> sqlx::Result<Option<TokenRow>> {
    let now = tx.now().to_sqlx();
    sqlx::query_as(
        "SELECT id, user_id, code_hash, attempts, state FROM user_tokens WHERE id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 FOR UPDATE",
    )
    .bind(id)
    .bind(purpose)
    .bind(now)
    .fetch_optional(tx.conn())
    .await
}

/// The tokens of an address, newest first; at most ten.
pub(crate) async fn tokens_by_email(tx: &mut SystemTx, purpose: &str, email: &str) -> sqlx::Result<Vec<TokenRow>> {
    let now = tx.now().to_sqlx();
    sqlx::query_as(
        "SELECT t.id, t.user_id, t.code_hash, t.attempts, t.state FROM user_tokens t JOIN users u ON u.id = t.user_id
         WHERE u.email_norm = $1 AND t.purpose = $2 AND t.used_at IS NULL AND t.expires_at > $3 ORDER BY t.id DESC LIMIT 10 FOR UPDATE OF t",
    )
    .bind(email)
    .bind(purpose)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// Makes an account that nobody has confirmed yet the one of this sign-up: whoever asked before, under the same address, gets nothing.
pub(crate) async fn claim(tx: &mut SystemTx, user_id: Uuid, account: &Claim) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = $2, full_name = $3 WHERE id = $1 AND email_verified_at IS NULL")
        .bind(user_id)
        .bind(&account.password_hash)
        .bind(&account.full_name)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "WITH own AS (UPDATE memberships m SET full_name = $2 FROM user_tenants u, users x WHERE u.user_id = $1 AND x.id = $1 AND x.email_verified_at IS NULL
             AND m.tenant_id = u.member_of AND m.user_id = $1 RETURNING m.tenant_id)
         UPDATE tenants t SET name = $3, trade = $4, time_zone = $5 FROM own WHERE t.id = own.tenant_id",
    )
    .bind(user_id)
    .bind(&account.full_name)
    .bind(&account.company_name)
    .bind(&account.trade)
    .bind(&account.time_zone)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn count_attempt(tx: &mut SystemTx, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("UPDATE user_tokens SET attempts = attempts + 1 WHERE id = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}

pub(crate) async fn use_token(tx: &mut SystemTx, id: Uuid) -> sqlx::Result<()> {
    let now = tx.now().to_sqlx();
    sqlx::query("UPDATE user_tokens SET used_at = $2 WHERE id = $1").bind(id).bind(now).execute(tx.conn()).await?;
    Ok(())
}

/// A person, for sign-in.
#[derive(sqlx::FromRow)]
pub(crate) struct UserRow {
    pub id: Uuid,
    pub email: String,
    pub full_name: String,
    pub password_hash: String,
    pub email_verified_at: Option<jiff_sqlx::Timestamp>,
    pub totp_secret: Option<Vec<u8>>,
    pub totp_enabled_at: Option<jiff_sqlx::Timestamp>,
    pub totp_last_step: Option<i64>,
    pub locale: String,
}

impl UserRow {
    /// The language of mails to this person.
    pub(crate) fn lang(&self) -> Lang {
        Lang::from_stored(&self.locale)
    }
}

pub(crate) async fn user_by_email(tx: &mut SystemTx, email: &str) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(
        "SELECT id, email, full_name, password_hash, email_verified_at, totp_secret, totp_enabled_at, totp_last_step, locale FROM users WHERE email_norm = $1",
    )
    .bind(email)
    .fetch_optional(tx.conn())
    .await
}

pub(crate) async fn user_by_id(tx: &mut SystemTx, id: Uuid) -> sqlx::Result<UserRow> {
    sqlx::query_as(
        "SELECT id, email, full_name, password_hash, email_verified_at, totp_secret, totp_enabled_at, totp_last_step, locale FROM users WHERE id = $1",
    )
    .bind(id)
    .fetch_one(tx.conn())
    .await
}

pub(crate) async fn verify_email(tx: &mut SystemTx, user_id: Uuid) -> sqlx::Result<()> {
    let now = tx.now().to_sqlx();
    sqlx::query("UPDATE users SET email_verified_at = coalesce(email_verified_at, $2) WHERE id = $1")
        .bind(user_id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn set_password(tx: &mut SystemTx, user_id: Uuid, hash: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1").bind(user_id).bind(hash).execute(tx.conn()).await?;
    Ok(())
}
