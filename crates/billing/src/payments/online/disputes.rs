//! Payers who ask their bank for the money back. While it is open the invoice says so; lost, the money is entered as gone.

use super::actor;
use super::store::{self, Dispute};
use crate::day;
use crate::invoices;
use crate::payments::model::parts;
use crate::payments::{ops, store as till};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use uuid::Uuid;
use vision_kernel::{DomainEvent, Problem, Subject};
use vision_platform::{App, Failure, Tx};
use vision_ports::payments::{self, DisputeState};

/// A dispute began or ended.
#[derive(Debug, Serialize)]
struct DisputeEvent {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    invoice_id: Uuid,
    #[serde(skip)]
    number: String,
    #[serde(skip)]
    contact_id: Option<Uuid>,
    amount_minor: i64,
    invoice: serde_json::Value,
}

impl DomainEvent for DisputeEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "invoice", id: self.invoice_id, label: self.number.clone() }
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}

fn word(state: DisputeState) -> &'static str {
    match state {
        DisputeState::Open => "open",
        DisputeState::Won => "won",
        DisputeState::Lost => "lost",
    }
}

/// True while a payer disputes a payment of this invoice: nobody reminds them of it meanwhile.
pub async fn disputed(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM payment_disputes WHERE tenant_id = $1 AND invoice_id = $2 AND state = 'open')")
        .bind(tenant)
        .bind(invoice)
        .fetch_one(tx.conn())
        .await
}

/// Writes down how a dispute stands. What has ended does not begin again: messages come in any order.
pub(super) async fn record(app: &App, tenant: Uuid, seen: &payments::Dispute) -> Result<&'static str, Failure> {
    let mut tx = app.db.begin(actor(tenant)).await?;
    let Some(checkout) = store::paid_by(&mut tx, seen.payment.as_deref(), None).await? else { return Ok("unknown") };
    let due = invoices::lock_due(&mut tx, checkout.invoice_id).await?.ok_or_else(Problem::not_found)?;
    let payment = till::get(&mut tx, checkout.payment_id.unwrap_or_default()).await?.ok_or_else(Problem::not_found)?;
    let before = store::dispute(&mut tx, &checkout.provider, &seen.id).await?;
    if before.as_ref().is_some_and(|before| before.state != "open" || before.state == word(seen.state)) {
        return Ok("known");
    }
    let mut dispute = before.unwrap_or_else(|| Dispute {
        provider: checkout.provider.clone(),
        provider_id: seen.id.clone(),
        payment_id: payment.id,
        invoice_id: due.row.id,
        amount_minor: seen.amount_minor,
        reason: seen.reason.chars().take(60).collect(),
        state: String::new(),
        due_by: None,
        entry_id: None,
        created_at: tx.now().to_sqlx(),
    });
    dispute.state = word(seen.state).to_owned();
    dispute.due_by = seen.due_by.and_then(|at| Timestamp::from_second(at).ok()).map(ToSqlx::to_sqlx);
    let amount = seen.amount_minor.min(payment.amount_minor - payment.refunded_minor);
    if seen.state == DisputeState::Lost && amount > 0 {
        // What the payment had brought the invoice goes first: it is due again.
        let allocated = (payment.allocated_minor + till::taken_back(&mut tx, payment.id).await?).min(amount);
        let parts = if allocated > 0 { parts(-allocated, &till::parts(&mut tx, payment.id).await?) } else { Vec::new() };
        let new = ops::New {
            till: till::ONLINE,
            method: "online",
            amount_minor: -amount,
            received_on: day::today(&mut tx).await?,
            contact_id: payment.contact_id,
            invoice: Some(ops::about(&due)),
            parts,
            reference: Some(seen.id.clone()),
            note: Some("Litige perdu".to_owned()),
            reverses_id: Some(payment.id),
        };
        dispute.entry_id = Some(ops::enter(&mut tx, &app.crypto, new).await?);
    }
    store::put_dispute(&mut tx, &dispute).await?;
    let number = due.row.number.clone().unwrap_or_default();
    tx.emit(&DisputeEvent {
        name: match seen.state {
            DisputeState::Open => "payment.disputed",
            DisputeState::Won => "dispute.won",
            DisputeState::Lost => "dispute.lost",
        },
        invoice_id: due.row.id,
        contact_id: due.row.contact_id,
        amount_minor: seen.amount_minor,
        invoice: serde_json::json!({ "id": due.row.id, "name": number }),
        number,
    });
    tx.commit().await?;
    Ok("dispute")
}
