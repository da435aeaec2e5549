//! Every SQL statement about recurring invoices.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_platform::Tx;

/// A template.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub id: Uuid,
    pub name: String,
    pub contact_id: Option<Uuid>,
    pub contact_name: Option<String>,
    pub content: Value,
    pub gross_minor: i64,
    pub frequency: String,
    pub anchor_day: i16,
    pub starts_on: jiff_sqlx::Date,
    pub ends_on: Option<jiff_sqlx::Date>,
    pub max_count: Option<i32>,
    pub made_count: i32,
    pub next_on: Option<jiff_sqlx::Date>,
    pub mode: String,
    pub state: String,
    pub failure: Option<String>,
    pub created_by: Uuid,
    pub created_by_name: String,
    pub version: i32,
}

const SELECT: &str = "SELECT r.id, r.name, r.contact_id, c.display_name AS contact_name, r.content, r.gross_minor, r.frequency, r.anchor_day, r.starts_on, r.ends_on,
      r.max_count, r.made_count, r.next_on, r.mode, r.state, r.failure, r.created_by, r.created_by_name, r.version
    FROM recurring_invoices r LEFT JOIN contacts c ON c.tenant_id = r.tenant_id AND c.id = r.contact_id
    WHERE r.tenant_id = $1 AND ($2::uuid[] IS NULL OR c.owner_id = ANY ($2) OR (r.contact_id IS NULL AND r.created_by = ANY ($2)))";

/// Templates, the newest first.
pub(super) async fn page(tx: &mut Tx, after: Option<Cursor>, limit: usize) -> sqlx::Result<Vec<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} AND ($3::uuid IS NULL OR r.id < $3) ORDER BY r.id DESC LIMIT $4")))
        .bind(tenant)
        .bind(scope)
        .bind(after.map(|cursor| cursor.id))
        .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
        .fetch_all(tx.conn())
        .await
}

/// One template; locked where it is about to change.
pub(super) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let lock = if lock { "FOR UPDATE OF r" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} AND r.id = $3 {lock}")))
        .bind(tenant)
        .bind(scope)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// What is written of a template.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub name: String,
    pub contact_id: Option<Uuid>,
    pub content: Value,
    pub gross_minor: i64,
    pub frequency: &'static str,
    pub anchor_day: i16,
    pub starts_on: Date,
    pub ends_on: Option<Date>,
    pub max_count: Option<i32>,
    pub next_on: Option<Date>,
    pub mode: &'static str,
}

/// Writes a template, new or changed.
pub(super) async fn put(tx: &mut Tx, id: Uuid, new: &Written) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO recurring_invoices (tenant_id, id, name, contact_id, content, gross_minor, frequency, anchor_day, starts_on, ends_on, max_count, next_on, mode,
           created_by, created_by_name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
         ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, contact_id = excluded.contact_id, content = excluded.content, gross_minor = excluded.gross_minor,
           frequency = excluded.frequency, anchor_day = excluded.anchor_day, starts_on = excluded.starts_on, ends_on = excluded.ends_on, max_count = excluded.max_count,
           next_on = excluded.next_on, mode = excluded.mode, failure = NULL, failed_at = NULL, updated_at = excluded.updated_at, version = recurring_invoices.version + 1",
    )
    .bind(tenant)
    .bind(id)
    .bind(&new.name)
    .bind(new.contact_id)
    .bind(&new.content)
    .bind(new.gross_minor)
    .bind(new.frequency)
    .bind(new.anchor_day)
    .bind(new.starts_on.to_sqlx())
    .bind(new.ends_on.map(ToSqlx::to_sqlx))
    .bind(new.max_count)
    .bind(new.next_on.map(ToSqlx::to_sqlx))
    .bind(new.mode)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Pauses a template or lets it go on with an occurrence.
pub(super) async fn set_state(tx: &mut Tx, id: Uuid, state: &str, next_on: Option<Date>) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE recurring_invoices SET state = $3, next_on = $4, updated_at = $5, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(state)
    .bind(next_on.map(ToSqlx::to_sqlx))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that an occurrence came: where the template goes on, and what went wrong, if anything did.
pub(super) async fn advance(tx: &mut Tx, id: Uuid, next_on: Option<Date>, failure: Option<&str>) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE recurring_invoices SET made_count = made_count + 1, next_on = $3, failure = $4, failed_at = CASE WHEN $4::text IS NULL THEN NULL ELSE $5::timestamptz END,
           updated_at = $5, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(next_on.map(ToSqlx::to_sqlx))
    .bind(failure)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes a template; its invoices stay.
pub(super) async fn delete(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM recurring_invoices WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// Writes what became of an occurrence.
pub(super) async fn run(
    tx: &mut Tx,
    template: Uuid,
    on: Date,
    state: &str,
    invoice: Option<Uuid>,
    failure: Option<&str>,
) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO recurring_runs (tenant_id, template_id, occurs_on, state, invoice_id, failure, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(template)
    .bind(on.to_sqlx())
    .bind(state)
    .bind(invoice)
    .bind(failure)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An occurrence that came.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct RunRow {
    pub occurs_on: jiff_sqlx::Date,
    pub state: String,
    pub invoice_id: Option<Uuid>,
    pub number: Option<String>,
    pub failure: Option<String>,
    pub created_at: jiff_sqlx::Timestamp,
}

/// The last occurrences, the newest first.
pub(super) async fn runs(tx: &mut Tx, template: Uuid) -> sqlx::Result<Vec<RunRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT r.occurs_on, r.state, r.invoice_id, i.number, r.failure, r.created_at FROM recurring_runs r
         LEFT JOIN invoices i ON i.tenant_id = r.tenant_id AND i.id = r.invoice_id WHERE r.tenant_id = $1 AND r.template_id = $2 ORDER BY r.occurs_on DESC LIMIT 50",
    )
    .bind(tenant)
    .bind(template)
    .fetch_all(tx.conn())
    .await
}
