//! What the pay page shows: the one invoice of a link, and nothing else of the company.

use super::checkouts::{self, asked};
use super::store::{self};
use super::{account, actor};
use crate::invoices;
use crate::payments::links;
use crate::payments::{receipts, store as till};
use crate::profiles;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::public_link::PublicLink;
use vision_platform::{App, Failure, Tx};

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Something is to be paid.
    ToPay,
    /// Money is on its way.
    Processing,
    /// Nothing is left to pay.
    Paid,
    /// A credit note took the invoice back.
    Cancelled,
    /// The link does not open any more: too late, or withdrawn.
    Expired,
}

/// A payment of the invoice.
#[derive(Debug, Clone)]
pub struct Payment {
    /// Id.
    pub id: Uuid,
    /// Number of its receipt.
    pub number: String,
    /// Cents; negative: it went back.
    pub amount_minor: i64,
    /// The day of it.
    pub received_on: Date,
    /// How, in words.
    pub method: &'static str,
}

/// The page of a link.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a sentence of the page")]
pub struct Page {
    /// Where it stands.
    pub state: State,
    /// Number of the invoice.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Whom it is for.
    pub buyer: String,
    /// When it was issued.
    pub issued_on: Option<Date>,
    /// When it is due.
    pub due_on: Option<Date>,
    /// That day is over.
    pub late: bool,
    /// What it comes to.
    pub gross_minor: i64,
    /// What came in.
    pub paid_minor: i64,
    /// What was taken back.
    pub credited_minor: i64,
    /// What deposits have taken off.
    pub deducted_minor: i64,
    /// What is left of it.
    pub due_minor: i64,
    /// What the button asks for: a part, or what is left.
    pub asked_minor: i64,
    /// The company can be paid online now.
    pub online: bool,
    /// The last try was refused.
    pub refused: bool,
    /// The last try was given up, or its end is not known yet.
    pub ended: bool,
    /// The bank asks for a payment back.
    pub disputed: bool,
    /// Where to transfer to, and under which words.
    pub iban: String,
    /// BIC of that account.
    pub bic: String,
    /// True: no money moves.
    pub test: bool,
    /// Payments, the newest first.
    pub payments: Vec<Payment>,
    /// Origin of the provider's pages, which the button leads to; empty: ours.
    pub leads_to: &'static str,
    /// A try is open: the provider may know more than we.
    open: Option<Uuid>,
}

/// The page of a link; nothing for a link of nobody.
pub async fn view(tx: &mut Tx, app: &App, key: &PublicLink) -> Result<Option<Page>, Failure> {
    let Some(link) = links::find(tx, key).await? else { return Ok(None) };
    let Some(row) = invoices::shown(tx, link.invoice_id).await? else { return Ok(None) };
    let (due_minor, now, today) = (row.due_minor(), tx.now(), crate::day::today(tx).await?);
    let asked_minor = asked(tx, &link, due_minor).await?;
    let tried = store::checkouts(tx, row.id).await?;
    let seller = profiles::seller(tx).await?;
    let wanted = till::Wanted { invoice_id: Some(row.id), ..till::Wanted::default() };
    let payments = till::page(tx, &wanted, None, 100).await?;
    let open = tried.iter().find(|one| matches!(one.state.as_str(), "creating" | "open" | "processing"));
    let state = if !link.is_live(now) {
        State::Expired
    } else if tried.iter().any(|one| one.state == "processing") {
        State::Processing
    } else if asked_minor > 0 {
        State::ToPay
    } else if row.paid_minor == 0 && row.credited_minor > 0 {
        State::Cancelled
    } else {
        State::Paid
    };
    Ok(Some(Page {
        state,
        online: account::can_be_paid(tx, app).await?,
        refused: tried.first().is_some_and(|one| one.state == "failed"),
        ended: tried.first().is_some_and(|one| one.state == "expired"),
        disputed: super::disputed(tx, row.id).await?,
        test: !app.payments.live(),
        leads_to: if app.payments.name() == "stripe" { "https://checkout.stripe.com" } else { "" },
        open: open.map(|one| one.id),
        number: row.number.unwrap_or_default(),
        title: row.title.unwrap_or_default(),
        buyer: row.buyer_name.unwrap_or_default(),
        issued_on: row.issue_date.map(jiff_sqlx::Date::to_jiff),
        due_on: row.due_date.map(jiff_sqlx::Date::to_jiff),
        late: row.due_date.is_some_and(|date| date.to_jiff() < today),
        gross_minor: row.gross_minor,
        paid_minor: row.paid_minor,
        credited_minor: row.credited_minor,
        deducted_minor: row.deducted_minor,
        due_minor,
        asked_minor,
        iban: seller.profile.iban.unwrap_or_default(),
        bic: seller.profile.bic.unwrap_or_default(),
        payments: payments
            .into_iter()
            .map(|payment| Payment {
                number: receipts::number(&payment),
                id: payment.id,
                amount_minor: payment.amount_minor,
                received_on: payment.received_on.to_jiff(),
                method: receipts::method(&payment.method),
            })
            .collect(),
    }))
}

/// Notes that somebody has opened a link.
pub async fn opened(tx: &mut Tx, key: &PublicLink) -> Result<(), Failure> {
    if let Some(link) = links::find(tx, key).await? {
        links::opened(tx, link.id).await?;
    }
    Ok(())
}

/// A payer comes back: asks the provider, so that the page need not wait for its message. What fails is left to the message.
pub async fn returned(app: &App, key: &PublicLink, page: &Page) {
    let Some(open) = page.open else { return };
    if let Err(error) = checkouts::settle(app, key.tenant, open, None, false).await {
        tracing::warn!(%error, "the provider could not be asked while a payer came back");
    }
}

/// The PDF of the invoice, for whoever holds a link that opens: name and bytes.
pub async fn pdf(tx: &mut Tx, key: &PublicLink) -> Result<(String, Vec<u8>), Failure> {
    let now = tx.now();
    let link = links::find(tx, key).await?.filter(|link| link.is_live(now)).ok_or_else(Problem::not_found)?;
    let row = invoices::shown(tx, link.invoice_id).await?.ok_or_else(Problem::not_found)?;
    let (pdf, _) = invoices::files(tx, row.id).await?.ok_or_else(Problem::not_found)?;
    Ok((format!("{}.pdf", row.number.unwrap_or_default().replace('/', "-")), pdf))
}

/// The receipt of a payment of that invoice, of no other: name and bytes.
pub async fn receipt(app: &App, key: &PublicLink, payment: Uuid) -> Result<(String, Vec<u8>), Failure> {
    let mut tx = app.db.read(actor(key.tenant)).await?;
    let now: Timestamp = tx.now();
    let link = links::find(&mut tx, key).await?.filter(|link| link.is_live(now)).ok_or_else(Problem::not_found)?;
    let row = till::get(&mut tx, payment).await?.filter(|row| row.invoice_id == Some(link.invoice_id)).ok_or_else(Problem::not_found)?;
    let receipt = receipts::of(&mut tx, row.id).await?;
    drop(tx);
    Ok((format!("{}.pdf", receipt.number()), receipt.pdf().await?))
}
