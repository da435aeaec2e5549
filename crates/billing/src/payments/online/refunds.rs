//! Money that goes back: up to what was paid, tied to a credit note where it was for an invoice (BA-09), or of what was paid too much.

use super::store::{self, Checkout, Refund};
use super::{actor, jobs};
use crate::day;
use crate::invoices::{self, Due};
use crate::payments::{ops, store as till};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::{DomainEvent, Problem, Subject, text};
use vision_platform::{App, Failure, Tx};
use vision_ports::PaymentsError;
use vision_ports::payments::{self, NewRefund, RefundState};

/// A refund that is asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct RefundIn {
    /// Cents, at most what can be refunded.
    pub amount_minor: i64,
    /// Why; kept with it.
    pub reason: String,
}

/// What of a payment can go back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Refundable {
    /// What credit notes took back of the invoice after it was paid (BA-09).
    pub invoice_minor: i64,
    /// What was paid too much and not used elsewhere (BA-06).
    pub credit_minor: i64,
}

impl Refundable {
    /// The most that one refund may be.
    pub(super) fn most(self) -> i64 {
        self.invoice_minor.max(self.credit_minor)
    }
}

/// Somebody asked for a refund, or it failed.
#[derive(Debug, Serialize)]
struct RefundEvent {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    number: String,
    #[serde(skip)]
    contact_id: Option<Uuid>,
    amount_minor: i64,
    reason: String,
    invoice: serde_json::Value,
}

impl DomainEvent for RefundEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "refund", id: self.id, label: self.number.clone() }
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}

fn event(name: &'static str, refund: &Refund, due: &Due, reason: String) -> RefundEvent {
    let number = due.row.number.clone().unwrap_or_default();
    RefundEvent {
        name,
        id: refund.id,
        contact_id: due.row.contact_id,
        amount_minor: refund.amount_minor,
        reason,
        invoice: serde_json::json!({ "id": due.row.id, "name": number }),
        number,
    }
}

/// What of a payment can go back now. The invoice is held.
pub(super) async fn refundable(tx: &mut Tx, row: &till::Row, due: &Due) -> Result<Refundable, Failure> {
    let refunds = store::refunds(tx, &[row.id]).await?;
    let waiting = |of_invoice: bool| -> i64 {
        let pending = refunds.iter().filter(|refund| refund.state == "pending" && refund.invoice_id.is_some() == of_invoice);
        pending.map(|refund| refund.amount_minor).sum()
    };
    let taken_back = till::taken_back(tx, row.id).await?;
    let allocated = row.allocated_minor + taken_back;
    let unallocated = row.amount_minor - row.refunded_minor - allocated;
    // BA-09: what an invoice was paid goes back only after a credit note, and no further than it took back.
    let over = due.row.over_minor() - store::pending_on(tx, due.row.id).await?;
    let credit = match due.row.contact_id {
        Some(contact) => till::credit(tx, contact).await?,
        None => unallocated - waiting(false),
    };
    Ok(Refundable {
        invoice_minor: over.min(allocated - waiting(true)).max(0),
        credit_minor: credit.min(unallocated - waiting(false)).max(0),
    })
}

/// A payment that came in online, with what it was tried by and its invoice, held.
async fn held(tx: &mut Tx, payment: Uuid) -> Result<(till::Row, Checkout, Due), Failure> {
    till::get(tx, payment).await?.ok_or_else(Problem::not_found)?;
    let Some(checkout) = store::paid_by(tx, None, Some(payment)).await? else {
        return Err(Problem::conflict("Seul un paiement en ligne se rembourse ici : annulez l’encaissement.")
            .with("reason", "not_online")
            .into());
    };
    let due = invoices::lock_due(tx, checkout.invoice_id).await?.ok_or_else(Problem::not_found)?;
    if let Some(contact) = due.row.contact_id {
        till::lock_credit(tx, contact).await?;
    }
    // Read again: the invoice is held now.
    let row = till::get(tx, payment).await?.ok_or_else(Problem::not_found)?;
    Ok((row, checkout, due))
}

/// Asks for a refund: reserved here, made by a job, entered when the provider has made it.
pub(super) async fn request(tx: &mut Tx, payment: Uuid, input: RefundIn) -> Result<Refund, Failure> {
    let reason = text::clean(&input.reason, false).ok_or_else(|| Problem::field("/reason", "required", "Dites pourquoi."))?;
    let reason = ops::short(Some(reason), "/reason", 300)?.unwrap_or_default();
    let (row, _, due) = held(tx, payment).await?;
    let can = refundable(tx, &row, &due).await?;
    if input.amount_minor <= 0 || input.amount_minor > can.most() {
        let words = if can.most() == 0 {
            "Rien n’est remboursable : établissez d’abord un avoir sur la facture."
        } else {
            "Le montant dépasse ce qui est remboursable."
        };
        let problem = Problem::field("/amount_minor", if can.most() == 0 { "credit_note" } else { "over" }, words);
        return Err(problem.with("refundable_minor", can.most()).into());
    }
    let of_invoice = input.amount_minor <= can.invoice_minor;
    let credit_note_id = if of_invoice { store::credit_note(tx, due.row.id).await? } else { None };
    let refund = Refund {
        id: tx.new_id(),
        payment_id: payment,
        credit_note_id,
        invoice_id: of_invoice.then_some(due.row.id),
        amount_minor: input.amount_minor,
        state: "pending".to_owned(),
        origin: "staff".to_owned(),
        reason: reason.clone(),
        failure: None,
        provider_id: None,
        entry_id: None,
        created_by_name: tx.actor().name.clone(),
        created_at: tx.now().to_sqlx(),
    };
    store::put_refund(tx, &refund).await?;
    tx.emit(&event("refund.requested", &refund, &due, reason));
    tx.enqueue(&jobs::MakeRefund { refund: refund.id }).await?;
    Ok(refund)
}

/// Has the provider make a refund. The key is the refund's: made twice, it is one.
pub(super) async fn make(app: &App, tenant: Uuid, id: Uuid) -> Result<(), Failure> {
    let mut tx = app.db.read(actor(tenant)).await?;
    let Some(refund) = store::refund(&mut tx, id, false).await?.filter(|refund| refund.state == "pending") else { return Ok(()) };
    let checkout = store::paid_by(&mut tx, None, Some(refund.payment_id)).await?;
    drop(tx);
    let Some((checkout, payment)) = checkout.and_then(|row| row.provider_payment.clone().map(|payment| (row, payment))) else {
        return Ok(());
    };
    let new = NewRefund { reference: id.to_string(), payment, amount_minor: refund.amount_minor };
    let seen = match app.payments.refund(&checkout.account_id, &new, &format!("refund-{id}")).await {
        Ok(seen) => seen,
        Err(PaymentsError::Unavailable(words)) => return Err(super::problem(&PaymentsError::Unavailable(words)).into()),
        Err(error) => payments::Refund {
            id: String::new(),
            reference: None,
            amount_minor: refund.amount_minor,
            state: RefundState::Failed,
            failure: Some(error.to_string()),
        },
    };
    record(app, tenant, id, &seen).await
}

/// Writes down how a refund stands.
async fn record(app: &App, tenant: Uuid, id: Uuid, seen: &payments::Refund) -> Result<(), Failure> {
    let mut tx = app.db.begin(actor(tenant)).await?;
    let Some(before) = store::refund(&mut tx, id, false).await? else { return Ok(()) };
    let (row, _, due) = held(&mut tx, before.payment_id).await?;
    let mut refund = store::refund(&mut tx, id, true).await?.ok_or_else(Problem::not_found)?;
    refund.provider_id = refund.provider_id.or_else(|| Some(seen.id.clone()).filter(|id| !id.is_empty()));
    let (amount, back) = match (refund.state.as_str(), seen.state) {
        ("pending", RefundState::Succeeded) => (-refund.amount_minor, false),
        // What had gone came back.
        ("succeeded", RefundState::Failed) => (refund.amount_minor, true),
        ("pending", RefundState::Failed) => (0, true),
        _ => (0, false),
    };
    if amount != 0 {
        let parts = match (refund.invoice_id, refund.entry_id.filter(|_| back)) {
            (Some(_), Some(entry)) => {
                let parts = till::parts(&mut tx, entry).await?.into_iter();
                parts.map(|(category, rate, minor)| crate::payments::model::Part { category, rate, amount_minor: -minor }).collect()
            }
            (Some(_), None) => ops::parts_back(&mut tx, &due, refund.amount_minor).await?,
            (None, _) => Vec::new(),
        };
        let new = ops::New {
            till: till::ONLINE,
            method: "online",
            amount_minor: amount,
            received_on: day::today(&mut tx).await?,
            contact_id: row.contact_id,
            invoice: Some(ops::about(&due)),
            parts,
            reference: refund.provider_id.clone(),
            note: Some(if back { "Remboursement échoué".to_owned() } else { refund.reason.clone() }),
            reverses_id: Some(row.id),
        };
        refund.entry_id = Some(ops::enter(&mut tx, &app.crypto, new).await?);
    }
    if back {
        refund.state = "failed".to_owned();
        refund.failure = Some(seen.failure.clone().unwrap_or_else(|| "Refusé par le prestataire".to_owned()));
        let words = refund.failure.clone().unwrap_or_default();
        tx.emit(&event("refund.failed", &refund, &due, words));
    } else if amount != 0 {
        refund.state = "succeeded".to_owned();
    }
    store::put_refund(&mut tx, &refund).await?;
    tx.commit().await
}

/// Reads the refunds of a payment at the provider's again, those that were made there included.
pub(super) async fn sync(app: &App, tenant: Uuid, money: &str) -> Result<&'static str, Failure> {
    let mut tx = app.db.read(actor(tenant)).await?;
    let checkout = store::paid_by(&mut tx, Some(money), None).await?;
    drop(tx);
    let Some((checkout, payment)) = checkout.and_then(|row| row.payment_id.map(|payment| (row, payment))) else { return Ok("unknown") };
    let seen = app.payments.refunds(&checkout.account_id, money).await.map_err(|error| super::problem(&error))?;
    for one in seen {
        let mut tx = app.db.begin(actor(tenant)).await?;
        let (row, _, due) = held(&mut tx, payment).await?;
        let known = store::refunds(&mut tx, &[payment]).await?;
        let ours = known.iter().find(|refund| {
            refund.provider_id.as_deref() == Some(&one.id) || one.reference.as_deref() == Some(refund.id.to_string().as_str())
        });
        let id = if let Some(refund) = ours {
            refund.id
        } else {
            // Made at the provider's, without asking us: the money is gone, so it is entered; of what was paid too much where that is
            // enough, else of the invoice, which is due again until there is a credit note.
            let of_credit = one.amount_minor <= refundable(&mut tx, &row, &due).await?.credit_minor;
            let refund = Refund {
                id: tx.new_id(),
                payment_id: payment,
                credit_note_id: if of_credit { None } else { store::credit_note(&mut tx, due.row.id).await? },
                invoice_id: (!of_credit).then_some(due.row.id),
                amount_minor: one.amount_minor,
                state: "pending".to_owned(),
                origin: "provider".to_owned(),
                reason: "Remboursé chez le prestataire".to_owned(),
                failure: None,
                provider_id: Some(one.id.clone()),
                entry_id: None,
                created_by_name: tx.actor().name.clone(),
                created_at: tx.now().to_sqlx(),
            };
            store::put_refund(&mut tx, &refund).await?;
            refund.id
        };
        tx.commit().await?;
        record(app, tenant, id, &one).await?;
    }
    Ok("refunds")
}
