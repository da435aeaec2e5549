//! SQL of imported things: many at once, where the use cases of a single one take them one by one.

use crate::entities::model::Draft;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;
use vision_platform::Tx;

/// A thing of the database that rows may be.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct KnownRow {
    pub id: Uuid,
    /// Its columns are the names of a draft.
    pub row: Json<Draft>,
    pub contact_id: Option<Uuid>,
    /// Who is responsible for its owner.
    pub responsible: Option<Uuid>,
    pub archived: bool,
}

/// Things with one of these plates or VINs, oldest first; locked against another change where they will be written.
pub(crate) async fn by_codes(tx: &mut Tx, plates: &[String], vins: &[String], lock: bool) -> sqlx::Result<Vec<KnownRow>> {
    by(
        tx,
        "e.id IN (SELECT id FROM entities WHERE tenant_id = $1 AND plate_code = ANY ($2) UNION SELECT id FROM entities WHERE tenant_id = $1 AND vin = ANY ($3))",
        plates,
        vins,
        &[],
        lock,
    )
    .await
}

/// Things by their ids, locked.
pub(crate) async fn by_ids(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<KnownRow>> {
    by(tx, "e.id = ANY ($4)", &[], &[], ids, true).await
}

async fn by(tx: &mut Tx, condition: &str, plates: &[String], vins: &[String], ids: &[Uuid], lock: bool) -> sqlx::Result<Vec<KnownRow>> {
    let tenant = tx.tenant();
    let lock = if lock { "FOR UPDATE OF e" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT e.id, to_jsonb(e) AS row, e.contact_id, c.owner_id AS responsible, e.archived_at IS NOT NULL AS archived
         FROM entities e LEFT JOIN contacts c ON c.tenant_id = e.tenant_id AND c.id = e.contact_id
         WHERE e.tenant_id = $1 AND $2::text[] IS NOT NULL AND $3::text[] IS NOT NULL AND $4::uuid[] IS NOT NULL AND {condition} ORDER BY e.id LIMIT 20000 {lock}"
    )))
    .bind(tenant)
    .bind(plates)
    .bind(vins)
    .bind(ids)
    .fetch_all(tx.conn())
    .await
}

/// The tenant's own kinds, perhaps kept from being deleted until the end of the transaction: (id, name).
pub(crate) async fn kinds(tx: &mut Tx, lock: bool) -> sqlx::Result<Vec<(Uuid, String)>> {
    let tenant = tx.tenant();
    let lock = if lock { " FOR KEY SHARE" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT id, name FROM entity_kinds WHERE tenant_id = $1 ORDER BY name_norm LIMIT 50{lock}")))
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
}

/// The readings of things, oldest first: (thing, day, km).
pub(crate) async fn readings(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<(Uuid, jiff_sqlx::Date, i32)>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT entity_id, read_on, value FROM entity_readings WHERE tenant_id = $1 AND entity_id = ANY ($2) ORDER BY read_on, id",
    )
    .bind(tenant)
    .bind(ids)
    .fetch_all(tx.conn())
    .await
}

/// Adds readings, as (thing, id, day, km).
pub(crate) async fn insert_readings(tx: &mut Tx, readings: &[(Uuid, Uuid, Date, i32)]) -> sqlx::Result<()> {
    let (tenant, now, author) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().name.clone());
    let rows = readings.iter().map(|(entity, id, day, value)| json!({ "entity": entity, "id": id, "day": day, "value": value })).collect();
    sqlx::query(
        "INSERT INTO entity_readings (tenant_id, entity_id, id, read_on, value, author_name, created_at)
         SELECT $1, entity, id, day, value, $3, $4 FROM jsonb_to_recordset($2) AS r(entity uuid, id uuid, day date, value integer)",
    )
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(author)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes readings of things away.
pub(crate) async fn delete_readings(tx: &mut Tx, entities: &[Uuid], ids: &[Uuid]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM entity_readings WHERE tenant_id = $1 AND entity_id = ANY ($2) AND id = ANY ($3)")
        .bind(tenant)
        .bind(entities)
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Brings things up to date with their latest reading.
pub(crate) async fn follow_readings(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE entities e SET (mileage, mileage_on) = (SELECT value, read_on FROM entity_readings r WHERE r.tenant_id = $1 AND r.entity_id = e.id
           ORDER BY read_on DESC, id DESC LIMIT 1), updated_at = $3, version = e.version + 1 WHERE e.tenant_id = $1 AND e.id = ANY ($2)",
    )
    .bind(tenant)
    .bind(ids)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins ownerships, as (thing, contact, day).
pub(crate) async fn begin_ownerships(tx: &mut Tx, owners: &[(Uuid, Uuid, Date)]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let rows: Vec<Value> = owners
        .iter()
        .map(|(entity, contact, since)| json!({ "entity": entity, "id": tx.new_id(), "contact": contact, "since": since }))
        .collect();
    sqlx::query(
        "INSERT INTO entity_owners (tenant_id, entity_id, id, contact_id, since)
         SELECT $1, entity, id, contact, since FROM jsonb_to_recordset($2) AS r(entity uuid, id uuid, contact uuid, since date)",
    )
    .bind(tenant)
    .bind(Value::Array(rows))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the present owner of a thing away as if there had been none.
pub(crate) async fn forget_owner(tx: &mut Tx, id: Uuid, contact: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("DELETE FROM entity_owners WHERE tenant_id = $1 AND entity_id = $2 AND contact_id = $3 AND until IS NULL")
        .bind(tenant)
        .bind(id)
        .bind(contact)
        .execute(tx.conn())
        .await?;
    sqlx::query("UPDATE entities SET contact_id = NULL, updated_at = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Archives things.
pub(crate) async fn archive(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE entities SET archived_at = $3, updated_at = $3, version = version + 1 WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant)
        .bind(ids)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The next things that an import made: (row, thing, its owner, whether nobody has touched it since).
pub(crate) async fn created(tx: &mut Tx, import: Uuid, after: i64, limit: i64) -> sqlx::Result<Vec<(i64, Uuid, Option<Uuid>, bool)>> {
    let tenant = tx.tenant();
    // Touched: by a person or a program, by a file, a task, or by another import that still stands.
    sqlx::query_as(
        "SELECT r.row_number, e.id, e.contact_id,
                NOT EXISTS (SELECT FROM entity_events v WHERE v.tenant_id = $1 AND v.entity_id = e.id AND v.actor_kind IN ('user', 'api_key'))
                AND NOT EXISTS (SELECT FROM files f WHERE f.tenant_id = $1 AND f.entity_id = e.id)
                AND NOT EXISTS (SELECT FROM tasks k WHERE k.tenant_id = $1 AND k.entity_id = e.id AND k.deleted_at IS NULL)
                AND NOT EXISTS (SELECT FROM import_rows o JOIN imports i ON i.tenant_id = $1 AND i.id = o.import_id
                                WHERE o.tenant_id = $1 AND o.record_id = e.id AND o.import_id <> $2 AND i.status <> 'undone')
         FROM import_rows r JOIN entities e ON e.tenant_id = $1 AND e.id = r.record_id
         WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.outcome = 'created' AND r.row_number > $3 ORDER BY r.row_number LIMIT $4 FOR UPDATE OF e",
    )
    .bind(tenant)
    .bind(import)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// The next things that an import filled: (thing, as it was, all that it became, oldest first).
pub(crate) async fn filled(tx: &mut Tx, import: Uuid, after: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<(Uuid, Value, Vec<Value>)>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT record_id, (array_agg(before ORDER BY row_number))[1], array_agg(after ORDER BY row_number)
         FROM import_rows WHERE tenant_id = $1 AND import_id = $2 AND before IS NOT NULL AND record_id IS NOT NULL AND ($3::uuid IS NULL OR record_id > $3)
         GROUP BY record_id ORDER BY record_id LIMIT $4",
    )
    .bind(tenant)
    .bind(import)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Deletes things with their readings, owners and histories.
pub(crate) async fn delete(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM entities WHERE tenant_id = $1 AND id = ANY ($2)").bind(tenant).bind(ids).execute(tx.conn()).await?;
    Ok(())
}
