//! SQL of sessions.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_platform::SystemTx;

#[derive(sqlx::FromRow)]
pub(crate) struct RefreshRow {
    pub user_id: Uuid,
    pub refresh_hash: Vec<u8>,
    pub previous_refresh_hash: Option<Vec<u8>>,
    pub rotated_at: jiff_sqlx::Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct DeviceRow {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub created_at: jiff_sqlx::Timestamp,
    pub last_seen_at: jiff_sqlx::Timestamp,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub tenant_name: String,
}

/// The person and the tenant that a session is about.
#[derive(sqlx::FromRow)]
pub(crate) struct HolderRow {
    pub email: String,
    pub full_name: String,
    pub slug: String,
    pub tenant_name: String,
    pub locale: String,
}

pub(crate) struct NewSession<'a> {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub user_id: Uuid,
    pub refresh_hash: &'a [u8],
    pub expires_at: Timestamp,
    pub ip: Option<&'a str>,
    pub user_agent: Option<&'a str>,
}

/// Writes a session, and that its member was seen now.
pub(crate) async fn insert(tx: &mut SystemTx, new: &NewSession<'_>) -> sqlx::Result<()> {
    let now = tx.now().to_sqlx();
    sqlx::query(
        "WITH seen AS (UPDATE memberships SET last_seen_at = $5 WHERE tenant_id = $1 AND user_id = $3)
         INSERT INTO sessions (tenant_id, id, user_id, refresh_hash, rotated_at, created_at, last_seen_at, expires_at, ip, user_agent)
         VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8)",
    )
    .bind(new.tenant_id)
    .bind(new.id)
    .bind(new.user_id)
    .bind(new.refresh_hash)
    .bind(now)
    .bind(new.expires_at.to_sqlx())
    .bind(new.ip)
    .bind(new.user_agent)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A live session, locked: two refreshes of one family take turns.
pub(crate) async fn lock(tx: &mut SystemTx, tenant_id: Uuid, id: Uuid) -> sqlx::Result<Option<RefreshRow>> {
    let now = tx.now().to_sqlx();
    sqlx::query_as(
        "SELECT s.user_id, s.refresh_hash, s.previous_refresh_hash, s.rotated_at FROM sessions s
         JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id AND m.deactivated_at IS NULL
         WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 FOR UPDATE OF s",
    )
    .bind(tenant_id)
    .bind(id)
    .bind(now)
    .fetch_optional(tx.conn())
    .await
}

pub(crate) async fn rotate(tx: &mut SystemTx, tenant_id: Uuid, id: Uuid, hash: &[u8], expires_at: Timestamp) -> sqlx::Result<()> {
    let now = tx.now().to_sqlx();
    sqlx::query(
        "UPDATE sessions SET previous_refresh_hash = refresh_hash, refresh_hash = $3, rotated_at = $4, last_seen_at = $4, expires_at = $5
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant_id)
    .bind(id)
    .bind(hash)
    .bind(now)
    .bind(expires_at.to_sqlx())
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn revoke(tx: &mut SystemTx, tenant_id: Uuid, id: Uuid, user_id: Uuid, reason: &str) -> sqlx::Result<bool> {
    let now = tx.now().to_sqlx();
    let done = sqlx::query(
        "UPDATE sessions SET revoked_at = $4, revoked_reason = $5 WHERE tenant_id = $1 AND id = $2 AND user_id = $3 AND revoked_at IS NULL",
    )
    .bind(tenant_id)
    .bind(id)
    .bind(user_id)
    .bind(now)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Revokes every session of a person, but for one.
pub(crate) async fn revoke_all(tx: &mut SystemTx, user_id: Uuid, except: Option<Uuid>, reason: &str) -> sqlx::Result<()> {
    let now = tx.now().to_sqlx();
    sqlx::query(
        "UPDATE sessions s SET revoked_at = $3, revoked_reason = $4 FROM user_tenants u
         WHERE u.user_id = $1 AND s.tenant_id = u.member_of AND s.user_id = $1 AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM $2",
    )
    .bind(user_id)
    .bind(except)
    .bind(now)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Revokes every session of a person in one tenant.
pub(crate) async fn revoke_in_tenant(tx: &mut SystemTx, tenant_id: Uuid, user_id: Uuid, reason: &str) -> sqlx::Result<()> {
    let now = tx.now().to_sqlx();
    sqlx::query("UPDATE sessions SET revoked_at = $3, revoked_reason = $4 WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL")
        .bind(tenant_id)
        .bind(user_id)
        .bind(now)
        .bind(reason)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn devices(tx: &mut SystemTx, user_id: Uuid) -> sqlx::Result<Vec<DeviceRow>> {
    let now = tx.now().to_sqlx();
    sqlx::query_as(
        "SELECT s.tenant_id, s.id, s.created_at, s.last_seen_at, s.ip, s.user_agent, t.name AS tenant_name
         FROM user_tenants u JOIN sessions s ON s.tenant_id = u.member_of AND s.user_id = u.user_id JOIN tenants t ON t.id = s.tenant_id
         WHERE u.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 ORDER BY s.last_seen_at DESC LIMIT 100",
    )
    .bind(user_id)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

pub(crate) async fn holder(tx: &mut SystemTx, tenant_id: Uuid, user_id: Uuid) -> sqlx::Result<HolderRow> {
    sqlx::query_as(
        "SELECT m.email, m.full_name, t.slug, t.name AS tenant_name, u.locale
         FROM memberships m JOIN tenants t ON t.id = m.tenant_id JOIN users u ON u.id = m.user_id
         WHERE m.tenant_id = $1 AND m.user_id = $2",
    )
    .bind(tenant_id)
    .bind(user_id)
    .fetch_one(tx.conn())
    .await
}

/// True when the person has signed in with this browser before.
pub(crate) async fn knows_device(tx: &mut SystemTx, user_id: Uuid, user_agent: Option<&str>) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT count(*) = 0 OR bool_or(s.user_agent IS NOT DISTINCT FROM $2) FROM user_tenants u
         JOIN sessions s ON s.tenant_id = u.member_of AND s.user_id = u.user_id WHERE u.user_id = $1",
    )
    .bind(user_id)
    .bind(user_agent)
    .fetch_one(tx.conn())
    .await
}

/// The tenants of a person in which they are active, oldest first.
pub(crate) async fn tenants_of(tx: &mut SystemTx, user_id: Uuid) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "SELECT m.tenant_id FROM user_tenants u JOIN memberships m ON m.tenant_id = u.member_of AND m.user_id = u.user_id
         WHERE u.user_id = $1 AND m.deactivated_at IS NULL ORDER BY m.last_seen_at DESC NULLS LAST, m.created_at",
    )
    .bind(user_id)
    .fetch_all(tx.conn())
    .await
}
