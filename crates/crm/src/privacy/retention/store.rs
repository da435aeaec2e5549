//! SQL of retention.

use super::{Category, SIGNS, USUAL_MONTHS};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use vision_platform::Tx;

/// The terms of a company.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Terms {
    pub(super) prospect_months: i32,
    pub(super) client_months: i32,
    pub(super) version: i32,
}

impl Terms {
    pub(super) fn months(&self, category: Category) -> i32 {
        match category {
            Category::Prospect => self.prospect_months,
            Category::Client => self.client_months,
        }
    }
}

/// The terms, or the usual ones under version 0.
pub(super) async fn terms(tx: &mut Tx) -> sqlx::Result<Terms> {
    let tenant = tx.tenant();
    let row = sqlx::query_as("SELECT prospect_months, client_months, version FROM privacy_retention WHERE tenant_id = $1")
        .bind(tenant)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.unwrap_or(Terms { prospect_months: USUAL_MONTHS, client_months: USUAL_MONTHS, version: 0 }))
}

/// Writes the terms, if nobody else has since `expected`.
pub(super) async fn set_terms(tx: &mut Tx, prospect_months: i32, client_months: i32, expected: i32) -> sqlx::Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let done = sqlx::query(
        "INSERT INTO privacy_retention (tenant_id, prospect_months, client_months, updated_at) SELECT $1, $2, $3, $4 WHERE $5 = 0
         ON CONFLICT (tenant_id) DO NOTHING",
    )
    .bind(tenant)
    .bind(prospect_months)
    .bind(client_months)
    .bind(now)
    .bind(expected)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        return Ok(true);
    }
    let done = sqlx::query(
        "UPDATE privacy_retention SET prospect_months = $2, client_months = $3, updated_at = $4, version = version + 1 WHERE tenant_id = $1 AND version = $5",
    )
    .bind(tenant)
    .bind(prospect_months)
    .bind(client_months)
    .bind(now)
    .bind(expected)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Somebody who has given no sign of life since the day.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct DueRow {
    pub(super) id: Uuid,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) city: Option<String>,
    pub(super) created_at: jiff_sqlx::Timestamp,
    /// The last sign, or the collection.
    pub(super) last_sign_at: jiff_sqlx::Timestamp,
    pub(super) archived: bool,
}

/// The condition: persons collected before `$2`, without a sign since and without an appointment, not kept longer on purpose, of the
/// category `$3`.
fn due() -> String {
    let signs = SIGNS.iter().map(|(_, sql)| format!("({sql})")).collect::<Vec<_>>().join(", ");
    format!(
        "FROM contacts c CROSS JOIN LATERAL (SELECT greatest(c.created_at, c.last_collected_at, c.first_invoiced_at, {signs}) AS last) s
         WHERE c.tenant_id = $1 AND c.kind = 'person' AND c.erased_at IS NULL AND c.created_at < $2 AND s.last < $2
           AND (c.first_invoiced_at IS NOT NULL) = ($3 = 'client') AND NOT EXISTS (
             SELECT FROM privacy_keeps k WHERE k.tenant_id = c.tenant_id AND k.contact_id = c.id AND k.until >= $4) AND NOT EXISTS (
             SELECT FROM tasks a WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.id AND a.kind IN ('call', 'meeting') AND a.done_at IS NULL
               AND a.deleted_at IS NULL AND a.due_date >= $4) AND NOT EXISTS (
             SELECT FROM entities e JOIN tasks a ON a.tenant_id = e.tenant_id AND a.entity_id = e.id WHERE e.tenant_id = c.tenant_id AND e.contact_id = c.id
               AND a.kind IN ('call', 'meeting') AND a.done_at IS NULL AND a.deleted_at IS NULL AND a.due_date >= $4)"
    )
}

/// The day before which a sign is too old, and today.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    pub(super) before: Date,
    pub(super) today: Date,
}

fn word(category: Category) -> &'static str {
    match category {
        Category::Prospect => "prospect",
        Category::Client => "client",
    }
}

/// How many there are, counted up to `cap`.
pub(super) async fn count(tx: &mut Tx, category: Category, days: Days, cap: i64) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM (SELECT {} LIMIT $5) x", due().replacen("FROM", "1 FROM", 1))))
        .bind(tenant)
        .bind(days.before.to_sqlx())
        .bind(word(category))
        .bind(days.today.to_sqlx())
        .bind(cap)
        .fetch_one(tx.conn())
        .await
}

/// The next ones by id; of `ids` only, where they are given.
pub(super) async fn page(
    tx: &mut Tx,
    category: Category,
    days: Days,
    ids: Option<&[Uuid]>,
    after: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<DueRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT c.id, c.display_name, c.email, c.city, c.created_at, s.last AS last_sign_at, c.archived_at IS NOT NULL AS archived {}
           AND ($5::uuid[] IS NULL OR c.id = ANY ($5)) AND ($6::uuid IS NULL OR c.id > $6) ORDER BY c.id LIMIT $7",
        due()
    )))
    .bind(tenant)
    .bind(days.before.to_sqlx())
    .bind(word(category))
    .bind(days.today.to_sqlx())
    .bind(ids)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// Keeps contacts until a day; gives those that exist.
pub(super) async fn keep(tx: &mut Tx, ids: &[Uuid], until: Date, reason: &str) -> sqlx::Result<Vec<(Uuid, String)>> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query_as(
        "WITH kept AS (INSERT INTO privacy_keeps (tenant_id, contact_id, until, reason, decided_by, decided_by_name, decided_at)
           SELECT $1, c.id, $3, $4, $5, $6, $7 FROM contacts c WHERE c.tenant_id = $1 AND c.id = ANY ($2) AND c.erased_at IS NULL
           ON CONFLICT (tenant_id, contact_id) DO UPDATE SET until = excluded.until, reason = excluded.reason, decided_by = excluded.decided_by,
             decided_by_name = excluded.decided_by_name, decided_at = excluded.decided_at RETURNING contact_id)
         SELECT c.id, c.display_name FROM contacts c JOIN kept k ON k.contact_id = c.id WHERE c.tenant_id = $1",
    )
    .bind(tenant)
    .bind(ids)
    .bind(until.to_sqlx())
    .bind(reason)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// How many are kept longer on purpose.
pub(super) async fn kept(tx: &mut Tx, today: Date) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT count(*) FROM privacy_keeps WHERE tenant_id = $1 AND until >= $2")
        .bind(tenant)
        .bind(today.to_sqlx())
        .fetch_one(tx.conn())
        .await
}

/// Erasures that the job began and that have not ended: it was killed in the middle of one.
pub(super) async fn begun(tx: &mut Tx, parent: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT id FROM background_jobs WHERE tenant_id = $1 AND status IN ('queued', 'running') AND params->>'parent' = $2 ORDER BY id",
    )
    .bind(tenant)
    .bind(parent.to_string())
    .fetch_all(tx.conn())
    .await
}
