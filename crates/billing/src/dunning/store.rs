//! Every SQL statement about reminders.

use super::model::DunningStep;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_platform::Tx;

/// A plan.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Plan {
    pub audience: String,
    pub active: bool,
    pub activated_on: Option<jiff_sqlx::Date>,
    pub include_existing: bool,
    pub steps: Json<Vec<DunningStep>>,
    pub version: i32,
}

/// A plan, where somebody has written one.
pub(super) async fn plan(tx: &mut Tx, audience: &str, lock: bool) -> sqlx::Result<Option<Plan>> {
    let tenant = tx.tenant();
    let lock = if lock { "FOR UPDATE" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT audience, active, activated_on, include_existing, steps, version FROM dunning_plans WHERE tenant_id = $1 AND audience = $2 {lock}"
    )))
    .bind(tenant)
    .bind(audience)
    .fetch_optional(tx.conn())
    .await
}

/// Writes a plan; its version rises.
pub(super) async fn put_plan(tx: &mut Tx, plan: &Plan) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "INSERT INTO dunning_plans (tenant_id, audience, active, activated_on, include_existing, steps) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, audience) DO UPDATE SET active = excluded.active, activated_on = excluded.activated_on,
           include_existing = excluded.include_existing, steps = excluded.steps, checked_on = NULL, version = dunning_plans.version + 1",
    )
    .bind(tenant)
    .bind(&plan.audience)
    .bind(plan.active)
    .bind(plan.activated_on)
    .bind(plan.include_existing)
    .bind(&plan.steps)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the clock has looked today.
pub(super) async fn looked(tx: &mut Tx, today: Date) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE dunning_plans SET checked_on = $2 WHERE tenant_id = $1 AND active")
        .bind(tenant)
        .bind(today.to_sqlx())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// An open invoice as its reminders see it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Open {
    pub id: Uuid,
    pub number: String,
    pub issue_date: jiff_sqlx::Date,
    pub due_date: jiff_sqlx::Date,
    /// Without what deposits have asked for already.
    pub gross_minor: i64,
    pub left_minor: i64,
    pub customer_kind: Option<String>,
    pub contact_id: Option<Uuid>,
    pub buyer_name: Option<String>,
    pub email: Option<String>,
    /// Steps that have left, or wait to be posted.
    pub sent: Vec<i32>,
    /// Held back, itself or its customer.
    pub paused: bool,
}

const OPEN: &str = "SELECT i.id, i.number, i.issue_date, coalesce(i.due_date, i.issue_date) AS due_date, i.gross_minor - i.deducted_minor AS gross_minor,
      greatest(i.gross_minor - i.deducted_minor - i.paid_minor - i.credited_minor, 0) AS left_minor, i.customer_kind, i.contact_id, i.buyer_name, c.email,
      coalesce((SELECT array_agg(r.offset_days) FROM reminders r WHERE r.tenant_id = i.tenant_id AND r.invoice_id = i.id AND r.state <> 'failed'), '{}') AS sent,
      EXISTS (SELECT FROM dunning_pauses p WHERE p.tenant_id = i.tenant_id AND p.invoice_id = i.id AND (p.until IS NULL OR p.until >= $2))
        OR EXISTS (SELECT FROM dunning_pauses p WHERE p.tenant_id = i.tenant_id AND p.contact_id = i.contact_id AND (p.until IS NULL OR p.until >= $2)) AS paused
    FROM invoices i LEFT JOIN contacts c ON c.tenant_id = i.tenant_id AND c.id = i.contact_id";

/// One invoice as its reminders see it.
pub(super) async fn one(tx: &mut Tx, id: Uuid, today: Date) -> sqlx::Result<Option<Open>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{OPEN} WHERE i.tenant_id = $1 AND i.id = $3 AND i.state = 'issued' AND i.kind <> 'credit_note' AND ($4::uuid[] IS NULL OR c.owner_id = ANY ($4))"
    )))
    .bind(tenant)
    .bind(today.to_sqlx())
    .bind(id)
    .bind(scope)
    .fetch_optional(tx.conn())
    .await
}

/// Open invoices that fall due up to a day, in the order of their due dates, after a place.
pub(super) async fn open(tx: &mut Tx, today: Date, until: Date, after: Option<(Date, Uuid)>, limit: i64) -> sqlx::Result<Vec<Open>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{OPEN} WHERE i.tenant_id = $1 AND i.state = 'issued' AND i.kind <> 'credit_note' AND i.gross_minor > i.deducted_minor + i.paid_minor + i.credited_minor
           AND i.due_date <= $3 AND ($4::date IS NULL OR (i.due_date, i.id) > ($4, $5)) AND ($6::uuid[] IS NULL OR c.owner_id = ANY ($6))
         ORDER BY i.due_date, i.id LIMIT $7"
    )))
    .bind(tenant)
    .bind(today.to_sqlx())
    .bind(until.to_sqlx())
    .bind(after.map(|(day, _)| day.to_sqlx()))
    .bind(after.map_or(Uuid::nil(), |(_, id)| id))
    .bind(scope)
    .bind(limit)
    .fetch_all(tx.conn())
    .await
}

/// How much was unpaid from which day on: what came in or was credited, with its day.
pub(super) async fn settled(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Vec<(jiff_sqlx::Date, i64)>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT on_day, sum(amount)::bigint FROM (
           SELECT p.received_on AS on_day, a.amount_minor AS amount FROM payment_allocations a JOIN payment_transactions p ON p.tenant_id = a.tenant_id AND p.id = a.payment_id
             WHERE a.tenant_id = $1 AND a.invoice_id = $2
           UNION ALL SELECT issue_date, gross_minor FROM invoices WHERE tenant_id = $1 AND corrects_id = $2 AND kind = 'credit_note' AND state = 'issued') x
         GROUP BY on_day ORDER BY on_day",
    )
    .bind(tenant)
    .bind(invoice)
    .fetch_all(tx.conn())
    .await
}

/// A reminder about to be written.
pub(super) struct New<'a> {
    pub id: Uuid,
    pub invoice: Uuid,
    pub offset_days: i32,
    pub channel: &'a str,
    pub state: &'a str,
    pub recipient: Option<&'a str>,
    pub subject: &'a str,
    pub body: &'a str,
    pub due_minor: i64,
    pub failure: Option<&'a str>,
}

/// Writes a reminder; false when the step has left before. One that failed is tried again under the same step.
pub(super) async fn insert(tx: &mut Tx, new: &New<'_>) -> sqlx::Result<bool> {
    let (tenant, now, name) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().name.clone());
    let written = sqlx::query(
        "INSERT INTO reminders (tenant_id, id, invoice_id, offset_days, channel, state, recipient, subject, body, due_minor, failure, created_by_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (tenant_id, invoice_id, offset_days) DO UPDATE SET channel = excluded.channel, state = excluded.state, recipient = excluded.recipient,
           subject = excluded.subject, body = excluded.body, due_minor = excluded.due_minor, failure = excluded.failure,
           created_by_name = excluded.created_by_name, created_at = excluded.created_at
         WHERE reminders.state = 'failed' AND excluded.state <> 'failed'",
    )
    .bind(tenant)
    .bind(new.id)
    .bind(new.invoice)
    .bind(new.offset_days)
    .bind(new.channel)
    .bind(new.state)
    .bind(new.recipient)
    .bind(new.subject)
    .bind(new.body)
    .bind(new.due_minor)
    .bind(new.failure)
    .bind(name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(written.rows_affected() == 1)
}

/// A reminder.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub id: Uuid,
    pub invoice_id: Uuid,
    pub number: Option<String>,
    pub buyer_name: Option<String>,
    pub contact_id: Option<Uuid>,
    pub offset_days: i32,
    pub channel: String,
    pub state: String,
    pub recipient: Option<String>,
    pub subject: String,
    pub body: String,
    pub due_minor: i64,
    pub failure: Option<String>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub posted_at: Option<jiff_sqlx::Timestamp>,
}

const SELECT: &str = "SELECT r.id, r.invoice_id, i.number, i.buyer_name, i.contact_id, r.offset_days, r.channel, r.state, r.recipient, r.subject, r.body, r.due_minor, r.failure,
      r.created_by_name, r.created_at, r.posted_at
    FROM reminders r JOIN invoices i ON i.tenant_id = r.tenant_id AND i.id = r.invoice_id LEFT JOIN contacts c ON c.tenant_id = i.tenant_id AND c.id = i.contact_id
    WHERE r.tenant_id = $1 AND ($2::uuid[] IS NULL OR c.owner_id = ANY ($2))";

/// Reminders, the newest first; those of one invoice, or those to act on.
pub(super) async fn page(tx: &mut Tx, invoice: Option<Uuid>, pending: bool, after: Option<Cursor>, limit: usize) -> sqlx::Result<Vec<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let which = if pending { "r.state IN ('to_post', 'failed')" } else { "true" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{SELECT} AND {which} AND ($3::uuid IS NULL OR r.invoice_id = $3) AND ($4::uuid IS NULL OR r.id < $4) ORDER BY r.id DESC LIMIT $5"
    )))
    .bind(tenant)
    .bind(scope)
    .bind(invoice)
    .bind(after.map(|cursor| cursor.id))
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await
}

/// One reminder.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Row>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} AND r.id = $3"))).bind(tenant).bind(scope).bind(id).fetch_optional(tx.conn()).await
}

/// A letter was posted.
pub(super) async fn posted(tx: &mut Tx, id: Uuid) -> sqlx::Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let done = sqlx::query("UPDATE reminders SET state = 'posted', posted_at = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'to_post'")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What holds reminders back.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Pause {
    pub invoice_id: Option<Uuid>,
    pub contact_id: Option<Uuid>,
    pub reason: Option<String>,
    pub until: Option<jiff_sqlx::Date>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
}

/// What holds the reminders of an invoice or of a contact back today.
pub(super) async fn pauses(tx: &mut Tx, invoice: Option<Uuid>, contact: Option<Uuid>, today: Date) -> sqlx::Result<Vec<Pause>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT invoice_id, contact_id, reason, until, created_by_name, created_at FROM dunning_pauses
         WHERE tenant_id = $1 AND (invoice_id = $2 OR contact_id = $3) AND (until IS NULL OR until >= $4) ORDER BY id DESC LIMIT 20",
    )
    .bind(tenant)
    .bind(invoice)
    .bind(contact)
    .bind(today.to_sqlx())
    .fetch_all(tx.conn())
    .await
}

/// Lifts what holds an invoice or a contact back.
pub(super) async fn lift(tx: &mut Tx, invoice: Option<Uuid>, contact: Option<Uuid>) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM dunning_pauses WHERE tenant_id = $1 AND (invoice_id = $2 OR contact_id = $3)")
        .bind(tenant)
        .bind(invoice)
        .bind(contact)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Holds an invoice or a contact back.
pub(super) async fn pause(
    tx: &mut Tx,
    invoice: Option<Uuid>,
    contact: Option<Uuid>,
    reason: Option<&str>,
    until: Option<Date>,
) -> sqlx::Result<()> {
    let (tenant, id, now, actor) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO dunning_pauses (tenant_id, id, invoice_id, contact_id, reason, until, created_by, created_by_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(tenant)
    .bind(id)
    .bind(invoice)
    .bind(contact)
    .bind(reason)
    .bind(until.map(ToSqlx::to_sqlx))
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
