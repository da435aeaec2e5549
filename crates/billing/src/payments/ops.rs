//! Use cases of payments.

use super::closings::{self, chain};
use super::model::{MOST_CASH, Part, PaymentIn, PaymentMethod, parts};
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
    /// What of it is the customer's credit.
    unallocated_minor: i64,
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
    // What comes in on the web says so itself.
    if input.method == PaymentMethod::Online {
        errors.push(FieldError::new("/method", "online", "Un paiement en ligne s’enregistre de lui-même."));
    }
    if input.received_on.is_some_and(|on| on > today) {
        errors.push(FieldError::new("/received_on", "future", "Cette date est à venir."));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::validation(errors).with("due_minor", left)) }
}

pub(super) fn short(value: Option<String>, pointer: &str, max: usize) -> Result<Option<String>, Problem> {
    let value = value.and_then(|value| text::clean(&value, false));
    if value.as_ref().is_some_and(|value| value.chars().count() > max) {
        return Err(Problem::field(pointer, "too_long", "C’est trop long."));
    }
    Ok(value)
}

/// An entry before it has its place in a chain.
pub(super) struct New<'a> {
    pub till: &'a str,
    pub method: &'a str,
    pub amount_minor: i64,
    pub received_on: Date,
    pub contact_id: Option<Uuid>,
    /// The invoice that it is about, with its number.
    pub invoice: Option<(Uuid, String)>,
    /// What of it goes to that invoice, by rate.
    pub parts: Vec<Part>,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub reverses_id: Option<Uuid>,
}

/// Writes an entry at the end of its till's chain and moves what is due. Whoever calls holds the invoice.
pub(super) async fn enter(tx: &mut Tx, crypto: &Crypto, new: New<'_>) -> Result<Uuid, Failure> {
    let id = tx.new_id();
    let chain = chain(new.till);
    seal::lock_head(tx, &chain).await?;
    // Read under the lock of the chain: nobody closes the day between this look and the entry.
    let today = day::today(tx).await?;
    closings::close_earlier(tx, crypto, new.till, today).await?;
    let chain_seq = seal::lock_head(tx, &chain).await?;
    if store::closed_until(tx, new.till).await?.is_some_and(|closed| closed >= today) {
        return Err(Problem::conflict("La caisse d’aujourd’hui est close : l’encaissement se saisit demain.")
            .with("reason", "closed")
            .into());
    }
    let allocated: i64 = new.parts.iter().map(|part| part.amount_minor).sum();
    // The day of value is the one that the books know.
    accounting::guard(tx, new.received_on, "/received_on").await?;
    let entry = Entry {
        id,
        till: new.till,
        method: new.method,
        amount_minor: new.amount_minor,
        received_on: new.received_on,
        entered_on: today,
        contact_id: new.contact_id,
        reference: new.reference.as_deref(),
        note: new.note.as_deref(),
        reverses_id: new.reverses_id,
        chain_seq,
        invoice_id: new.invoice.as_ref().map(|(id, _)| *id).filter(|_| !new.parts.is_empty()),
        parts: &new.parts,
    };
    store::insert(tx, &entry).await?;
    if let Some((invoice, _)) = new.invoice.as_ref().filter(|_| allocated != 0) {
        invoices::paid(tx, *invoice, allocated).await?;
    }
    seal::append(tx, &seal::Key::of(crypto), &chain, "payment", id).await?;
    // The half of a pair that touches no invoice is told by the other half.
    let Some((invoice, number)) = new.invoice else { return Ok(id) };
    tx.emit(&PaymentEvent {
        name: match new.reverses_id {
            None => "payment.received",
            Some(_) if new.till == store::ONLINE && new.amount_minor > 0 => "payment.refund_failed",
            Some(_) if new.till == store::ONLINE => "payment.refunded",
            Some(_) => "payment.reversed",
        },
        id,
        contact_id: new.contact_id,
        invoice: json!({ "id": invoice, "name": number }),
        label: number,
        method: new.method.to_owned(),
        amount_minor: new.amount_minor,
        unallocated_minor: new.amount_minor - allocated,
    });
    Ok(id)
}

/// What is open of an invoice under each rate, after credit notes and earlier payments; negative where too much was paid (EI-16).
async fn open_by_rate(tx: &mut Tx, due: &Due) -> Result<Vec<(String, Decimal, i64)>, Failure> {
    let taken = store::allocated(tx, due.row.id).await?;
    let open = |category: &str, rate: Decimal, gross: i64| {
        let same = |other: &str, of: Decimal| other == category && of.normalize() == rate.normalize();
        let credited: i64 = due.credited.iter().filter(|row| same(&row.category, row.rate)).map(|row| row.base_minor + row.vat_minor).sum();
        let paid: i64 = taken.iter().filter(|(other, of, _)| same(other, *of)).map(|(_, _, amount)| amount).sum();
        gross - credited - paid
    };
    let rates = due.vat.iter();
    Ok(rates.map(|rate| (rate.category.clone(), rate.rate, open(&rate.category, rate.rate, rate.base_minor + rate.vat_minor))).collect())
}

/// Splits what comes in for an invoice; at most what is due of it.
pub(super) async fn parts_of(tx: &mut Tx, due: &Due, amount_minor: i64) -> Result<Vec<Part>, Failure> {
    if amount_minor == 0 {
        return Ok(Vec::new());
    }
    Ok(parts(amount_minor, &open_by_rate(tx, due).await?))
}

/// Splits what goes back: where too much was paid after credit notes, else as it came in.
pub(super) async fn parts_back(tx: &mut Tx, due: &Due, amount_minor: i64) -> Result<Vec<Part>, Failure> {
    let over: Vec<_> = open_by_rate(tx, due).await?.into_iter().map(|(category, rate, open)| (category, rate, (-open).max(0))).collect();
    if over.iter().map(|(_, _, over)| over).sum::<i64>() >= amount_minor {
        return Ok(parts(-amount_minor, &over));
    }
    Ok(parts(-amount_minor, &store::allocated(tx, due.row.id).await?))
}

/// The invoice that an entry is about.
pub(super) fn about(due: &Due) -> (Uuid, String) {
    (due.row.id, due.row.number.clone().unwrap_or_default())
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
    let parts = parts_of(tx, &due, input.amount_minor).await?;
    let reference = short(input.reference, "/reference", 80)?;
    let note = short(input.note, "/note", 300)?;
    let received_on = input.received_on.unwrap_or(today);
    if input.method == PaymentMethod::Credit {
        use_credit(tx, crypto, &due, input.amount_minor, received_on).await?;
    }
    let new = New {
        till: store::COUNTER,
        method: input.method.word(),
        amount_minor: input.amount_minor,
        received_on,
        contact_id: due.row.contact_id,
        invoice: Some(about(&due)),
        parts,
        reference,
        note,
        reverses_id: None,
    };
    let id = enter(tx, crypto, new).await?;
    store::get(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

/// Takes from a customer's credit what an invoice is about to be paid with: the first entry of a pair that adds up to nothing, because no
/// money moves (BA-06).
async fn use_credit(tx: &mut Tx, crypto: &Crypto, due: &Due, amount_minor: i64, received_on: Date) -> Result<(), Failure> {
    let lacking = |left: i64| Problem::field("/amount_minor", "credit", "Le crédit de ce client ne suffit pas.").with("credit_minor", left);
    let Some(contact) = due.row.contact_id else { return Err(lacking(0).into()) };
    store::lock_credit(tx, contact).await?;
    let left = store::credit(tx, contact).await?;
    if left < amount_minor {
        return Err(lacking(left).into());
    }
    credit_entry(tx, crypto, due, -amount_minor, received_on).await
}

/// Moves a customer's credit, without an invoice.
async fn credit_entry(tx: &mut Tx, crypto: &Crypto, due: &Due, amount_minor: i64, received_on: Date) -> Result<(), Failure> {
    let number = due.row.number.clone().unwrap_or_default();
    let new = New {
        till: store::COUNTER,
        method: PaymentMethod::Credit.word(),
        amount_minor,
        received_on,
        contact_id: due.row.contact_id,
        invoice: None,
        parts: Vec::new(),
        reference: Some(number),
        note: None,
        reverses_id: None,
    };
    enter(tx, crypto, new).await?;
    Ok(())
}

/// Reverses an entry by another that names it (IS-05).
pub(super) async fn reverse(tx: &mut Tx, crypto: &Crypto, id: Uuid, reason: String) -> Result<Row, Failure> {
    let reason = text::clean(&reason, false).ok_or_else(|| Problem::field("/reason", "required", "Dites pourquoi."))?;
    let reason = short(Some(reason), "/reason", 300)?;
    let row = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    if row.till == store::ONLINE {
        let words = "Un paiement en ligne ne s’annule pas : il se rembourse.";
        return Err(Problem::conflict(words).with("reason", "online").into());
    }
    let Some(invoice) = row.invoice_id else {
        return Err(Problem::conflict("Cette écriture se corrige par l’encaissement qui a utilisé le crédit.").into());
    };
    let due = invoices::lock_due(tx, invoice).await?.ok_or_else(Problem::not_found)?;
    // Read again under the lock of the invoice: two who reverse the same entry find it reversed.
    let row = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    if row.refunded_minor != 0 || row.reverses_id.is_some() {
        return Err(Problem::conflict("Cet encaissement est déjà annulé.").into());
    }
    let parts: Vec<Part> = store::parts(tx, id)
        .await?
        .into_iter()
        .map(|(category, rate, amount)| Part { category, rate: rate.normalize(), amount_minor: -amount })
        .collect();
    let today = day::today(tx).await?;
    if row.method == PaymentMethod::Credit.word() {
        credit_entry(tx, crypto, &due, row.amount_minor, today).await?;
    }
    let new = New {
        till: store::COUNTER,
        method: &row.method,
        amount_minor: -row.amount_minor,
        received_on: today,
        contact_id: due.row.contact_id,
        invoice: Some(about(&due)),
        parts,
        reference: row.reference,
        note: reason,
        reverses_id: Some(id),
    };
    let reversal = enter(tx, crypto, new).await?;
    store::get(tx, reversal).await?.ok_or_else(|| Problem::not_found().into())
}

/// Closes the till.
pub(super) async fn close(tx: &mut Tx, crypto: &Crypto, till: &str, until: Option<Date>) -> Result<(), Failure> {
    let today = day::today(tx).await?;
    closings::close_until(tx, crypto, till, until.unwrap_or_else(|| today.yesterday().unwrap_or(today))).await
}
