//! SQL of imports and their rows.

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;
use vision_platform::Tx;

use super::engine::Format;
use super::target::Kind;

/// How long an import can be undone.
pub(crate) const UNDO: SignedDuration = SignedDuration::from_hours(24 * 30);

/// An import.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ImportRow {
    pub id: Uuid,
    pub status: String,
    pub target: String,
    pub options: Json<Options>,
    pub filename: String,
    pub format: Json<Format>,
    pub source: String,
    pub headers: Json<Vec<String>>,
    pub samples: Json<Vec<Vec<String>>>,
    /// The field of each column, by its key.
    pub mapping: Json<Vec<Option<String>>>,
    pub remembered: bool,
    pub duplicates: String,
    pub file_key: String,
    pub total: i64,
    pub done: i64,
    pub report: Option<Value>,
    pub cancel_requested: bool,
    pub error: Option<String>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub finished_at: Option<jiff_sqlx::Timestamp>,
}

impl ImportRow {
    pub(crate) fn kind(&self) -> Kind {
        Kind::from_stored(&self.target)
    }
}

/// What is chosen for a whole file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ImportOptions)]
pub(crate) struct Options {
    /// Of files of things: the kind of rows that do not say theirs. `vehicle`, `animal`, `equipment`, `property`, `patient`, or the id of one
    /// of the tenant's own kinds; `vehicle` by default.
    #[serde(default)]
    pub(crate) entity_kind: Option<String>,
    /// Of files of things: whether owners who are not known yet become contacts.
    #[serde(default)]
    pub(crate) create_owners: bool,
}

pub(crate) struct NewImport<'a> {
    pub id: Uuid,
    pub kind: Kind,
    pub filename: &'a str,
    pub format: &'a Format,
    pub source: String,
    pub headers: &'a [String],
    pub samples: &'a [Vec<String>],
    pub mapping: &'a [Option<String>],
    pub remembered: bool,
    pub file_key: &'a str,
    pub total: i64,
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewImport<'_>) -> sqlx::Result<ImportRow> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query_as(
        "INSERT INTO imports (tenant_id, id, status, filename, format, source, headers, samples, mapping, remembered, file_key, total, created_by, created_by_name,
           created_at, target, duplicates)
         VALUES ($1, $2, 'uploaded', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING *",
    )
    .bind(tenant)
    .bind(new.id)
    .bind(new.filename)
    .bind(Json(new.format))
    .bind(&new.source)
    .bind(Json(new.headers))
    .bind(Json(new.samples))
    .bind(Json(new.mapping))
    .bind(new.remembered)
    .bind(new.file_key)
    .bind(new.total)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .bind(new.kind.as_str())
    .bind(new.kind.usual_rule())
    .fetch_one(tx.conn())
    .await
}

/// Who sees only some people's records sees only their imports: the rows name contacts.
const VISIBLE: &str = "($2::uuid[] IS NULL OR created_by = ANY ($2))";

pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<ImportRow>> {
    one(tx, id, "").await
}

async fn one(tx: &mut Tx, id: Uuid, lock: &str) -> sqlx::Result<Option<ImportRow>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let sql = format!("SELECT * FROM imports WHERE tenant_id = $1 AND {VISIBLE} AND id = $3{lock}");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(scope).bind(id).fetch_optional(tx.conn()).await
}

pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<ImportRow>> {
    one(tx, id, " FOR UPDATE").await
}

pub(crate) async fn list(tx: &mut Tx, after: Option<Uuid>, limit: usize) -> sqlx::Result<Vec<ImportRow>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let sql =
        format!("SELECT * FROM imports WHERE tenant_id = $1 AND {VISIBLE} AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant)
        .bind(scope)
        .bind(after)
        .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
        .fetch_all(tx.conn())
        .await
}

pub(crate) async fn set_mapping(
    tx: &mut Tx,
    id: Uuid,
    mapping: &[Option<String>],
    duplicates: &str,
    options: &Options,
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "UPDATE imports SET mapping = $3, duplicates = $4, options = $5, status = 'uploaded', report = NULL, remembered = false, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(Json(mapping))
    .bind(duplicates)
    .bind(Json(options))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves an import to `status`. `done` and the wish to cancel start anew.
pub(crate) async fn start(tx: &mut Tx, id: Uuid, status: &str) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE imports SET status = $3, done = 0, cancel_requested = false, error = NULL, version = version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(status)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn request_cancel(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE imports SET cancel_requested = true WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Records progress; returns whether somebody asked to stop.
pub(crate) async fn advance(tx: &mut Tx, id: Uuid, done: i64) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    sqlx::query_scalar("UPDATE imports SET done = $3 WHERE tenant_id = $1 AND id = $2 RETURNING cancel_requested")
        .bind(tenant)
        .bind(id)
        .bind(done)
        .fetch_one(tx.conn())
        .await
}

pub(crate) async fn finish(tx: &mut Tx, id: Uuid, status: &str, report: Option<&Value>, error: Option<&str>) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE imports SET status = $3, report = coalesce($4, report), error = $5, finished_at = CASE WHEN $3 IN ('done', 'cancelled') THEN $6 ELSE finished_at END,
           version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(status)
    .bind(report)
    .bind(error)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn remembered_mapping(tx: &mut Tx, header_hash: &[u8]) -> sqlx::Result<Option<Json<Vec<Option<String>>>>> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT mapping FROM import_mappings WHERE tenant_id = $1 AND header_hash = $2")
        .bind(tenant)
        .bind(header_hash)
        .fetch_optional(tx.conn())
        .await
}

pub(crate) async fn remember_mapping(tx: &mut Tx, header_hash: &[u8], mapping: &[Option<String>]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO import_mappings (tenant_id, header_hash, mapping, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, header_hash) DO UPDATE SET mapping = $3, updated_at = $4",
    )
    .bind(tenant)
    .bind(header_hash)
    .bind(Json(mapping))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What became of a row.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OutcomeRow {
    pub row_number: i64,
    pub outcome: String,
    pub filled: bool,
    pub reason: Option<String>,
    pub warnings: Value,
    pub label: String,
    pub contact_id: Option<Uuid>,
    pub record_id: Option<Uuid>,
    pub cells: Option<Value>,
}

/// Inserts outcomes, given as records with the columns of `import_rows`.
pub(crate) async fn insert_rows(tx: &mut Tx, import: Uuid, rows: Vec<Value>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "INSERT INTO import_rows (tenant_id, import_id, row_number, outcome, filled, reason, warnings, label, contact_id, record_id, cells, before, after)
         SELECT $1, $2, row_number, outcome, filled, reason, warnings, label, contact_id, record_id, cells, before, after FROM jsonb_to_recordset($3)
           AS r(row_number bigint, outcome text, filled boolean, reason text, warnings jsonb, label text, contact_id uuid, record_id uuid, cells jsonb, before jsonb, after jsonb)",
    )
    .bind(tenant)
    .bind(import)
    .bind(Value::Array(rows))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the outcomes of a rehearsal.
pub(crate) async fn clear_rows(tx: &mut Tx, import: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM import_rows WHERE tenant_id = $1 AND import_id = $2").bind(tenant).bind(import).execute(tx.conn()).await?;
    Ok(())
}

/// Rows with an outcome (`warning`: any row with a warning), after `after`.
pub(crate) async fn rows(tx: &mut Tx, import: Uuid, outcome: Option<&str>, after: i64, limit: i64) -> sqlx::Result<Vec<OutcomeRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT row_number, outcome, filled, reason, warnings, label, contact_id, record_id, cells FROM import_rows
         WHERE tenant_id = $1 AND import_id = $2 AND row_number > $4
           AND ($3::text IS NULL OR outcome = $3 OR ($3 = 'filled' AND filled) OR ($3 = 'warning' AND jsonb_array_length(warnings) > 0)) ORDER BY row_number LIMIT $5",
    )
    .bind(tenant)
    .bind(import)
    .bind(outcome)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// How many rows of an import came to what.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub(crate) struct Counts {
    pub created: i64,
    pub matched: i64,
    /// Of the matched ones.
    pub filled: i64,
    pub rejected: i64,
    pub warnings: i64,
}

/// The counts of an import.
pub(crate) async fn counts(tx: &mut Tx, import: Uuid) -> sqlx::Result<Counts> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE outcome = 'created') AS created, count(*) FILTER (WHERE outcome = 'matched') AS matched,
                count(*) FILTER (WHERE filled) AS filled, count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
                coalesce(sum(jsonb_array_length(warnings)), 0)::bigint AS warnings FROM import_rows WHERE tenant_id = $1 AND import_id = $2",
    )
    .bind(tenant)
    .bind(import)
    .fetch_one(tx.conn())
    .await
}
