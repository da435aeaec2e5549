//! SQL of members and roles.

use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_platform::Tx;

/// A member with their role.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct MemberRow {
    pub user_id: Uuid,
    pub email: String,
    pub full_name: String,
    pub team: Option<String>,
    pub deactivated_at: Option<jiff_sqlx::Timestamp>,
    pub last_seen_at: Option<jiff_sqlx::Timestamp>,
    pub created_at: jiff_sqlx::Timestamp,
    pub role_id: Uuid,
    pub role_key: String,
    pub role_name: String,
}

const MEMBER: &str =
    "SELECT m.user_id, m.email, m.full_name, m.team, m.deactivated_at, m.last_seen_at, m.created_at, r.id AS role_id, r.key AS role_key,
    r.name AS role_name FROM memberships m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id WHERE m.tenant_id = $1";

pub(crate) async fn members(tx: &mut Tx) -> sqlx::Result<Vec<MemberRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{MEMBER} ORDER BY m.deactivated_at IS NOT NULL, m.full_name LIMIT 1000")))
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
}

pub(crate) async fn member(tx: &mut Tx, user_id: Uuid) -> sqlx::Result<Option<MemberRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{MEMBER} AND m.user_id = $2"))).bind(tenant).bind(user_id).fetch_optional(tx.conn()).await
}

/// Other active owners, locked, so that two owners cannot leave at the same moment.
pub(crate) async fn other_owners(tx: &mut Tx, user_id: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    let owners: Vec<Uuid> = sqlx::query_scalar(
        "SELECT m.user_id FROM memberships m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
         WHERE m.tenant_id = $1 AND r.key = 'owner' AND m.deactivated_at IS NULL ORDER BY m.user_id FOR UPDATE OF m",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await?;
    Ok(owners.into_iter().filter(|id| *id != user_id).collect())
}

pub(crate) async fn update_member(tx: &mut Tx, user_id: Uuid, role_id: Uuid, team: Option<&str>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE memberships SET role_id = $3, team = $4 WHERE tenant_id = $1 AND user_id = $2")
        .bind(tenant)
        .bind(user_id)
        .bind(role_id)
        .bind(team)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn set_active(tx: &mut Tx, user_id: Uuid, active: bool) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE memberships SET deactivated_at = CASE WHEN $3 THEN NULL ELSE coalesce(deactivated_at, $4) END WHERE tenant_id = $1 AND user_id = $2")
        .bind(tenant)
        .bind(user_id)
        .bind(active)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A role with the number of its members.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct RoleRow {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub builtin: bool,
    pub permissions: Vec<String>,
    pub visibility: String,
    pub version: i32,
    pub member_count: i64,
}

const ROLE: &str = "SELECT r.id, r.key, r.name, r.builtin, r.permissions, r.visibility, r.version,
    (SELECT count(*) FROM memberships m WHERE m.tenant_id = r.tenant_id AND m.role_id = r.id) AS member_count FROM roles r WHERE r.tenant_id = $1";

pub(crate) async fn roles(tx: &mut Tx) -> sqlx::Result<Vec<RoleRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{ROLE} ORDER BY r.builtin DESC, r.id LIMIT 100"))).bind(tenant).fetch_all(tx.conn()).await
}

pub(crate) async fn role(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<RoleRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{ROLE} AND r.id = $2"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await
}

pub(crate) async fn insert_role(tx: &mut Tx, id: Uuid, name: &str, permissions: &[&str], visibility: &str) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("INSERT INTO roles (tenant_id, id, key, name, permissions, visibility) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(tenant)
        .bind(id)
        .bind(format!("custom-{}", id.simple()))
        .bind(name)
        .bind(permissions)
        .bind(visibility)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn update_role(tx: &mut Tx, id: Uuid, name: &str, permissions: &[&str], visibility: &str) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE roles SET name = $3, permissions = $4, visibility = $5, version = version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(name)
        .bind(permissions)
        .bind(visibility)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn delete_role(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM roles WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    Ok(())
}
