//! From the button to the entry of the till.

use super::store::{self, Checkout};
use super::{account, actor, jobs};
use crate::invoices::{self, Due};
use crate::payments::links::{self, Link};
use crate::payments::{ops, store as till};
use crate::{day, profiles};
use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_kernel::{Actor, Problem};
use vision_platform::public_link::PublicLink;
use vision_platform::{App, Failure, Tx};
use vision_ports::PaymentsError;
use vision_ports::payments::{self, CheckoutState, NewCheckout};

/// What came of pressing the button.
#[derive(Debug)]
pub enum Start {
    /// To the provider's page.
    Go(String),
    /// There is nothing to pay (any more): the page says why.
    Nothing,
    /// The provider is away.
    Away,
}

/// What is still to be paid through a link.
pub(super) async fn asked(tx: &mut Tx, link: &Link, left: i64) -> Result<i64, Failure> {
    let Some(part) = link.amount_minor else { return Ok(left) };
    Ok((part - store::received_on(tx, link.id).await?).clamp(0, left))
}

/// What to do before the provider is asked.
enum Plan {
    /// Somebody has opened a page already: it is the same payment.
    Go(String),
    /// Ask for a page.
    Ask(Checkout, NewCheckout),
    /// A page for another amount is open: close it first.
    Close(Checkout),
    Nothing,
}

async fn plan(tx: &mut Tx, app: &App, token: &str, key: &PublicLink) -> Result<Plan, Failure> {
    let Some(link) = links::find(tx, key).await?.filter(|link| link.is_live(tx.now())) else { return Ok(Plan::Nothing) };
    let Some(due) = invoices::lock_due(tx, link.invoice_id).await? else { return Ok(Plan::Nothing) };
    let amount_minor = asked(tx, &link, due.row.due_minor()).await?;
    let Some(account) = account::ready(tx, app).await?.filter(|_| amount_minor > 0) else { return Ok(Plan::Nothing) };
    let tried = store::checkouts(tx, due.row.id).await?;
    // Money that is on its way is not asked for again.
    if tried.iter().any(|row| row.state == "processing") {
        return Ok(Plan::Nothing);
    }
    let row = match tried.into_iter().find(|row| matches!(row.state.as_str(), "creating" | "open")) {
        Some(row) if row.amount_minor != amount_minor || row.account_id != account.id => return Ok(Plan::Close(row)),
        Some(Checkout { url: Some(url), .. }) => return Ok(Plan::Go(url)),
        // A page that another link has just asked for: its address comes in a moment.
        Some(row) if row.link_id != link.id => return Ok(Plan::Nothing),
        Some(row) => row,
        None => {
            let now = tx.now().to_sqlx();
            let row = Checkout {
                id: tx.new_id(),
                invoice_id: due.row.id,
                link_id: link.id,
                provider: account.provider,
                account_id: account.id,
                provider_id: None,
                provider_payment: None,
                url: None,
                state: "creating".to_owned(),
                amount_minor,
                currency: due.row.currency.clone(),
                received_minor: None,
                payment_id: None,
                receipt_mailed_at: None,
                created_at: now,
                updated_at: now,
            };
            store::insert_checkout(tx, &row).await?;
            row
        }
    };
    let seller = profiles::seller(tx).await?;
    let email = match due.row.contact_id {
        Some(contact) => vision_crm::contacts::buyers::buyer(tx, contact).await?.and_then(|buyer| buyer.email),
        None => None,
    };
    let page = links::address(&app.config.public_url, token);
    let new = NewCheckout {
        reference: row.id.to_string(),
        amount_minor: row.amount_minor,
        currency: row.currency.clone(),
        label: format!("Facture {} – {}", due.row.number.as_deref().unwrap_or_default(), seller.name),
        email,
        success_url: format!("{page}?retour=1"),
        cancel_url: page,
    };
    Ok(Plan::Ask(row, new))
}

/// Begins to pay. Pressed twice, or in two tabs, it leads to one page.
pub async fn start(app: &App, token: &str, key: &PublicLink, ip: Option<String>) -> Result<Start, Failure> {
    let who = Actor::customer(key.tenant, "Client".to_owned(), ip);
    // An open page for another amount is closed once; whoever opens another one meanwhile is asked to look again.
    for _ in 0..2 {
        let mut tx = app.db.begin(who.clone()).await?;
        let plan = plan(&mut tx, app, token, key).await?;
        tx.commit().await?;
        match plan {
            Plan::Go(url) => return Ok(Start::Go(url)),
            Plan::Nothing => return Ok(Start::Nothing),
            Plan::Close(row) => close(app, key.tenant, &row).await?,
            Plan::Ask(row, new) => {
                // The key is the row's: whatever is asked twice is one page.
                return match app.payments.create_checkout(&row.account_id, &new, &format!("checkout-{}", row.id)).await {
                    Ok(made) => {
                        let url = made.url.clone();
                        apply(app, key.tenant, row.id, &made, false).await?;
                        Ok(url.map_or(Start::Nothing, Start::Go))
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a page to pay on could not be made");
                        if !matches!(error, PaymentsError::Unavailable(_)) {
                            give_up(app, key.tenant, row.id).await?;
                        }
                        Ok(Start::Away)
                    }
                };
            }
        }
    }
    Ok(Start::Nothing)
}

/// A page that was never made.
async fn give_up(app: &App, tenant: Uuid, id: Uuid) -> Result<(), Failure> {
    let mut tx = app.db.begin(actor(tenant)).await?;
    if let Some(row) = store::checkout(&mut tx, id, true).await?.filter(|row| row.state == "creating") {
        store::put_checkout(&mut tx, &Checkout { state: "expired".to_owned(), ..row }).await?;
    }
    tx.commit().await
}

/// Closes a page at the provider's, or finds that it was paid.
pub(super) async fn close(app: &App, tenant: Uuid, row: &Checkout) -> Result<(), Failure> {
    let Some(provider_id) = row.provider_id.as_deref() else { return give_up(app, tenant, row.id).await };
    if row.provider != app.payments.name() {
        return give_up(app, tenant, row.id).await;
    }
    match app.payments.expire_checkout(&row.account_id, provider_id, &format!("expire-{}", row.id)).await {
        Ok(seen) => apply(app, tenant, row.id, &seen, false).await.map(|_| ()),
        // Somebody was faster: it was paid, or has ended by itself.
        Err(PaymentsError::Refused(_)) => settle(app, tenant, row.id, None, false).await.map(|_| ()),
        Err(error) => Err(super::problem(&error).into()),
    }
}

/// Asks the provider how a payment stands, and enters it. `failed`: it says that money on its way does not come. `provider_id` is known
/// from a message where it comes before our own answer.
pub(super) async fn settle(app: &App, tenant: Uuid, id: Uuid, provider_id: Option<&str>, failed: bool) -> Result<&'static str, Failure> {
    let mut tx = app.db.read(actor(tenant)).await?;
    let row = store::checkout(&mut tx, id, false).await?;
    drop(tx);
    let Some(row) = row else { return Ok("unknown") };
    if row.provider != app.payments.name() {
        return Ok("other_provider");
    }
    if row.payment_id.is_some() {
        return Ok("known");
    }
    let Some(provider_id) = row.provider_id.as_deref().or(provider_id) else { return Ok("unknown") };
    let seen = app.payments.checkout(&row.account_id, provider_id).await.map_err(|error| super::problem(&error))?;
    apply(app, tenant, id, &seen, failed).await
}

/// Writes down what the provider says of a payment; says what came of it.
pub(super) async fn apply(app: &App, tenant: Uuid, id: Uuid, seen: &payments::Checkout, failed: bool) -> Result<&'static str, Failure> {
    let mut tx = app.db.begin(actor(tenant)).await?;
    let Some(before) = store::checkout(&mut tx, id, false).await? else { return Ok("unknown") };
    // What bears another reference is another payment, whoever says so.
    if seen.reference.as_deref().is_some_and(|reference| reference != id.to_string()) {
        return Ok("other_payment");
    }
    // Always in this order: the invoice, then what was tried.
    let due = invoices::lock_due(&mut tx, before.invoice_id).await?.ok_or_else(Problem::not_found)?;
    let mut row = store::checkout(&mut tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if row.payment_id.is_some() {
        return Ok("known");
    }
    row.provider_id = Some(seen.id.clone());
    row.provider_payment = seen.payment.clone().or(row.provider_payment);
    let state = match (seen.state, row.state.as_str()) {
        (CheckoutState::Paid, _) => "paid",
        // What was refused stays refused when its page expires later.
        (CheckoutState::Expired, "failed") => "failed",
        (CheckoutState::Expired | CheckoutState::Processing, _) if failed => "failed",
        (CheckoutState::Expired, _) => "expired",
        (CheckoutState::Processing, _) => "processing",
        (CheckoutState::Open, "creating" | "open") => "open",
        // An old answer does not open again what has ended.
        (CheckoutState::Open, _) => return Ok("late"),
    };
    row.url = seen.url.clone().filter(|_| state == "open");
    if state == "paid" {
        let currency = seen.currency.as_deref().unwrap_or(&row.currency);
        if currency != row.currency {
            tracing::error!(checkout = %id, currency, "a payment came in in another currency: it waits for a person");
            return Ok("currency");
        }
        // BA-09: what came in is what the provider says, whatever was asked for.
        let amount_minor = seen.amount_minor.filter(|amount| *amount > 0).unwrap_or(row.amount_minor);
        row.received_minor = Some(amount_minor);
        row.payment_id = Some(receive(&mut tx, app, &due, amount_minor, row.provider_payment.clone()).await?);
        tx.enqueue(&jobs::MailReceipt { checkout: id }).await?;
        tx.enqueue(&jobs::CloseStale { invoice: due.row.id }).await?;
    }
    row.state = state.to_owned();
    store::put_checkout(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(state)
}

/// Enters what came in. What is more than is due is the customer's credit (BA-06).
async fn receive(tx: &mut Tx, app: &App, due: &Due, amount_minor: i64, reference: Option<String>) -> Result<Uuid, Failure> {
    let parts = ops::parts_of(tx, due, amount_minor.min(due.row.due_minor())).await?;
    let new = ops::New {
        till: till::ONLINE,
        method: "online",
        amount_minor,
        received_on: day::today(tx).await?,
        contact_id: due.row.contact_id,
        invoice: Some(ops::about(due)),
        parts,
        reference,
        note: None,
        reverses_id: None,
    };
    ops::enter(tx, &app.crypto, new).await
}
