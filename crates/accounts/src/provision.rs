//! A new tenant with its builtin roles and its first owner.

use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_kernel::permission::BUILTIN_ROLES;
use vision_kernel::text;
use vision_platform::{Failure, SystemTx};

/// What a tenant starts with.
pub struct NewTenant<'a> {
    /// Commercial name.
    pub name: &'a str,
    /// `garage`, `hotel`, `restaurant` or `other`.
    pub trade: &'a str,
    /// IANA zone (BP-02).
    pub time_zone: &'a str,
    /// Wanted slug; made from the name when `None`, and made unique.
    pub slug: Option<&'a str>,
    /// Plan.
    pub plan: &'a str,
    /// Demo data, which may be reset.
    pub is_demo: bool,
}

/// Zones that the product offers: Paris and overseas (BP-02).
pub const TIME_ZONES: &[&str] = &[
    "Europe/Paris",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "America/Miquelon",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
];

/// Trades with a preset.
pub const TRADES: &[&str] = &["garage", "hotel", "restaurant", "other"];

/// Inserts the tenant and its roles.
pub async fn tenant(tx: &mut SystemTx, new: &NewTenant<'_>) -> Result<Uuid, Failure> {
    let id = tx.new_id();
    let now = tx.now().to_sqlx();
    let base = new.slug.map_or_else(|| text::slug(new.name), str::to_owned);
    // The id's tail makes a taken slug unique without a second try.
    let taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM tenants WHERE slug = $1)").bind(&base).fetch_one(tx.conn()).await?;
    let tail: String = id.simple().to_string().chars().skip(26).collect();
    let slug = if taken { format!("{base}-{tail}") } else { base };
    sqlx::query(
        "INSERT INTO tenants (id, slug, name, trade, time_zone, plan, is_demo, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(slug)
    .bind(new.name)
    .bind(new.trade)
    .bind(new.time_zone)
    .bind(new.plan)
    .bind(new.is_demo)
    .bind(now)
    .execute(tx.conn())
    .await?;
    for role in BUILTIN_ROLES {
        let role_id = tx.new_id();
        let keys: Vec<&str> = role.permissions.iter().map(|permission| permission.key()).collect();
        sqlx::query("INSERT INTO roles (tenant_id, id, key, name, builtin, permissions, visibility) VALUES ($1, $2, $3, $4, true, $5, $6)")
            .bind(id)
            .bind(role_id)
            .bind(role.key)
            .bind(role.name)
            .bind(keys)
            .bind(role.visibility.as_str())
            .execute(tx.conn())
            .await?;
    }
    Ok(id)
}

/// Inserts a person.
pub async fn user(tx: &mut SystemTx, email: &str, full_name: &str, password_hash: &str, verified: bool) -> Result<Uuid, Failure> {
    let id = tx.new_id();
    let now = tx.now().to_sqlx();
    sqlx::query(
        "INSERT INTO users (id, email, email_norm, full_name, password_hash, email_verified_at, created_at)
         VALUES ($1, $2, lower($2), $3, $4, CASE WHEN $5 THEN $6 END, $6)",
    )
    .bind(id)
    .bind(email)
    .bind(full_name)
    .bind(password_hash)
    .bind(verified)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Makes a person a member, by the key of a role.
pub async fn member(tx: &mut SystemTx, tenant_id: Uuid, user_id: Uuid, role_key: &str, team: Option<&str>) -> Result<(), Failure> {
    let role: Uuid = sqlx::query_scalar("SELECT id FROM roles WHERE tenant_id = $1 AND key = $2")
        .bind(tenant_id)
        .bind(role_key)
        .fetch_one(tx.conn())
        .await?;
    member_with_role(tx, tenant_id, user_id, role, team).await
}

/// Makes a person a member with a role; a member who had left comes back.
pub async fn member_with_role(tx: &mut SystemTx, tenant_id: Uuid, user_id: Uuid, role_id: Uuid, team: Option<&str>) -> Result<(), Failure> {
    let now = tx.now().to_sqlx();
    sqlx::query(
        "INSERT INTO memberships (tenant_id, user_id, role_id, email, full_name, team, created_at)
         SELECT $1, u.id, $3, u.email, u.full_name, $4, $5 FROM users u WHERE u.id = $2
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET role_id = $3, deactivated_at = NULL",
    )
    .bind(tenant_id)
    .bind(user_id)
    .bind(role_id)
    .bind(team)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query("INSERT INTO user_tenants (user_id, member_of) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(user_id)
        .bind(tenant_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
