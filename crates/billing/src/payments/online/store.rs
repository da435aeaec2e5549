//! Every SQL statement about payments on the web, but links.

use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_platform::Tx;

/// What was tried.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Checkout {
    pub id: Uuid,
    pub invoice_id: Uuid,
    pub link_id: Uuid,
    pub provider: String,
    pub account_id: String,
    pub provider_id: Option<String>,
    pub provider_payment: Option<String>,
    pub url: Option<String>,
    pub state: String,
    pub amount_minor: i64,
    pub currency: String,
    pub received_minor: Option<i64>,
    pub payment_id: Option<Uuid>,
    pub receipt_mailed_at: Option<jiff_sqlx::Timestamp>,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
}

const CHECKOUT: &str = "SELECT id, invoice_id, link_id, provider, account_id, provider_id, provider_payment, url, state, amount_minor, currency, received_minor,
    payment_id, receipt_mailed_at, created_at, updated_at FROM payment_checkouts WHERE tenant_id = $1";

/// By id; locked where it is about to change.
pub(super) async fn checkout(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<Checkout>> {
    let tenant = tx.tenant();
    let lock = if lock { "FOR UPDATE" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{CHECKOUT} AND id = $2 {lock}"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await
}

/// By the provider's id.
pub(super) async fn checkout_of(tx: &mut Tx, provider: &str, provider_id: &str) -> sqlx::Result<Option<Checkout>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{CHECKOUT} AND provider = $2 AND provider_id = $3")))
        .bind(tenant)
        .bind(provider)
        .bind(provider_id)
        .fetch_optional(tx.conn())
        .await
}

/// The one that paid, by the provider's id of the money or by the entry.
pub(super) async fn paid_by(tx: &mut Tx, money: Option<&str>, entry: Option<Uuid>) -> sqlx::Result<Option<Checkout>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{CHECKOUT} AND payment_id IS NOT NULL AND (provider_payment = $2 OR payment_id = $3) LIMIT 1"
    )))
    .bind(tenant)
    .bind(money)
    .bind(entry)
    .fetch_optional(tx.conn())
    .await
}

/// Those of an invoice, the newest first, at most a hundred.
pub(super) async fn checkouts(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Vec<Checkout>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{CHECKOUT} AND invoice_id = $2 ORDER BY id DESC LIMIT 100")))
        .bind(tenant)
        .bind(invoice)
        .fetch_all(tx.conn())
        .await
}

/// Those that have not been heard of since `before`, the oldest first, at most a hundred.
pub(super) async fn silent(tx: &mut Tx, before: jiff::Timestamp) -> sqlx::Result<Vec<Checkout>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{CHECKOUT} AND state IN ('creating', 'open', 'processing') AND updated_at < $2 ORDER BY updated_at LIMIT 100"
    )))
    .bind(tenant)
    .bind(before.to_sqlx())
    .fetch_all(tx.conn())
    .await
}

/// A new one.
pub(super) async fn insert_checkout(tx: &mut Tx, new: &Checkout) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "INSERT INTO payment_checkouts (tenant_id, id, invoice_id, link_id, provider, account_id, state, amount_minor, currency, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
    )
    .bind(tenant)
    .bind(new.id)
    .bind(new.invoice_id)
    .bind(new.link_id)
    .bind(&new.provider)
    .bind(&new.account_id)
    .bind(&new.state)
    .bind(new.amount_minor)
    .bind(&new.currency)
    .bind(new.created_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what has changed of it.
pub(super) async fn put_checkout(tx: &mut Tx, row: &Checkout) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "UPDATE payment_checkouts SET state = $3, provider_id = $4, provider_payment = $5, url = $6, received_minor = $7, payment_id = $8, updated_at = $9
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(row.id)
    .bind(&row.state)
    .bind(&row.provider_id)
    .bind(&row.provider_payment)
    .bind(&row.url)
    .bind(row.received_minor)
    .bind(row.payment_id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the provider is being asked about it.
pub(super) async fn touch(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE payment_checkouts SET updated_at = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that the receipt was sent.
pub(super) async fn receipt_mailed(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE payment_checkouts SET receipt_mailed_at = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What came in through a link.
pub(super) async fn received_on(tx: &mut Tx, link: Uuid) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT coalesce(sum(received_minor), 0)::bigint FROM payment_checkouts WHERE tenant_id = $1 AND link_id = $2 AND state = 'paid'",
    )
    .bind(tenant)
    .bind(link)
    .fetch_one(tx.conn())
    .await
}

/// The company's account at a provider.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Account {
    pub provider: String,
    #[sqlx(rename = "account_id")]
    pub id: String,
    pub charges_enabled: bool,
    pub payouts_enabled: bool,
    pub details_submitted: bool,
    pub currently_due: Vec<String>,
    pub disconnected_at: Option<jiff_sqlx::Timestamp>,
}

/// The company's account at a provider.
pub(super) async fn account(tx: &mut Tx, provider: &str) -> sqlx::Result<Option<Account>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT provider, account_id, charges_enabled, payouts_enabled, details_submitted, currently_due, disconnected_at
         FROM payment_accounts WHERE tenant_id = $1 AND provider = $2",
    )
    .bind(tenant)
    .bind(provider)
    .fetch_optional(tx.conn())
    .await
}

/// Writes it.
pub(super) async fn put_account(tx: &mut Tx, account: &Account) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO payment_accounts (tenant_id, provider, account_id, charges_enabled, payouts_enabled, details_submitted, currently_due, disconnected_at,
           created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         ON CONFLICT (tenant_id, provider) DO UPDATE SET account_id = excluded.account_id, charges_enabled = excluded.charges_enabled,
           payouts_enabled = excluded.payouts_enabled, details_submitted = excluded.details_submitted, currently_due = excluded.currently_due,
           disconnected_at = excluded.disconnected_at, updated_at = excluded.updated_at",
    )
    .bind(tenant)
    .bind(&account.provider)
    .bind(&account.id)
    .bind(account.charges_enabled)
    .bind(account.payouts_enabled)
    .bind(account.details_submitted)
    .bind(&account.currently_due)
    .bind(account.disconnected_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a provider said.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Said {
    pub signature: String,
    pub body: Vec<u8>,
    pub received_at: jiff_sqlx::Timestamp,
    pub handled_at: Option<jiff_sqlx::Timestamp>,
}

/// Keeps what was said; false: it was said before.
pub(super) async fn keep(tx: &mut Tx, provider: &str, id: &str, name: &str, signature: &str, body: &[u8]) -> sqlx::Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let done = sqlx::query(
        "INSERT INTO payment_events (tenant_id, provider, event_id, name, signature, body, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(provider)
    .bind(id)
    .bind(name)
    .bind(signature)
    .bind(body)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What was said.
pub(super) async fn said(tx: &mut Tx, provider: &str, id: &str) -> sqlx::Result<Option<Said>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT signature, body, received_at, handled_at FROM payment_events WHERE tenant_id = $1 AND provider = $2 AND event_id = $3",
    )
    .bind(tenant)
    .bind(provider)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

/// Notes what came of it.
pub(super) async fn handled(tx: &mut Tx, provider: &str, id: &str, outcome: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE payment_events SET handled_at = $4, outcome = $5 WHERE tenant_id = $1 AND provider = $2 AND event_id = $3")
        .bind(tenant)
        .bind(provider)
        .bind(id)
        .bind(now)
        .bind(outcome)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Money on its way back.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Refund {
    pub id: Uuid,
    pub payment_id: Uuid,
    pub credit_note_id: Option<Uuid>,
    pub invoice_id: Option<Uuid>,
    pub amount_minor: i64,
    pub state: String,
    pub origin: String,
    pub reason: String,
    pub failure: Option<String>,
    pub provider_id: Option<String>,
    pub entry_id: Option<Uuid>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
}

const REFUND: &str = "SELECT id, payment_id, credit_note_id, invoice_id, amount_minor, state, origin, reason, failure, provider_id, entry_id, created_by_name, created_at
    FROM payment_refunds WHERE tenant_id = $1";

/// By id; locked where it is about to change.
pub(super) async fn refund(tx: &mut Tx, id: Uuid, lock: bool) -> sqlx::Result<Option<Refund>> {
    let tenant = tx.tenant();
    let lock = if lock { "FOR UPDATE" } else { "" };
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{REFUND} AND id = $2 {lock}"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await
}

/// Of a payment.
pub(super) async fn refunds(tx: &mut Tx, payments: &[Uuid]) -> sqlx::Result<Vec<Refund>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{REFUND} AND payment_id = ANY ($2) ORDER BY id LIMIT 500")))
        .bind(tenant)
        .bind(payments)
        .fetch_all(tx.conn())
        .await
}

/// What of an invoice's money is on its way back.
pub(super) async fn pending_on(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<i64> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT coalesce(sum(amount_minor), 0)::bigint FROM payment_refunds WHERE tenant_id = $1 AND invoice_id = $2 AND state = 'pending'",
    )
    .bind(tenant)
    .bind(invoice)
    .fetch_one(tx.conn())
    .await
}

/// Writes a refund, new or changed.
pub(super) async fn put_refund(tx: &mut Tx, row: &Refund) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().id);
    sqlx::query(
        "INSERT INTO payment_refunds (tenant_id, id, payment_id, credit_note_id, invoice_id, amount_minor, state, origin, reason, failure, provider_id, entry_id,
           created_by, created_by_name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (tenant_id, id) DO UPDATE SET state = excluded.state, failure = excluded.failure, provider_id = excluded.provider_id,
           entry_id = excluded.entry_id, updated_at = excluded.updated_at",
    )
    .bind(tenant)
    .bind(row.id)
    .bind(row.payment_id)
    .bind(row.credit_note_id)
    .bind(row.invoice_id)
    .bind(row.amount_minor)
    .bind(&row.state)
    .bind(&row.origin)
    .bind(&row.reason)
    .bind(&row.failure)
    .bind(&row.provider_id)
    .bind(row.entry_id)
    .bind(actor)
    .bind(&row.created_by_name)
    .bind(row.created_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest credit note of an invoice.
pub(super) async fn credit_note(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Option<Uuid>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT id FROM invoices WHERE tenant_id = $1 AND corrects_id = $2 AND kind = 'credit_note' AND state = 'issued' ORDER BY id DESC LIMIT 1",
    )
    .bind(tenant)
    .bind(invoice)
    .fetch_optional(tx.conn())
    .await
}

/// A payer who wants the money back.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Dispute {
    pub provider: String,
    pub provider_id: String,
    pub payment_id: Uuid,
    pub invoice_id: Uuid,
    pub amount_minor: i64,
    pub reason: String,
    pub state: String,
    pub due_by: Option<jiff_sqlx::Timestamp>,
    pub entry_id: Option<Uuid>,
    pub created_at: jiff_sqlx::Timestamp,
}

const DISPUTE: &str = "SELECT provider, provider_id, payment_id, invoice_id, amount_minor, reason, state, due_by, entry_id, created_at
    FROM payment_disputes WHERE tenant_id = $1";

/// One, locked.
pub(super) async fn dispute(tx: &mut Tx, provider: &str, id: &str) -> sqlx::Result<Option<Dispute>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{DISPUTE} AND provider = $2 AND provider_id = $3 FOR UPDATE")))
        .bind(tenant)
        .bind(provider)
        .bind(id)
        .fetch_optional(tx.conn())
        .await
}

/// Of an invoice, the newest first.
pub(super) async fn disputes(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Vec<Dispute>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{DISPUTE} AND invoice_id = $2 ORDER BY created_at DESC LIMIT 100")))
        .bind(tenant)
        .bind(invoice)
        .fetch_all(tx.conn())
        .await
}

/// Writes one, new or changed.
pub(super) async fn put_dispute(tx: &mut Tx, row: &Dispute) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query(
        "INSERT INTO payment_disputes (tenant_id, provider, provider_id, payment_id, invoice_id, amount_minor, reason, state, due_by, entry_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (tenant_id, provider, provider_id) DO UPDATE SET state = excluded.state, due_by = excluded.due_by, entry_id = excluded.entry_id,
           updated_at = excluded.updated_at",
    )
    .bind(tenant)
    .bind(&row.provider)
    .bind(&row.provider_id)
    .bind(row.payment_id)
    .bind(row.invoice_id)
    .bind(row.amount_minor)
    .bind(&row.reason)
    .bind(&row.state)
    .bind(row.due_by)
    .bind(row.entry_id)
    .bind(row.created_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
