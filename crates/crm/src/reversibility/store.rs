//! SQL of reversibility. Names of tables and columns come from the program's own lists and from the catalogue, never from an archive.

use super::tables::{NEVER_EMPTY, TRAVEL};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_platform::Tx;

/// What the catalogue says of a table.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// The primary key, in order.
    pub(super) key: Vec<String>,
    /// Columns that can be written: no generated ones.
    pub(super) columns: Vec<String>,
}

/// The shapes of all tables that travel.
pub(super) async fn shapes(tx: &mut Tx) -> sqlx::Result<BTreeMap<String, Shape>> {
    let rows: Vec<(String, String, Option<i64>, bool)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text, (array_position(i.indkey::smallint[], a.attnum))::bigint, a.attgenerated <> ''
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
         WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1) ORDER BY 1, 3 NULLS LAST, a.attnum",
    )
    .bind(TRAVEL)
    .fetch_all(tx.conn())
    .await?;
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    for (table, column, place, generated) in rows {
        let shape = shapes.entry(table).or_default();
        if place.is_some() {
            shape.key.push(column.clone());
        }
        if !generated {
            shape.columns.push(column);
        }
    }
    Ok(shapes)
}

/// The number of the last migration.
pub(super) async fn schema(tx: &mut Tx) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT schema_version()").fetch_one(tx.conn()).await
}

/// From here on all statements see the same moment, however long they take.
pub(super) async fn freeze(tx: &mut Tx) -> sqlx::Result<()> {
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(tx.conn()).await?;
    unhurried(tx).await
}

/// Lets statements take the time that a whole table needs, and lines of issued invoices come after their invoices.
pub(super) async fn unhurried(tx: &mut Tx) -> sqlx::Result<()> {
    sqlx::query("SET LOCAL app.restoring = 'on'").execute(tx.conn()).await?;
    sqlx::query("SET LOCAL statement_timeout = '30min'").execute(tx.conn()).await?;
    sqlx::query("SET LOCAL idle_in_transaction_session_timeout = '5min'").execute(tx.conn()).await?;
    Ok(())
}

/// The column by which a table's rows are the company's.
pub(super) fn owner_column(table: &str) -> &'static str {
    if table == "tenants" { "id" } else { "tenant_id" }
}

/// How many rows travel, in all.
pub(super) async fn count(tx: &mut Tx) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    let parts: Vec<String> =
        TRAVEL.iter().map(|table| format!("(SELECT count(*) FROM {table} WHERE {} = $1)", owner_column(table))).collect();
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT {}", parts.join(" + ")))).bind(tenant).fetch_one(tx.conn()).await
}

/// The first table in which somebody has already written something.
pub(super) async fn first_used(tx: &mut Tx) -> sqlx::Result<Option<String>> {
    let tenant = tx.tenant();
    let parts: Vec<String> = TRAVEL
        .iter()
        .filter(|table| !NEVER_EMPTY.contains(table))
        .map(|table| format!("SELECT '{table}' AS name WHERE EXISTS (SELECT FROM {table} WHERE tenant_id = $1)"))
        .collect();
    sqlx::query_scalar(AssertSqlSafe(format!("{} LIMIT 1", parts.join(" UNION ALL ")))).bind(tenant).fetch_optional(tx.conn()).await
}

/// Keeps others from restoring into the same company at the same time. Whoever only refers to the company, such as a sign-in, does not wait.
pub(super) async fn lock_company(tx: &mut Tx) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("SELECT FROM tenants WHERE id = $1 FOR NO KEY UPDATE").bind(tenant).execute(tx.conn()).await?;
    Ok(())
}

/// Whether an archive is already on its way in.
pub(super) async fn is_restoring(tx: &mut Tx, kind: &str) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM background_jobs WHERE tenant_id = $1 AND kind = $2 AND status IN ('queued', 'running'))")
        .bind(tenant)
        .bind(kind)
        .fetch_one(tx.conn())
        .await
}

/// Whether somebody was erased since a job began: what it has read may name them.
pub(super) async fn erased_since(tx: &mut Tx, job: Uuid) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM background_jobs e, background_jobs j WHERE j.tenant_id = $1 AND j.id = $2 AND e.tenant_id = $1 AND e.kind = $3
           AND (e.status IN ('queued', 'running') OR e.finished_at >= j.created_at))",
    )
    .bind(tenant)
    .bind(job)
    .bind(crate::privacy::erasure::KIND)
    .fetch_one(tx.conn())
    .await
}

/// Writes rows of a table: the columns that both the rows and the table have, the company's id always its own.
pub(super) async fn insert(tx: &mut Tx, table: &str, shape: &Shape, rows: Vec<Value>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let Some(Value::Object(first)) = rows.first() else { return Ok(()) };
    let columns: Vec<&str> =
        shape.columns.iter().map(String::as_str).filter(|column| *column != "tenant_id" && first.contains_key(*column)).collect();
    let list = columns.join(", ");
    let sql = format!("INSERT INTO {table} (tenant_id, {list}) SELECT $1, {list} FROM jsonb_populate_recordset(NULL::{table}, $2)");
    sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(Value::Array(rows)).execute(tx.conn()).await?;
    Ok(())
}

/// The company's profile.
pub(super) async fn restore_profile(tx: &mut Tx, row: &Value) -> sqlx::Result<()> {
    sqlx::query("SELECT restore_profile($1)").bind(row).execute(tx.conn()).await?;
    Ok(())
}

/// A role; gives the id that stands for it here.
pub(super) async fn restore_role(tx: &mut Tx, row: &Value) -> sqlx::Result<Uuid> {
    sqlx::query_scalar("SELECT restore_role($1)").bind(row).fetch_one(tx.conn()).await
}

/// A member without access, in a role of this company.
pub(super) async fn restore_member(tx: &mut Tx, row: &Value, role: Uuid) -> sqlx::Result<()> {
    sqlx::query("SELECT restore_member($1, $2)").bind(row).bind(role).execute(tx.conn()).await?;
    Ok(())
}

/// The address of whoever brings the archive.
pub(super) async fn own_email(tx: &mut Tx) -> sqlx::Result<Option<String>> {
    let (tenant, user) = (tx.tenant(), tx.actor().id);
    sqlx::query_scalar("SELECT lower(email) FROM memberships WHERE tenant_id = $1 AND user_id = $2")
        .bind(tenant)
        .bind(user)
        .fetch_optional(tx.conn())
        .await
}
