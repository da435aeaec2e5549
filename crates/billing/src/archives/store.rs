//! SQL of archives.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_platform::Tx;

/// An archive that was made.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub id: Uuid,
    pub starts_on: jiff_sqlx::Date,
    pub ends_on: jiff_sqlx::Date,
    pub records: i64,
    pub documents: i64,
    pub size_bytes: i64,
    pub sha256: String,
    pub file_key: String,
    pub file_name: String,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
}

const SELECT: &str = "SELECT id, starts_on, ends_on, records, documents, size_bytes, sha256, file_key, file_name, created_by_name, created_at FROM fiscal_archives";

/// Archives, the newest first.
pub(super) async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Row>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} WHERE tenant_id = $1 ORDER BY id DESC LIMIT 100")))
        .bind(tenant)
        .fetch_all(tx.conn())
        .await
}

/// One archive.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Row>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} WHERE tenant_id = $1 AND id = $2")))
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// What is noted of an archive.
pub(super) struct New<'a> {
    pub id: Uuid,
    pub from: Date,
    pub to: Date,
    pub records: i64,
    pub documents: i64,
    pub size_bytes: i64,
    pub sha256: &'a str,
    pub file_key: &'a str,
    pub file_name: &'a str,
}

/// Notes an archive; once, however often its job runs.
pub(super) async fn insert(tx: &mut Tx, new: &New<'_>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO fiscal_archives (tenant_id, id, starts_on, ends_on, records, documents, size_bytes, sha256, file_key, file_name, created_by, created_by_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(new.id)
    .bind(new.from.to_sqlx())
    .bind(new.to.to_sqlx())
    .bind(new.records)
    .bind(new.documents)
    .bind(new.size_bytes)
    .bind(new.sha256)
    .bind(new.file_key)
    .bind(new.file_name)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The instants at which a span of days begins and is over, where the company is.
pub(super) async fn span(tx: &mut Tx, from: Date, to: Date) -> sqlx::Result<(Timestamp, Timestamp)> {
    let tenant = tx.tenant();
    let (begin, end): (jiff_sqlx::Timestamp, jiff_sqlx::Timestamp) = sqlx::query_as(
        "SELECT $2::date::timestamp AT TIME ZONE time_zone, ($3::date + 1)::timestamp AT TIME ZONE time_zone FROM tenants WHERE id = $1",
    )
    .bind(tenant)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_one(tx.conn())
    .await?;
    Ok((begin.to_jiff(), end.to_jiff()))
}
