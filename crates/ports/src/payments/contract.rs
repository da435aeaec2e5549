//! What every provider must do alike. Run on the local one, and on adapters against a stub of their provider.

use super::{CheckoutState, NewAccount, NewCheckout, NewRefund, PaymentGateway, PaymentsError};

/// A payment to ask for.
pub fn intent(reference: &str) -> NewCheckout {
    NewCheckout {
        reference: reference.to_owned(),
        amount_minor: 15_709,
        currency: "EUR".to_owned(),
        label: "Facture F2026-000001".to_owned(),
        email: Some("ana.leger@exemple.fr".to_owned()),
        success_url: "http://localhost:8080/payer/jeton?retour=1".to_owned(),
        cancel_url: "http://localhost:8080/payer/jeton".to_owned(),
    }
}

fn that(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// Payments of `account`; `other` is an account that has none of them.
pub async fn checkouts(gateway: &dyn PaymentGateway, account: &str, other: &str) -> Result<(), String> {
    let made = gateway.create_checkout(account, &intent("contract-1"), "contract-key-1").await.map_err(|error| error.to_string())?;
    that(made.state == CheckoutState::Open && made.url.is_some(), "a new payment is open and has an address")?;
    that(made.amount_minor == Some(15_709) && made.currency.as_deref() == Some("EUR"), "it is for what was asked")?;
    that(made.reference.as_deref() == Some("contract-1"), "it bears our reference")?;
    let again = gateway.create_checkout(account, &intent("contract-1"), "contract-key-1").await.map_err(|error| error.to_string())?;
    that(again.id == made.id, "the same key makes nothing again")?;
    let misused = gateway.create_checkout(account, &NewCheckout { amount_minor: 1, ..intent("contract-1") }, "contract-key-1").await;
    that(matches!(misused, Err(PaymentsError::Refused(_))), "the same key for something else is refused")?;
    let read = gateway.checkout(account, &made.id).await.map_err(|error| error.to_string())?;
    that(read.id == made.id && read.state == CheckoutState::Open, "it is read as it was made")?;
    that(gateway.checkout(other, &made.id).await == Err(PaymentsError::NotFound), "another account does not see it")?;
    that(gateway.checkout(account, "cs_unknown").await == Err(PaymentsError::NotFound), "what is unknown is not found")?;
    let expired = gateway.expire_checkout(account, &made.id, "contract-key-2").await.map_err(|error| error.to_string())?;
    that(expired.state == CheckoutState::Expired, "it expires")?;
    let twice = gateway.expire_checkout(account, &made.id, "contract-key-3").await;
    that(matches!(twice, Err(PaymentsError::Refused(_))), "it expires once")?;
    let refund = NewRefund { reference: "contract-2".to_owned(), payment: made.id.replacen("cs_", "pi_", 1), amount_minor: 100 };
    that(gateway.refund(account, &refund, "contract-key-4").await.is_err(), "what nobody paid is not refunded")
}

/// Accounts.
pub async fn accounts(gateway: &dyn PaymentGateway) -> Result<(), String> {
    let new = NewAccount {
        reference: "tenant-1".to_owned(),
        name: "Garage Dupré".to_owned(),
        email: Some("bonjour@garage.example".to_owned()),
        country: "FR".to_owned(),
    };
    let made = gateway.create_account(&new, "contract-account-1").await.map_err(|error| error.to_string())?;
    that(!made.charges_enabled && !made.currently_due.is_empty(), "a new account cannot be paid yet, and says what it lacks")?;
    let again = gateway.create_account(&new, "contract-account-1").await.map_err(|error| error.to_string())?;
    that(again.id == made.id, "the same key opens nothing again")?;
    that(gateway.account(&made.id).await.map_err(|error| error.to_string())? == made, "it is read as it was made")?;
    let url = gateway
        .onboarding_url(&made.id, "http://localhost:8080/reglages", "contract-account-2")
        .await
        .map_err(|error| error.to_string())?;
    that(url.starts_with("http"), "there is a place to tell about oneself")?;
    that(gateway.account("acct_unknown").await == Err(PaymentsError::NotFound), "what is unknown is not found")
}
