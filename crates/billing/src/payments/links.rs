//! Links on which an invoice is paid: sent by mail, copied, withdrawn.
//!
//! A link is its token: only the hash is kept, so that a link that is lost is replaced by another one.

use super::online::account;
use crate::invoices::{self, Due};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use uuid::Uuid;
use vision_kernel::{DomainEvent, Problem, Subject};
use vision_platform::public_link::{self, PublicLink};
use vision_platform::{App, Failure, Tx, crypto};

/// How long a link opens where nothing else is said, in days.
pub(crate) const DAYS: i64 = 90;
/// Most links of one invoice that open at a time.
const MOST: i64 = 50;

/// A link as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Link {
    /// Id.
    pub id: Uuid,
    /// What it pays.
    pub invoice_id: Uuid,
    /// A part of it in cents; what is left of it where nothing is said.
    pub amount_minor: Option<i64>,
    /// When it stops to open.
    pub expires_at: jiff_sqlx::Timestamp,
    /// When it was withdrawn.
    pub revoked_at: Option<jiff_sqlx::Timestamp>,
    /// When it was first opened.
    pub opened_at: Option<jiff_sqlx::Timestamp>,
    /// Who made it.
    pub created_by_name: String,
    /// When.
    pub created_at: jiff_sqlx::Timestamp,
}

impl Link {
    /// True while it opens.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.to_jiff() > now
    }
}

const COLUMNS: &str = "id, invoice_id, amount_minor, expires_at, revoked_at, opened_at, created_by_name, created_at";

/// A link was made or withdrawn.
#[derive(Debug, Serialize)]
struct LinkEvent {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    invoice: Uuid,
    #[serde(skip)]
    number: String,
    amount_minor: Option<i64>,
}

impl DomainEvent for LinkEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "invoice", id: self.invoice, label: self.number.clone() }
    }
}

/// The address of a link.
pub(crate) fn address(public_url: &str, token: &str) -> String {
    format!("{public_url}/payer/{token}")
}

/// Makes a link for an issued invoice of which something is due; gives it and its address, which is told once.
pub async fn create(tx: &mut Tx, public_url: &str, invoice: Uuid, amount_minor: Option<i64>, days: i64) -> Result<(Link, String), Failure> {
    let due = invoices::lock_due(tx, invoice).await?.ok_or_else(Problem::not_found)?;
    if due.row.state != "issued" || due.row.kind == "credit_note" {
        return Err(Problem::conflict("Seule une facture émise se paie en ligne.").with("reason", "not_issued").into());
    }
    let left = due.row.due_minor();
    if left == 0 {
        return Err(Problem::conflict("Cette facture est soldée.").with("reason", "settled").into());
    }
    if amount_minor.is_some_and(|amount| amount <= 0 || amount > left) {
        let words = "Un montant positif, d’au plus ce qui reste dû.";
        return Err(Problem::field("/amount_minor", "range", words).with("due_minor", left).into());
    }
    if !(1..=365).contains(&days) {
        return Err(Problem::field("/valid_days", "range", "De 1 à 365 jours.").into());
    }
    let (tenant, now) = (tx.tenant(), tx.now());
    let live: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pay_links WHERE tenant_id = $1 AND invoice_id = $2 AND revoked_at IS NULL AND expires_at > $3",
    )
    .bind(tenant)
    .bind(invoice)
    .bind(now.to_sqlx())
    .fetch_one(tx.conn())
    .await?;
    if live >= MOST {
        return Err(Problem::conflict("Trop de liens pour cette facture : révoquez-en d’abord.").into());
    }
    let (id, (token, link)) = (tx.new_id(), public_link::mint(tenant));
    let row = insert(tx, id, &link, &due, amount_minor, days, false).await?;
    Ok((row, address(public_url, &token)))
}

async fn insert(
    tx: &mut Tx,
    id: Uuid,
    link: &PublicLink,
    due: &Due,
    amount_minor: Option<i64>,
    days: i64,
    standing: bool,
) -> Result<Link, Failure> {
    let (tenant, now, actor) = (tx.tenant(), tx.now(), tx.actor().clone());
    let row: Link = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "INSERT INTO pay_links (tenant_id, id, invoice_id, token_hash, amount_minor, expires_at, created_by, created_by_name, created_at, standing)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {COLUMNS}"
    )))
    .bind(tenant)
    .bind(id)
    .bind(due.row.id)
    .bind(&link.hash)
    .bind(amount_minor)
    .bind((now + SignedDuration::from_hours(24 * days)).to_sqlx())
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now.to_sqlx())
    .bind(standing)
    .fetch_one(tx.conn())
    .await?;
    let number = due.row.number.clone().unwrap_or_default();
    tx.emit(&LinkEvent { name: "pay_link.created", invoice: due.row.id, number, amount_minor });
    Ok(row)
}

/// The address on which an invoice is paid, where the company is paid online and something is due; none else. What other documents, pages and
/// mails point to: it stays the same, so that asking again makes nothing.
pub async fn pay_url(tx: &mut Tx, app: &App, invoice: Uuid) -> Result<Option<String>, Failure> {
    if !account::can_be_paid(tx, app).await? {
        return Ok(None);
    }
    let Some(due) = invoices::lock_due(tx, invoice).await?.filter(|due| due.row.due_minor() > 0) else { return Ok(None) };
    let (tenant, soon) = (tx.tenant(), tx.now() + SignedDuration::from_hours(24));
    let find = "SELECT id FROM pay_links WHERE tenant_id = $1 AND invoice_id = $2 AND standing AND revoked_at IS NULL AND expires_at > $3
        ORDER BY id DESC LIMIT 1";
    let known: Option<Uuid> = sqlx::query_scalar(find).bind(tenant).bind(invoice).bind(soon.to_sqlx()).fetch_optional(tx.conn()).await?;
    let id = known.unwrap_or_else(|| tx.new_id());
    let secret = crypto::keyed_hash(&app.crypto.purpose_key("billing.pay_links"), id.as_bytes());
    let (token, link) = public_link::with(tenant, &secret);
    if known.is_none() {
        insert(tx, id, &link, &due, None, DAYS, true).await?;
    }
    Ok(Some(address(&app.config.public_url, &token)))
}

/// Where the deposit of an accepted quote is paid; none where there is none to pay, or not online.
pub async fn deposit_url(app: &App, tenant: Uuid, order: Uuid) -> Result<Option<String>, Failure> {
    let mut tx = app.db.begin(super::online::actor(tenant)).await?;
    let find = "SELECT id FROM invoices WHERE tenant_id = $1 AND order_id = $2 AND kind = 'deposit' AND state = 'issued'
        AND gross_minor > deducted_minor + paid_minor + credited_minor ORDER BY id LIMIT 1";
    let deposit: Option<Uuid> = sqlx::query_scalar(find).bind(tenant).bind(order).fetch_optional(tx.conn()).await?;
    let url = match deposit {
        Some(invoice) => pay_url(&mut tx, app, invoice).await?,
        None => None,
    };
    tx.commit().await?;
    Ok(url)
}

/// The link of a token, in the tenant of this transaction.
pub(super) async fn find(tx: &mut Tx, link: &PublicLink) -> sqlx::Result<Option<Link>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM pay_links WHERE tenant_id = $1 AND token_hash = $2")))
        .bind(tenant)
        .bind(&link.hash)
        .fetch_optional(tx.conn())
        .await
}

/// Notes that somebody has opened it.
pub(super) async fn opened(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE pay_links SET opened_at = $3 WHERE tenant_id = $1 AND id = $2 AND opened_at IS NULL")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Links of an invoice, the newest first, at most a hundred.
pub(super) async fn of_invoice(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Vec<Link>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM pay_links WHERE tenant_id = $1 AND invoice_id = $2 ORDER BY id DESC LIMIT 100"
    )))
    .bind(tenant)
    .bind(invoice)
    .fetch_all(tx.conn())
    .await
}

/// Withdraws every link of an invoice, and closes the pages that are open on them.
pub(crate) async fn revoke_all(tx: &mut Tx, invoice: Uuid) -> Result<(), Failure> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE pay_links SET revoked_at = $3 WHERE tenant_id = $1 AND invoice_id = $2 AND revoked_at IS NULL")
        .bind(tenant)
        .bind(invoice)
        .bind(now)
        .execute(tx.conn())
        .await?;
    tx.enqueue(&super::online::jobs::CloseStale { invoice }).await
}

/// Withdraws a link: whoever holds it opens nothing any more.
pub(super) async fn revoke(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let invoice: Option<Uuid> = sqlx::query_scalar("SELECT invoice_id FROM pay_links WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?;
    // Who may not see the invoice may not see its links.
    let Some(due) = (match invoice {
        Some(invoice) => invoices::lock_due(tx, invoice).await?,
        None => None,
    }) else {
        return Err(Problem::not_found().into());
    };
    let done = sqlx::query("UPDATE pay_links SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    if done.rows_affected() > 0 {
        let number = due.row.number.unwrap_or_default();
        tx.emit(&LinkEvent { name: "pay_link.revoked", invoice: due.row.id, number, amount_minor: None });
        tx.enqueue(&super::online::jobs::CloseStale { invoice: due.row.id }).await?;
    }
    Ok(())
}
