//! SQL of views.

use crate::custom_fields::model::RecordObject;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use uuid::Uuid;
use vision_platform::Tx;

/// A view as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ViewRow {
    pub id: Uuid,
    pub object: String,
    pub name: String,
    pub shared: bool,
    pub owner_id: Uuid,
    pub owner_name: Option<String>,
    pub filter: Value,
    pub columns: Option<Vec<String>>,
    pub sort: Option<String>,
    pub is_default: bool,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i32,
}

impl ViewRow {
    /// The list that it belongs to.
    pub(crate) fn object(&self) -> RecordObject {
        RecordObject::from_stored(&self.object)
    }
}

/// Views that the actor may see, with whether their list opens with them.
const VIEW: &str = "SELECT v.id, v.object, v.name, v.shared, v.owner_id, m.full_name AS owner_name, v.filter, v.columns, v.sort, d.view_id IS NOT NULL AS is_default,
        v.created_at, v.updated_at, v.version
    FROM views v LEFT JOIN memberships m ON m.tenant_id = v.tenant_id AND m.user_id = v.owner_id
    LEFT JOIN view_defaults d ON d.tenant_id = v.tenant_id AND d.view_id = v.id AND d.user_id = $2
    WHERE v.tenant_id = $1 AND (v.shared OR v.owner_id = $2)";

/// One's own views of a list, then those of others, by name.
pub(crate) async fn list(tx: &mut Tx, object: RecordObject, limit: i64) -> sqlx::Result<Vec<ViewRow>> {
    let (tenant, me) = (tx.tenant(), tx.actor().id);
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{VIEW} AND v.object = $4 ORDER BY v.shared, v.name_norm, v.id LIMIT $3")))
        .bind(tenant)
        .bind(me)
        .bind(limit)
        .bind(object.as_str())
        .fetch_all(tx.conn())
        .await
}

pub(crate) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<ViewRow>> {
    let (tenant, me) = (tx.tenant(), tx.actor().id);
    let lock = if lock { " FOR UPDATE OF v" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{VIEW} AND v.id = $3{lock}")))
        .bind(tenant)
        .bind(me)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// How many views of a list the actor has, and how many are shared.
pub(crate) async fn counts(tx: &mut Tx, object: RecordObject) -> sqlx::Result<(i64, i64)> {
    let (tenant, me) = (tx.tenant(), tx.actor().id);
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE owner_id = $2), count(*) FILTER (WHERE shared) FROM views WHERE tenant_id = $1 AND object = $3",
    )
    .bind(tenant)
    .bind(me)
    .bind(object.as_str())
    .fetch_one(tx.conn())
    .await
}

/// Names of the views of a list that a member keeps, folded.
pub(crate) async fn names(tx: &mut Tx, object: RecordObject, owner: Uuid) -> sqlx::Result<Vec<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT name_norm FROM views WHERE tenant_id = $1 AND owner_id = $2 AND object = $3")
        .bind(tenant)
        .bind(owner)
        .bind(object.as_str())
        .fetch_all(tx.conn())
        .await
}

/// Writes a view, new or not.
pub(crate) async fn save(tx: &mut Tx, row: &ViewRow, name_norm: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO views (tenant_id, id, object, name, name_norm, shared, owner_id, filter, columns, sort, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         ON CONFLICT (tenant_id, id) DO UPDATE SET name = $4, name_norm = $5, shared = $6, filter = $8, columns = $9, sort = $10, updated_at = $11,
           version = views.version + 1",
    )
    .bind(tenant)
    .bind(row.id)
    .bind(&row.object)
    .bind(&row.name)
    .bind(name_norm)
    .bind(row.shared)
    .bind(row.owner_id)
    .bind(&row.filter)
    .bind(&row.columns)
    .bind(&row.sort)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A view that is private again is nobody else's default.
pub(crate) async fn forget_defaults_of_others(tx: &mut Tx, id: Uuid, owner: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM view_defaults WHERE tenant_id = $1 AND view_id = $2 AND user_id <> $3")
        .bind(tenant)
        .bind(id)
        .bind(owner)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM views WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// The view with which a list of the actor's opens, or none.
pub(crate) async fn set_default(tx: &mut Tx, object: RecordObject, view: Option<Uuid>) -> sqlx::Result<()> {
    let (tenant, me) = (tx.tenant(), tx.actor().id);
    sqlx::query(
        "WITH gone AS (DELETE FROM view_defaults WHERE tenant_id = $1 AND user_id = $2 AND object = $4 AND $3::uuid IS NULL)
         INSERT INTO view_defaults (tenant_id, user_id, object, view_id) SELECT $1, $2, $4, $3 WHERE $3::uuid IS NOT NULL
         ON CONFLICT (tenant_id, user_id, object) DO UPDATE SET view_id = excluded.view_id",
    )
    .bind(tenant)
    .bind(me)
    .bind(view)
    .bind(object.as_str())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those of `tags`, `members` and `kinds` (of entities) that the tenant still has; members who left do not count.
pub(crate) async fn known(tx: &mut Tx, tags: &[Uuid], members: &[Uuid], kinds: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT id FROM tags WHERE tenant_id = $1 AND id = ANY ($2)
         UNION ALL SELECT user_id FROM memberships WHERE tenant_id = $1 AND user_id = ANY ($3) AND deactivated_at IS NULL
         UNION ALL SELECT id FROM entity_kinds WHERE tenant_id = $1 AND id = ANY ($4)",
    )
    .bind(tenant)
    .bind(tags)
    .bind(members)
    .bind(kinds)
    .fetch_all(tx.conn())
    .await
}
