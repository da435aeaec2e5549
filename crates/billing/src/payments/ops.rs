//! Use cases of payments.

use super::closings::{self, chain};
use super::model::{MOST_CASH, PaymentIn, PaymentMethod, parts};
use super::store::{self, Entry, Row};
use crate::invoices::{self, Due};
use crate::{accounting, day, seal};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::{DomainEvent, FieldError, Problem, Subject, text};
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// Money came in, or an entry was reversed.
#[derive(Debug, Serialize)]
struct PaymentEvent {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    label: String,
    #[serde(skip)]
    contact_id: Option<Uuid>,
    invoice: Value,
    method: String,
    amount_minor: i64,
}

impl DomainEvent for PaymentEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "payment", id: self.id, label: self.label.clone() }
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}

fn checked(input: &PaymentIn, due: &Due, cash: i64, today: Date) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let left = due.row.due_minor();
    if input.amount_minor <= 0 {
        errors.push(FieldError::new("/amount_minor", "range", "Un montant positif."));
    } else if input.amount_minor > left {
        errors.push(FieldError::new("/amount_minor", "over", "Le montant dépasse ce qui reste dû."));
    }
    // BA-09: above this sum nobody may pay in cash, in whatever parts.
    if input.method == PaymentMethod::Cash && cash + input.amount_minor > MOST_CASH {
        errors.push(FieldError::new("/amount_minor", "cash", "Au plus 1 000 € en espèces par facture (C. mon. fin. L112-6)."));
    }
    if input.received_on.is_some_and(|on| on > today) {
        errors.push(FieldError::new("/received_on", "future", "Cette date est à venir."));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::validation(errors).with("due_minor", left)) }
}

fn short(value: Option<String>, pointer: &str, max: usize) -> Result<Option<String>, Problem> {
    let value = value.and_then(|value| text::clean(&value, false));
    if value.as_ref().is_some_and(|value| value.chars().count() > max) {
        return Err(Problem::field(pointer, "too_long", "C’est trop long."));
    }
    Ok(value)
}

struct New {
    method: String,
    amount_minor: i64,
    received_on: Date,
    reference: Option<String>,
    note: Option<String>,
    reverses_id: Option<Uuid>,
}

/// Writes an entry at the end of the till's chain and moves what is due.
async fn enter(tx: &mut Tx, crypto: &Crypto, due: &Due, parts: &[super::model::Part], new: New) -> Result<Uuid, Failure> {
    let id = tx.new_id();
    let chain_seq = seal::lock_head(tx, &chain()).await?;
    // Read under the lock of the chain: nobody closes the day between this look and the entry.
    let today = day::today(tx).await?;
    closings::close_earlier(tx, crypto, today).await?;
    let chain_seq = chain_seq.max(seal::lock_head(tx, &chain()).await?);
    if store::closed_until(tx).await?.is_some_and(|closed| closed >= today) {
        return Err(Problem::conflict("La caisse d’aujourd’hui est close : l’encaissement se saisit demain.")
            .with("reason", "closed")
            .into());
    }
    // The day of value is the one that the books know.
    accounting::guard(tx, new.received_on, "/received_on").await?;
    let entry = Entry {
        id,
        method: &new.method,
        amount_minor: new.amount_minor,
        received_on: new.received_on,
        entered_on: today,
        contact_id: due.row.contact_id,
        reference: new.reference.as_deref(),
        note: new.note.as_deref(),
        reverses_id: new.reverses_id,
        chain_seq,
        invoice_id: due.row.id,
        parts,
    };
    store::insert(tx, &entry).await?;
    invoices::paid(tx, due.row.id, new.amount_minor).await?;
    seal::append(tx, &seal::Key::of(crypto), &chain(), "payment", id).await?;
    let label = due.row.number.clone().unwrap_or_default();
    tx.emit(&PaymentEvent {
        name: if new.reverses_id.is_some() { "payment.reversed" } else { "payment.received" },
        id,
        contact_id: due.row.contact_id,
        invoice: json!({ "id": due.row.id, "name": label }),
        label,
        method: new.method,
        amount_minor: new.amount_minor,
    });
    Ok(id)
}

/// Records a payment of an issued invoice.
pub(super) async fn record(tx: &mut Tx, crypto: &Crypto, invoice: Uuid, input: PaymentIn) -> Result<Row, Failure> {
    let due = invoices::lock_due(tx, invoice).await?.ok_or_else(Problem::not_found)?;
    if due.row.state != "issued" || due.row.kind == "credit_note" {
        return Err(Problem::conflict("Seule une facture émise s’encaisse.").into());
    }
    let today = day::today(tx).await?;
    let cash = store::cash_on(tx, invoice).await?;
    checked(&input, &due, cash, today)?;
    // EI-16: by what is still open under each rate, after credit notes and earlier payments.
    let taken = store::allocated(tx, invoice).await?;
    let open = |category: &str, rate: Decimal, gross: i64| {
        let same = |other: &str, of: Decimal| other == category && of.normalize() == rate.normalize();
        let credited: i64 = due.credited.iter().filter(|row| same(&row.category, row.rate)).map(|row| row.base_minor + row.vat_minor).sum();
        let paid: i64 = taken.iter().filter(|(other, of, _)| same(other, *of)).map(|(_, _, amount)| amount).sum();
        gross - credited - paid
    };
    let rates: Vec<_> = due
        .vat
        .iter()
        .map(|rate| (rate.category.clone(), rate.rate, open(&rate.category, rate.rate, rate.base_minor + rate.vat_minor)))
        .collect();
    let parts = parts(input.amount_minor, &rates);
    let new = New {
        method: input.method.word().to_owned(),
        amount_minor: input.amount_minor,
        received_on: input.received_on.unwrap_or(today),
        reference: short(input.reference, "/reference", 80)?,
        note: short(input.note, "/note", 300)?,
        reverses_id: None,
    };
    let id = enter(tx, crypto, &due, &parts, new).await?;
    store::get(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

/// Reverses an entry by another that names it (IS-05).
pub(super) async fn reverse(tx: &mut Tx, crypto: &Crypto, id: Uuid, reason: String) -> Result<Row, Failure> {
    let reason = text::clean(&reason, false).ok_or_else(|| Problem::field("/reason", "required", "Dites pourquoi."))?;
    let reason = short(Some(reason), "/reason", 300)?;
    let row = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let invoice = row.invoice_id.ok_or_else(Problem::not_found)?;
    let due = invoices::lock_due(tx, invoice).await?.ok_or_else(Problem::not_found)?;
    // Read again under the lock of the invoice: two who reverse the same entry find it reversed.
    let row = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    if row.reversed || row.reverses_id.is_some() {
        return Err(Problem::conflict("Cet encaissement est déjà annulé.").into());
    }
    let parts: Vec<super::model::Part> = store::parts(tx, id)
        .await?
        .into_iter()
        .map(|(category, rate, amount)| super::model::Part { category, rate: rate.normalize(), amount_minor: -amount })
        .collect();
    let today = day::today(tx).await?;
    let new = New {
        method: row.method,
        amount_minor: -row.amount_minor,
        received_on: today,
        reference: row.reference,
        note: reason,
        reverses_id: Some(id),
    };
    let reversal = enter(tx, crypto, &due, &parts, new).await?;
    store::get(tx, reversal).await?.ok_or_else(|| Problem::not_found().into())
}

/// Closes the till.
pub(super) async fn close(tx: &mut Tx, crypto: &Crypto, until: Option<Date>) -> Result<(), Failure> {
    let today = day::today(tx).await?;
    closings::close_until(tx, crypto, until.unwrap_or_else(|| today.yesterday().unwrap_or(today))).await
}
