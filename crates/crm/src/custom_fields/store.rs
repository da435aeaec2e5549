//! SQL of custom fields. Statements on records are made for the tables that [`RecordObject`] names.

use super::model::{Definition, FieldKind, FieldOption, RecordObject};
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;
use vision_platform::Tx;

/// A definition as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FieldRow {
    pub id: Uuid,
    pub object: String,
    pub applies_to: String,
    pub key: String,
    pub label: String,
    pub kind: String,
    pub options: Json<Vec<FieldOption>>,
    pub required: bool,
    pub default_value: Option<Value>,
    pub help: Option<String>,
    pub group_name: Option<String>,
    pub position: i32,
    pub version: i32,
    pub converting: bool,
    pub index_state: String,
    pub index_job: Option<Uuid>,
}

impl FieldRow {
    /// What has it.
    pub(crate) fn object(&self) -> RecordObject {
        RecordObject::from_stored(&self.object)
    }

    /// What values are judged by.
    pub(crate) fn definition(&self) -> Definition {
        Definition {
            applies_to: self.applies_to.clone(),
            key: self.key.clone(),
            label: self.label.clone(),
            kind: FieldKind::from_stored(&self.kind),
            options: self.options.0.clone(),
            required: self.required,
            default_value: self.default_value.clone(),
            converting: self.converting,
            index: (self.index_state == "ready").then_some(self.id),
        }
    }
}

const FIELD: &str =
    "SELECT id, object, applies_to, key, label, kind, options, required, default_value, help, group_name, position, version, converting, index_state, index_job
    FROM custom_fields WHERE tenant_id = $1 AND deleted_at IS NULL";

/// The fields of an object, or of all, in their order.
pub(crate) async fn list(tx: &mut Tx, object: Option<RecordObject>) -> sqlx::Result<Vec<FieldRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(AssertSqlSafe(format!("{FIELD} AND ($2::text IS NULL OR object = $2) ORDER BY object, position, id LIMIT 400")))
        .bind(tenant)
        .bind(object.map(RecordObject::as_str))
        .fetch_all(tx.conn())
        .await
}

/// The definitions by which values of an object are judged.
pub(crate) async fn definitions(tx: &mut Tx, object: RecordObject) -> sqlx::Result<Vec<Definition>> {
    Ok(list(tx, Some(object)).await?.iter().map(FieldRow::definition).collect())
}

/// The same, kept from changing until the end of the transaction.
pub(crate) async fn definitions_for_writing(tx: &mut Tx, object: RecordObject) -> sqlx::Result<Vec<Definition>> {
    let tenant = tx.tenant();
    let rows: Vec<FieldRow> = sqlx::query_as(AssertSqlSafe(format!("{FIELD} AND object = $2 ORDER BY position, id LIMIT 400 FOR SHARE")))
        .bind(tenant)
        .bind(object.as_str())
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.iter().map(FieldRow::definition).collect())
}

pub(crate) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<FieldRow>> {
    let tenant = tx.tenant();
    let lock = if lock { " FOR UPDATE" } else { "" };
    sqlx::query_as(AssertSqlSafe(format!("{FIELD} AND id = $2{lock}"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await
}

/// Keys that are taken, those of fields under deletion included.
pub(crate) async fn keys(tx: &mut Tx, object: RecordObject) -> sqlx::Result<Vec<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT key FROM custom_fields WHERE tenant_id = $1 AND object = $2")
        .bind(tenant)
        .bind(object.as_str())
        .fetch_all(tx.conn())
        .await
}

pub(crate) async fn insert(tx: &mut Tx, row: &FieldRow, label_norm: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO custom_fields (tenant_id, id, object, applies_to, key, label, label_norm, kind, options, required, default_value, help, group_name, position,
           created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)",
    )
    .bind(tenant)
    .bind(row.id)
    .bind(&row.object)
    .bind(&row.applies_to)
    .bind(&row.key)
    .bind(&row.label)
    .bind(label_norm)
    .bind(&row.kind)
    .bind(&row.options)
    .bind(row.required)
    .bind(&row.default_value)
    .bind(&row.help)
    .bind(&row.group_name)
    .bind(row.position)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn update(tx: &mut Tx, row: &FieldRow, label_norm: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE custom_fields SET applies_to = $3, label = $4, label_norm = $5, kind = $6, options = $7, required = $8, default_value = $9, help = $10,
           group_name = $11, updated_at = $12, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(row.id)
    .bind(&row.applies_to)
    .bind(&row.label)
    .bind(label_norm)
    .bind(&row.kind)
    .bind(&row.options)
    .bind(row.required)
    .bind(&row.default_value)
    .bind(&row.help)
    .bind(&row.group_name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts the fields of an object into this order.
pub(crate) async fn reorder(tx: &mut Tx, object: RecordObject, ids: &[Uuid]) -> sqlx::Result<u64> {
    let tenant = tx.tenant();
    let done = sqlx::query(
        "UPDATE custom_fields f SET position = u.n FROM unnest($3::uuid[]) WITH ORDINALITY AS u(id, n)
         WHERE f.tenant_id = $1 AND f.object = $2 AND f.id = u.id AND f.deleted_at IS NULL",
    )
    .bind(tenant)
    .bind(object.as_str())
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Takes a field out of sight; a job takes its values away.
pub(crate) async fn mark_deleted(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE custom_fields SET deleted_at = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Frees the key of a deleted field.
pub(crate) async fn forget(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM custom_fields WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NOT NULL")
        .bind(tenant)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What had a field under deletion, and its key.
pub(crate) async fn deleted_key(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<(RecordObject, String)>> {
    let tenant = tx.tenant();
    let found: Option<(String, String)> =
        sqlx::query_as("SELECT object, key FROM custom_fields WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NOT NULL")
            .bind(tenant)
            .bind(id)
            .fetch_optional(tx.conn())
            .await?;
    Ok(found.map(|(object, key)| (RecordObject::from_stored(&object), key)))
}

/// Records that have a value under `key`, in order after `after`: (id, name, value).
pub(crate) async fn values(
    tx: &mut Tx,
    object: RecordObject,
    key: &str,
    after: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<(Uuid, String, Value)>> {
    let (tenant, records) = (tx.tenant(), object.records());
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT id, display_name, custom -> $2 FROM {records} WHERE tenant_id = $1 AND custom ? $2 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4"
    )))
    .bind(tenant)
    .bind(key)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// How many records have a value under `key`.
pub(crate) async fn count_values(tx: &mut Tx, object: RecordObject, key: &str) -> sqlx::Result<i64> {
    let (tenant, records) = (tx.tenant(), object.records());
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {records} WHERE tenant_id = $1 AND custom ? $2")))
        .bind(tenant)
        .bind(key)
        .fetch_one(tx.conn())
        .await
}

/// How many records hold the option `option` under `key`.
pub(crate) async fn count_option(tx: &mut Tx, object: RecordObject, key: &str, option: &str) -> sqlx::Result<i64> {
    let (tenant, records) = (tx.tenant(), object.records());
    // For a text `?` asks for equality, for an array whether it holds the text.
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {records} WHERE tenant_id = $1 AND custom -> $2 ? $3")))
        .bind(tenant)
        .bind(key)
        .bind(option)
        .fetch_one(tx.conn())
        .await
}

/// Writes or takes away (`None`) values under `key`.
pub(crate) async fn write_values(tx: &mut Tx, object: RecordObject, key: &str, values: &[(Uuid, Option<Value>)]) -> sqlx::Result<()> {
    let (tenant, now, records) = (tx.tenant(), tx.now().to_sqlx(), object.records());
    let (ids, written): (Vec<Uuid>, Vec<Option<Value>>) = values.iter().cloned().unzip();
    sqlx::query(AssertSqlSafe(format!(
        "UPDATE {records} c SET custom = CASE WHEN u.v IS NULL THEN c.custom - $2 ELSE jsonb_set(c.custom, ARRAY[$2], u.v) END,
           updated_at = $5, version = c.version + 1
         FROM unnest($3::uuid[], $4::jsonb[]) AS u(id, v) WHERE c.tenant_id = $1 AND c.id = u.id"
    )))
    .bind(tenant)
    .bind(key)
    .bind(ids)
    .bind(written)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Points references from one contact to another; gives the records that held them. `only` limits it to those.
pub(crate) async fn repoint(
    tx: &mut Tx,
    object: RecordObject,
    key: &str,
    from: Uuid,
    to: Uuid,
    only: Option<&[Uuid]>,
) -> sqlx::Result<Vec<Uuid>> {
    let (tenant, records) = (tx.tenant(), object.records());
    sqlx::query_scalar(AssertSqlSafe(format!(
        "UPDATE {records} SET custom = jsonb_set(custom, ARRAY[$2], to_jsonb($4::text)) WHERE tenant_id = $1 AND custom ->> $2 = $3::text
           AND ($5::uuid[] IS NULL OR id = ANY ($5)) RETURNING id"
    )))
    .bind(tenant)
    .bind(key)
    .bind(from.to_string())
    .bind(to.to_string())
    .bind(only)
    .fetch_all(tx.conn())
    .await
}

/// The ids among `ids` that are contacts of the tenant which the actor may see.
pub(crate) async fn known_contacts(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_scalar("SELECT id FROM contacts WHERE tenant_id = $1 AND id = ANY ($2) AND ($3::uuid[] IS NULL OR owner_id = ANY ($3))")
        .bind(tenant)
        .bind(ids)
        .bind(scope)
        .fetch_all(tx.conn())
        .await
}

/// The name of a contact.
pub(crate) async fn contact_name(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT display_name FROM contacts WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// How far jobs are: (job, done, total).
pub(crate) async fn progress(tx: &mut Tx, jobs: &[Uuid]) -> sqlx::Result<Vec<(Uuid, i64, i64)>> {
    let tenant = tx.tenant();
    sqlx::query_as("SELECT id, done, total FROM background_jobs WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant)
        .bind(jobs)
        .fetch_all(tx.conn())
        .await
}

/// Says how far the index of a field is.
pub(crate) async fn set_index(tx: &mut Tx, id: Uuid, state: &str, job: Option<Uuid>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE custom_fields SET index_state = $3, index_job = $4 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(state)
        .bind(job)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The first transaction number that nobody has yet, and the oldest that somebody is still at.
pub(crate) async fn transactions(tx: &mut Tx) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as("SELECT pg_snapshot_xmax(s)::text::bigint, pg_snapshot_xmin(s)::text::bigint FROM pg_current_snapshot() s")
        .fetch_one(tx.conn())
        .await
}

/// How many records there are to look at.
pub(crate) async fn count_records(tx: &mut Tx, object: RecordObject) -> sqlx::Result<i64> {
    let (tenant, records) = (tx.tenant(), object.records());
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {records} WHERE tenant_id = $1")))
        .bind(tenant)
        .fetch_one(tx.conn())
        .await
}

/// Copies the values of the next records after `after` into the index: (last record, how many). Their rows are kept from changing
/// meanwhile, so that a value which somebody is writing is neither missed nor put back.
pub(crate) async fn index_batch(tx: &mut Tx, field: &FieldRow, after: Option<Uuid>, limit: i64) -> sqlx::Result<Option<(Uuid, i64)>> {
    let (tenant, object) = (tx.tenant(), field.object());
    let (records, copies, holder) = (object.records(), object.copies(), object.holder());
    sqlx::query_as(AssertSqlSafe(format!(
        "WITH held AS MATERIALIZED (SELECT id, custom FROM {records} WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3 FOR SHARE),
         gone AS (DELETE FROM {copies} v USING held h WHERE v.tenant_id = $1 AND v.field_id = $4 AND v.{holder} = h.id AND NOT h.custom ? $5),
         kept AS (INSERT INTO {copies} (tenant_id, field_id, {holder}, n, t)
           SELECT $1, $4, id, custom_sort_number($6, custom ->> $5), custom_sort_text($6, custom ->> $5) FROM held WHERE custom ? $5
           ON CONFLICT (tenant_id, field_id, {holder}) DO UPDATE SET n = excluded.n, t = excluded.t)
         SELECT (SELECT id FROM held ORDER BY id DESC LIMIT 1), count(*) FROM held HAVING count(*) > 0"
    )))
    .bind(tenant)
    .bind(after)
    .bind(limit)
    .bind(field.id)
    .bind(&field.key)
    .bind(&field.kind)
    .fetch_optional(tx.conn())
    .await
}

/// Takes the next values of a field out of the index; how many.
pub(crate) async fn drop_batch(tx: &mut Tx, field: &FieldRow, limit: i64) -> sqlx::Result<u64> {
    let (tenant, object) = (tx.tenant(), field.object());
    let (copies, holder) = (object.copies(), object.holder());
    let done = sqlx::query(AssertSqlSafe(format!(
        "DELETE FROM {copies} WHERE tenant_id = $1 AND field_id = $2
           AND {holder} IN (SELECT {holder} FROM {copies} WHERE tenant_id = $1 AND field_id = $2 LIMIT $3)"
    )))
    .bind(tenant)
    .bind(field.id)
    .bind(limit)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Marks a field whose values are being converted.
pub(crate) async fn set_converting(tx: &mut Tx, id: Uuid, converting: bool) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE custom_fields SET converting = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(converting)
        .execute(tx.conn())
        .await?;
    Ok(())
}
