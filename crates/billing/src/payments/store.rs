//! Every SQL statement about payments and closings.

use super::model::Part;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_platform::Tx;

/// The till at the counter.
pub(super) const COUNTER: &str = "1";
/// The till of what comes in on the web: a chain and closings of its own.
pub(super) const ONLINE: &str = "online";

/// A payment with the invoice that it went to.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub id: Uuid,
    pub till: String,
    pub chain_seq: i64,
    pub method: String,
    pub amount_minor: i64,
    pub currency: String,
    pub received_on: jiff_sqlx::Date,
    pub contact_id: Option<Uuid>,
    pub contact_name: Option<String>,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub reverses_id: Option<Uuid>,
    /// What entries that name this one took back.
    pub refunded_minor: i64,
    /// What went to the invoice; the rest is the customer's credit (BA-06).
    pub allocated_minor: i64,
    pub invoice_id: Option<Uuid>,
    pub invoice_number: Option<String>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
}

impl Row {
    /// Nothing of it is left.
    pub(super) fn reversed(&self) -> bool {
        self.refunded_minor != 0 && self.refunded_minor == self.amount_minor
    }
}

const SELECT: &str = "SELECT p.id, p.till, p.chain_seq, p.method, p.amount_minor, p.currency, p.received_on, p.contact_id, c.display_name AS contact_name, p.reference,
    p.note, p.reverses_id, p.created_by_name, p.created_at, i.id AS invoice_id, i.number AS invoice_number, coalesce(i.allocated, 0)::bigint AS allocated_minor,
    coalesce((SELECT -sum(r.amount_minor) FROM payment_transactions r WHERE r.tenant_id = p.tenant_id AND r.reverses_id = p.id), 0)::bigint AS refunded_minor
    FROM payment_transactions p LEFT JOIN contacts c ON c.tenant_id = p.tenant_id AND c.id = p.contact_id
    LEFT JOIN LATERAL (SELECT v.id, v.number, (SELECT sum(a.amount_minor) FROM payment_allocations a WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.id) AS allocated
      FROM invoices v WHERE v.tenant_id = p.tenant_id AND v.id = coalesce(
        (SELECT a.invoice_id FROM payment_allocations a WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.id LIMIT 1),
        (SELECT k.invoice_id FROM payment_checkouts k WHERE k.tenant_id = p.tenant_id AND k.payment_id = coalesce(p.reverses_id, p.id)))) i ON true
    WHERE p.tenant_id = $1 AND ($2::uuid[] IS NULL OR c.owner_id = ANY ($2))";

/// What a list shows.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub invoice_id: Option<Uuid>,
    pub method: Option<String>,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// One page of payments, the newest first.
pub(super) async fn page(tx: &mut Tx, wanted: &Wanted, after: Option<Cursor>, limit: usize) -> sqlx::Result<Vec<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    // Those of one invoice are found from the invoice: the condition is a constant of the program, so that each question has its own plan.
    let of = if wanted.invoice_id.is_some() {
        "p.id IN (SELECT a.payment_id FROM payment_allocations a WHERE a.tenant_id = $1 AND a.invoice_id = $3
            UNION SELECT k.payment_id FROM payment_checkouts k WHERE k.tenant_id = $1 AND k.invoice_id = $3)"
    } else {
        "$3::uuid IS NULL"
    };
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{SELECT} AND {of}
           AND ($4::text IS NULL OR p.method = $4) AND ($5::date IS NULL OR p.received_on >= $5) AND ($6::date IS NULL OR p.received_on <= $6)
           AND ($7::uuid IS NULL OR p.id < $7) ORDER BY p.id DESC LIMIT $8"
    )))
    .bind(tenant)
    .bind(scope)
    .bind(wanted.invoice_id)
    .bind(&wanted.method)
    .bind(wanted.from.map(ToSqlx::to_sqlx))
    .bind(wanted.to.map(ToSqlx::to_sqlx))
    .bind(after.map(|cursor| cursor.id))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await
}

/// A payment that the actor may see.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} AND p.id = $3"))).bind(tenant).bind(scope).bind(id).fetch_optional(tx.conn()).await
}

/// An entry about to be written.
pub(super) struct Entry<'a> {
    pub id: Uuid,
    pub till: &'a str,
    pub method: &'a str,
    pub amount_minor: i64,
    pub received_on: Date,
    pub entered_on: Date,
    pub contact_id: Option<Uuid>,
    pub reference: Option<&'a str>,
    pub note: Option<&'a str>,
    pub reverses_id: Option<Uuid>,
    pub chain_seq: i64,
    pub invoice_id: Option<Uuid>,
    pub parts: &'a [Part],
}

/// Writes an entry with its split.
pub(super) async fn insert(tx: &mut Tx, entry: &Entry<'_>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO payment_transactions (tenant_id, id, method, amount_minor, received_on, till, contact_id, reference, note, reverses_id, chain_seq, created_by,
           created_by_name, created_at, entered_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(tenant)
    .bind(entry.id)
    .bind(entry.method)
    .bind(entry.amount_minor)
    .bind(entry.received_on.to_sqlx())
    .bind(entry.till)
    .bind(entry.contact_id)
    .bind(entry.reference)
    .bind(entry.note)
    .bind(entry.reverses_id)
    .bind(entry.chain_seq)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .bind(entry.entered_on.to_sqlx())
    .execute(tx.conn())
    .await?;
    let Some(invoice) = entry.invoice_id else { return Ok(()) };
    sqlx::query(
        "INSERT INTO payment_allocations (tenant_id, payment_id, invoice_id, category, rate, amount_minor)
         SELECT $1, $2, $3, category, rate, amount_minor FROM jsonb_to_recordset($4) AS r(category text, rate numeric, amount_minor bigint)",
    )
    .bind(tenant)
    .bind(entry.id)
    .bind(invoice)
    .bind(json!(entry.parts))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was paid in cash on an invoice, in cents.
pub(super) async fn cash_on(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT coalesce(sum(a.amount_minor), 0)::bigint FROM payment_allocations a JOIN payment_transactions p ON p.tenant_id = a.tenant_id AND p.id = a.payment_id
         WHERE a.tenant_id = $1 AND a.invoice_id = $2 AND p.method = 'cash'",
    )
    .bind(tenant)
    .bind(invoice)
    .fetch_one(tx.conn())
    .await
}

/// What was allocated to an invoice so far, by rate.
pub(super) async fn allocated(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Vec<(String, rust_decimal::Decimal, i64)>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT category, rate, sum(amount_minor)::bigint FROM payment_allocations WHERE tenant_id = $1 AND invoice_id = $2 GROUP BY category, rate",
    )
    .bind(tenant)
    .bind(invoice)
    .fetch_all(tx.conn())
    .await
}

/// The split of an entry.
pub(super) async fn parts(tx: &mut Tx, id: Uuid) -> sqlx::Result<Vec<(String, rust_decimal::Decimal, i64)>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT category, rate, amount_minor FROM payment_allocations WHERE tenant_id = $1 AND payment_id = $2 ORDER BY category, rate",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(tx.conn())
    .await
}

/// A closing.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct ClosingRow {
    pub period: String,
    pub starts_on: jiff_sqlx::Date,
    pub ends_on: jiff_sqlx::Date,
    pub entries: i64,
    pub total_minor: i64,
    pub cumulative_minor: i64,
    pub perpetual_minor: i64,
    pub by_method: Value,
    pub by_rate: Value,
    pub closed_at: jiff_sqlx::Timestamp,
    pub closed_by_name: String,
}

/// The last day that is closed.
pub(super) async fn closed_until(tx: &mut Tx, till: &str) -> sqlx::Result<Option<Date>> {
    let tenant = tx.tenant();
    let day: Option<jiff_sqlx::Date> = sqlx::query_scalar("SELECT max(ends_on) FROM closings WHERE tenant_id = $1 AND till = $2")
        .bind(tenant)
        .bind(till)
        .fetch_one(tx.conn())
        .await?;
    Ok(day.map(jiff_sqlx::Date::to_jiff))
}

/// The first day with an entry.
pub(crate) async fn first_day(tx: &mut Tx, till: &str) -> sqlx::Result<Option<Date>> {
    let tenant = tx.tenant();
    let day: Option<jiff_sqlx::Date> =
        sqlx::query_scalar("SELECT min(entered_on) FROM payment_transactions WHERE tenant_id = $1 AND till = $2")
            .bind(tenant)
            .bind(till)
            .fetch_one(tx.conn())
            .await?;
    Ok(day.map(jiff_sqlx::Date::to_jiff))
}

/// Days with entries in a span, in order.
pub(super) async fn days_with_entries(tx: &mut Tx, till: &str, from: Date, to: Date) -> sqlx::Result<Vec<Date>> {
    let tenant = tx.tenant();
    let days: Vec<jiff_sqlx::Date> = sqlx::query_scalar(
        "SELECT DISTINCT entered_on FROM payment_transactions WHERE tenant_id = $1 AND till = $2 AND entered_on BETWEEN $3 AND $4 ORDER BY entered_on",
    )
    .bind(tenant)
    .bind(till)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_all(tx.conn())
    .await?;
    Ok(days.into_iter().map(jiff_sqlx::Date::to_jiff).collect())
}

/// What the entries of a span come to: (entries, total, sum of absolute values, by method, by rate).
pub(super) async fn sums(tx: &mut Tx, till: &str, from: Date, to: Date) -> sqlx::Result<(i64, i64, i64, Value, Value)> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "WITH p AS (SELECT id, method, amount_minor FROM payment_transactions WHERE tenant_id = $1 AND till = $2 AND entered_on BETWEEN $3 AND $4)
         SELECT (SELECT count(*) FROM p), (SELECT coalesce(sum(amount_minor), 0)::bigint FROM p), (SELECT coalesce(sum(abs(amount_minor)), 0)::bigint FROM p),
           (SELECT coalesce(jsonb_object_agg(method, total), '{}') FROM (SELECT method, sum(amount_minor)::bigint AS total FROM p GROUP BY method) m),
           (SELECT coalesce(jsonb_agg(jsonb_build_object('category', category, 'rate', rate, 'amount_minor', total) ORDER BY category, rate), '[]') FROM
             (SELECT a.category, trim_scale(a.rate)::text AS rate, sum(a.amount_minor)::bigint AS total FROM p
              JOIN payment_allocations a ON a.tenant_id = $1 AND a.payment_id = p.id GROUP BY a.category, a.rate) r)",
    )
    .bind(tenant)
    .bind(till)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_one(tx.conn())
    .await
}

/// What the last closed day carries.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Carried {
    pub ends_on: jiff_sqlx::Date,
    pub cumulative_minor: i64,
    pub perpetual_minor: i64,
}

/// What the last closed day carries.
pub(super) async fn carried(tx: &mut Tx, till: &str) -> sqlx::Result<Option<Carried>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT ends_on, cumulative_minor, perpetual_minor FROM closings WHERE tenant_id = $1 AND till = $2 AND period = 'day' ORDER BY starts_on DESC LIMIT 1",
    )
    .bind(tenant)
    .bind(till)
    .fetch_optional(tx.conn())
    .await
}

/// True when a period is closed.
pub(super) async fn is_closed(tx: &mut Tx, till: &str, period: &str, starts_on: Date) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM closings WHERE tenant_id = $1 AND till = $2 AND period = $3 AND starts_on = $4)")
        .bind(tenant)
        .bind(till)
        .bind(period)
        .bind(starts_on.to_sqlx())
        .fetch_one(tx.conn())
        .await
}

/// A closing about to be written.
pub(super) struct NewClosing<'a> {
    pub period: &'a str,
    pub starts_on: Date,
    pub ends_on: Date,
    pub entries: i64,
    pub total_minor: i64,
    pub cumulative_minor: i64,
    pub perpetual_minor: i64,
    pub by_method: &'a Value,
    pub by_rate: &'a Value,
    pub chain_seq: i64,
}

/// Writes a closing.
pub(super) async fn insert_closing(tx: &mut Tx, till: &str, closing: &NewClosing<'_>) -> sqlx::Result<()> {
    let (tenant, now, name) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().name.clone());
    sqlx::query(
        "INSERT INTO closings (tenant_id, till, period, starts_on, ends_on, entries, total_minor, cumulative_minor, perpetual_minor, by_method, by_rate, chain_seq,
           closed_at, closed_by_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(tenant)
    .bind(till)
    .bind(closing.period)
    .bind(closing.starts_on.to_sqlx())
    .bind(closing.ends_on.to_sqlx())
    .bind(closing.entries)
    .bind(closing.total_minor)
    .bind(closing.cumulative_minor)
    .bind(closing.perpetual_minor)
    .bind(closing.by_method)
    .bind(closing.by_rate)
    .bind(closing.chain_seq)
    .bind(now)
    .bind(name)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Closings, the newest first.
pub(super) async fn closings(tx: &mut Tx, till: &str, period: &str, before: Option<Date>, limit: usize) -> sqlx::Result<Vec<ClosingRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT period, starts_on, ends_on, entries, total_minor, cumulative_minor, perpetual_minor, by_method, by_rate, closed_at, closed_by_name
         FROM closings WHERE tenant_id = $1 AND till = $2 AND period = $3 AND ($4::date IS NULL OR starts_on < $4) ORDER BY starts_on DESC LIMIT $5",
    )
    .bind(tenant)
    .bind(till)
    .bind(period)
    .bind(before.map(ToSqlx::to_sqlx))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await
}

/// What a customer has paid too much: what of their payments is allocated to nothing, without what is on its way back (BA-06).
pub(super) async fn credit(tx: &mut Tx, contact: Uuid) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT (coalesce(sum(p.amount_minor - coalesce((SELECT sum(a.amount_minor) FROM payment_allocations a WHERE a.tenant_id = $1 AND a.payment_id = p.id), 0)), 0)
           - coalesce((SELECT sum(r.amount_minor) FROM payment_refunds r JOIN payment_transactions o ON o.tenant_id = $1 AND o.id = r.payment_id
              WHERE r.tenant_id = $1 AND r.state = 'pending' AND r.invoice_id IS NULL AND o.contact_id = $2), 0))::bigint
         FROM payment_transactions p WHERE p.tenant_id = $1 AND p.contact_id = $2",
    )
    .bind(tenant)
    .bind(contact)
    .fetch_one(tx.conn())
    .await
}

/// Holds a customer's credit against whoever else would use it.
pub(super) async fn lock_credit(tx: &mut Tx, contact: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1::text || $2::text || 'credit', 0))")
        .bind(tenant)
        .bind(contact)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What of the entries that took a payment back went back from its invoice; negative.
pub(super) async fn taken_back(tx: &mut Tx, id: Uuid) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT coalesce(sum(a.amount_minor), 0)::bigint FROM payment_transactions r JOIN payment_allocations a ON a.tenant_id = r.tenant_id AND a.payment_id = r.id
         WHERE r.tenant_id = $1 AND r.reverses_id = $2",
    )
    .bind(tenant)
    .bind(id)
    .fetch_one(tx.conn())
    .await
}
