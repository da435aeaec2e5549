//! The provider that is used while there is none: a page of the product's own on which a person pays, refuses, gives up or disputes, and
//! which sends back signed messages as a real one does. Never in production.

use super::{
    Account, Checkout, CheckoutState, Dispute, DisputeState, Event, EventKind, NewAccount, NewCheckout, NewRefund, PaymentGateway,
    PaymentsError, Refund, RefundState, WebhookError, signature,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Where it keeps what it knows: texts by id.
#[async_trait::async_trait]
pub trait LocalStore: Send + Sync {
    /// What is kept.
    async fn get(&self, id: &str) -> Result<Option<Value>, String>;
    /// Keeps `body` unless something is kept there; gives what is.
    async fn insert(&self, id: &str, body: &Value) -> Result<Value, String>;
    /// Keeps `body` instead of `before`; false when something else is kept there.
    async fn replace(&self, id: &str, before: &Value, body: &Value) -> Result<bool, String>;
}

/// A store that forgets.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<String, Value>>);

impl Memory {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Value>) -> T) -> Result<T, String> {
        self.0.lock().map(|mut kept| work(&mut kept)).map_err(|error| error.to_string())
    }
}

#[async_trait::async_trait]
impl LocalStore for Memory {
    async fn get(&self, id: &str) -> Result<Option<Value>, String> {
        self.with(|kept| kept.get(id).cloned())
    }
    async fn insert(&self, id: &str, body: &Value) -> Result<Value, String> {
        self.with(|kept| kept.entry(id.to_owned()).or_insert_with(|| body.clone()).clone())
    }
    async fn replace(&self, id: &str, before: &Value, body: &Value) -> Result<bool, String> {
        self.with(|kept| match kept.get_mut(id) {
            Some(present) if present == before => {
                *present = body.clone();
                true
            }
            _ => false,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptRefund {
    id: String,
    reference: String,
    amount_minor: i64,
}

/// A payment as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalCheckout {
    account: String,
    /// What was asked for.
    pub asked: NewCheckout,
    /// Where it stands.
    pub state: CheckoutState,
    /// The payer's card was refused.
    pub refused: bool,
    refunds: Vec<KeptRefund>,
    /// Where its dispute stands, if there is one.
    pub dispute: Option<DisputeState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptAccount {
    name: String,
    ready: bool,
    gone: bool,
    /// How often it has changed: two changes within a second are two events.
    changes: u32,
}

/// What a person chooses on the page of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Pays.
    Pay,
    /// Is refused by the bank.
    Refuse,
    /// Gives up.
    Abandon,
    /// Has paid, and asks the bank for the money back.
    Dispute,
    /// The bank leaves the money.
    Win,
    /// The bank takes the money.
    Lose,
}

/// A message on its way to the product: body and signature.
pub type Sent = (Vec<u8>, String);

/// The provider.
pub struct LocalGateway<S> {
    store: S,
    secret: String,
    base: String,
}

fn digest(parts: &[&str]) -> String {
    Sha256::digest(parts.join("\u{0}").as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

fn away(error: String) -> PaymentsError {
    PaymentsError::Unavailable(error)
}

/// The id of the money is the id of its payment with another beginning.
fn payment_of(id: &str) -> String {
    id.replacen("cs_", "pi_", 1)
}

fn checkout_of(payment: &str) -> String {
    payment.replacen("pi_", "cs_", 1)
}

impl<S: LocalStore> LocalGateway<S> {
    /// `secret` signs its messages; `base` is where browsers reach the product.
    pub fn new(store: S, secret: String, base: &str) -> Self {
        Self { store, secret, base: base.to_owned() }
    }

    async fn kept<T: serde::de::DeserializeOwned>(&self, id: &str) -> Result<(Value, T), PaymentsError> {
        let body = self.store.get(id).await.map_err(away)?.ok_or(PaymentsError::NotFound)?;
        let read = serde_json::from_value(body.clone()).map_err(|_| PaymentsError::NotFound)?;
        Ok((body, read))
    }

    async fn own(&self, account: &str, id: &str) -> Result<(Value, LocalCheckout), PaymentsError> {
        let (body, kept) = self.kept::<LocalCheckout>(id).await?;
        if kept.account == account { Ok((body, kept)) } else { Err(PaymentsError::NotFound) }
    }

    async fn change(&self, id: &str, before: &Value, after: &impl Serialize) -> Result<(), PaymentsError> {
        let after = serde_json::to_value(after).map_err(|error| away(error.to_string()))?;
        let done = self.store.replace(id, before, &after).await.map_err(away)?;
        if done { Ok(()) } else { Err(away("somebody else changed it".to_owned())) }
    }

    fn shown(&self, id: &str, kept: &LocalCheckout) -> Checkout {
        Checkout {
            id: id.to_owned(),
            reference: Some(kept.asked.reference.clone()),
            url: (kept.state == CheckoutState::Open).then(|| format!("{}/paiement-essai/{id}", self.base)),
            state: kept.state,
            amount_minor: Some(kept.asked.amount_minor),
            currency: Some(kept.asked.currency.clone()),
            payment: (kept.state == CheckoutState::Paid).then(|| payment_of(id)),
        }
    }

    fn sent(&self, name: &str, account: &str, seconds: i64, object: &Value) -> Sent {
        // The same thing that happens twice in one second to one object is one event.
        let id = format!("evt_local_{}", digest(&[name, account, &seconds.to_string(), &object.to_string()]));
        let body =
            json!({ "id": id, "type": name, "account": account, "livemode": false, "created": seconds, "data": { "object": object } });
        let body = body.to_string().into_bytes();
        let signature = signature::sign(&self.secret, seconds, &body);
        (body, signature)
    }

    /// A payment, for the page.
    pub async fn page(&self, id: &str) -> Result<LocalCheckout, PaymentsError> {
        Ok(self.kept::<LocalCheckout>(id).await?.1)
    }

    /// Does what a person has chosen; gives the messages that follow from it.
    pub async fn choose(&self, id: &str, choice: Choice, seconds: i64) -> Result<Vec<Sent>, PaymentsError> {
        let (before, mut kept) = self.kept::<LocalCheckout>(id).await?;
        let refused = |words: &str| Err(PaymentsError::Refused(words.to_owned()));
        let mut names = Vec::new();
        if matches!(choice, Choice::Pay | Choice::Dispute) && kept.state == CheckoutState::Open {
            kept.state = CheckoutState::Paid;
            names.push("checkout.session.completed");
        }
        match (choice, kept.state, kept.dispute) {
            (Choice::Pay, CheckoutState::Paid, _) if !names.is_empty() => {}
            (Choice::Refuse, CheckoutState::Open, _) => {
                (kept.state, kept.refused) = (CheckoutState::Expired, true);
                names.push("checkout.session.async_payment_failed");
            }
            (Choice::Abandon, CheckoutState::Open, _) => {
                kept.state = CheckoutState::Expired;
                names.push("checkout.session.expired");
            }
            (Choice::Dispute, CheckoutState::Paid, None) => {
                kept.dispute = Some(DisputeState::Open);
                names.push("charge.dispute.created");
            }
            (Choice::Win | Choice::Lose, CheckoutState::Paid, Some(DisputeState::Open)) => {
                kept.dispute = Some(if choice == Choice::Win { DisputeState::Won } else { DisputeState::Lost });
                names.push("charge.dispute.closed");
            }
            _ => return refused("Ce paiement n’en est plus là."),
        }
        self.change(id, &before, &kept).await?;
        let dispute = json!({ "id": id.replacen("cs_", "dp_", 1), "payment_intent": payment_of(id), "amount": kept.asked.amount_minor,
            "reason": "general", "state": kept.dispute, "due_by": seconds + 7 * 86_400 });
        let session = json!({ "id": id, "client_reference_id": kept.asked.reference });
        let object = |name: &str| if name.starts_with("charge") { dispute.clone() } else { session.clone() };
        Ok(names.into_iter().map(|name| self.sent(name, &kept.account, seconds, &object(name))).collect())
    }

    /// The name and the state of an account: it may be paid, it has cut the connection.
    pub async fn account_page(&self, id: &str) -> Result<(String, bool, bool), PaymentsError> {
        let (_, kept) = self.kept::<KeptAccount>(id).await?;
        Ok((kept.name, kept.ready, kept.gone))
    }

    /// The company has told everything (`Some(true)`), lacks something (`Some(false)`), or cuts the connection (`None`).
    pub async fn onboard(&self, id: &str, ready: Option<bool>, seconds: i64) -> Result<Sent, PaymentsError> {
        let (before, mut kept) = self.kept::<KeptAccount>(id).await?;
        (kept.ready, kept.gone, kept.changes) = (ready == Some(true), ready.is_none(), kept.changes + 1);
        self.change(id, &before, &kept).await?;
        let name = if kept.gone { "account.application.deauthorized" } else { "account.updated" };
        Ok(self.sent(name, id, seconds, &json!({ "id": id, "changes": kept.changes })))
    }
}

#[async_trait::async_trait]
impl<S: LocalStore> PaymentGateway for LocalGateway<S> {
    fn name(&self) -> &'static str {
        "local"
    }

    fn live(&self) -> bool {
        false
    }

    async fn create_checkout(&self, account: &str, new: &NewCheckout, key: &str) -> Result<Checkout, PaymentsError> {
        let id = format!("cs_local_{}", digest(&[account, key]));
        let (account, asked) = (account.to_owned(), new.clone());
        let fresh = LocalCheckout { account, asked, state: CheckoutState::Open, refused: false, refunds: Vec::new(), dispute: None };
        let body = serde_json::to_value(&fresh).map_err(|error| away(error.to_string()))?;
        let kept = self.store.insert(&id, &body).await.map_err(away)?;
        let kept: LocalCheckout = serde_json::from_value(kept).map_err(|error| away(error.to_string()))?;
        if kept.asked != *new {
            return Err(PaymentsError::Refused("the key was used for another payment".to_owned()));
        }
        Ok(self.shown(&id, &kept))
    }

    async fn checkout(&self, account: &str, id: &str) -> Result<Checkout, PaymentsError> {
        let (_, kept) = self.own(account, id).await?;
        Ok(self.shown(id, &kept))
    }

    async fn expire_checkout(&self, account: &str, id: &str, _key: &str) -> Result<Checkout, PaymentsError> {
        let (before, mut kept) = self.own(account, id).await?;
        if kept.state != CheckoutState::Open {
            return Err(PaymentsError::Refused("only an open payment expires".to_owned()));
        }
        kept.state = CheckoutState::Expired;
        self.change(id, &before, &kept).await?;
        Ok(self.shown(id, &kept))
    }

    async fn refund(&self, account: &str, new: &NewRefund, key: &str) -> Result<Refund, PaymentsError> {
        let checkout = checkout_of(&new.payment);
        let (before, mut kept) = self.own(account, &checkout).await?;
        let id = format!("re_local_{}", digest(&[account, key]));
        let answer = |amount_minor: i64| Refund {
            id: id.clone(),
            reference: Some(new.reference.clone()),
            amount_minor,
            state: RefundState::Succeeded,
            failure: None,
        };
        if let Some(made) = kept.refunds.iter().find(|refund| refund.id == id) {
            return Ok(answer(made.amount_minor));
        }
        let left = kept.asked.amount_minor - kept.refunds.iter().map(|refund| refund.amount_minor).sum::<i64>();
        if kept.state != CheckoutState::Paid || new.amount_minor <= 0 || new.amount_minor > left {
            return Err(PaymentsError::Refused("more than what is left of the payment".to_owned()));
        }
        kept.refunds.push(KeptRefund { id: id.clone(), reference: new.reference.clone(), amount_minor: new.amount_minor });
        self.change(&checkout, &before, &kept).await?;
        Ok(answer(new.amount_minor))
    }

    async fn refunds(&self, account: &str, payment: &str) -> Result<Vec<Refund>, PaymentsError> {
        let (_, kept) = self.own(account, &checkout_of(payment)).await?;
        let shown = |refund: KeptRefund| Refund {
            id: refund.id,
            reference: Some(refund.reference),
            amount_minor: refund.amount_minor,
            state: RefundState::Succeeded,
            failure: None,
        };
        Ok(kept.refunds.into_iter().map(shown).collect())
    }

    async fn create_account(&self, new: &NewAccount, key: &str) -> Result<Account, PaymentsError> {
        let id = format!("acct_local_{}", digest(&[key]));
        let fresh = json!(KeptAccount { name: new.name.clone(), ready: false, gone: false, changes: 0 });
        self.store.insert(&id, &fresh).await.map_err(away)?;
        self.account(&id).await
    }

    async fn account(&self, id: &str) -> Result<Account, PaymentsError> {
        let (_, kept) = self.kept::<KeptAccount>(id).await?;
        let currently_due = if kept.ready { Vec::new() } else { vec!["external_account".to_owned()] };
        Ok(Account {
            id: id.to_owned(),
            charges_enabled: kept.ready,
            payouts_enabled: kept.ready,
            details_submitted: kept.ready,
            currently_due,
        })
    }

    async fn onboarding_url(&self, account: &str, _return_url: &str, _key: &str) -> Result<String, PaymentsError> {
        self.account(account).await?;
        Ok(format!("{}/paiement-essai/compte/{account}", self.base))
    }

    fn event(&self, body: &[u8], header: &str, now: i64) -> Result<Event, WebhookError> {
        signature::verify(std::slice::from_ref(&self.secret), body, header, now)?;
        let event: Value = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
        let word = |path: &str| event.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let (id, name) = word("/id").zip(word("/type")).ok_or(WebhookError::Unreadable)?;
        let object = word("/data/object/id").unwrap_or_default();
        let kind = match name.as_str() {
            "checkout.session.completed" | "checkout.session.expired" | "checkout.session.async_payment_failed" => EventKind::Checkout {
                checkout: object,
                reference: word("/data/object/client_reference_id"),
                failed: name.ends_with("failed"),
            },
            "charge.dispute.created" | "charge.dispute.closed" => EventKind::Dispute(Dispute {
                id: object,
                payment: word("/data/object/payment_intent"),
                amount_minor: event.pointer("/data/object/amount").and_then(Value::as_i64).unwrap_or_default(),
                reason: word("/data/object/reason").unwrap_or_default(),
                state: event
                    .pointer("/data/object/state")
                    .and_then(|state| serde_json::from_value(state.clone()).ok())
                    .unwrap_or(DisputeState::Open),
                due_by: event.pointer("/data/object/due_by").and_then(Value::as_i64),
            }),
            "refund.created" => EventKind::Refunds { payment: word("/data/object/payment_intent").unwrap_or_default() },
            "account.updated" => EventKind::Account,
            "account.application.deauthorized" => EventKind::AccountGone,
            _ => EventKind::Other,
        };
        Ok(Event { id, name, account: word("/account"), live: false, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::contract;

    fn gateway() -> LocalGateway<Memory> {
        LocalGateway::new(Memory::default(), "whsec_local".to_owned(), "http://localhost:8080")
    }

    #[tokio::test]
    async fn it_keeps_the_contract() {
        let gateway = gateway();
        contract::checkouts(&gateway, "acct_local_a", "acct_local_b").await.expect("payments");
        contract::accounts(&gateway).await.expect("accounts");
    }

    #[tokio::test]
    async fn what_a_person_chooses_comes_back_signed() {
        let gateway = gateway();
        let made = gateway.create_checkout("acct_local_a", &contract::intent("r1"), "k1").await.expect("made");
        let sent = gateway.choose(&made.id, Choice::Dispute, 1000).await.expect("chosen");
        let names: Vec<_> = sent.iter().map(|(body, header)| gateway.event(body, header, 1010).expect("believed").name).collect();
        assert_eq!(names, ["checkout.session.completed", "charge.dispute.created"]);
        assert!(gateway.choose(&made.id, Choice::Pay, 1001).await.is_err(), "paid once");
        let paid = gateway.checkout("acct_local_a", &made.id).await.expect("there");
        let payment = paid.payment.expect("money");
        let part = |amount_minor, reference: &str| NewRefund { reference: reference.to_owned(), payment: payment.clone(), amount_minor };
        gateway.refund("acct_local_a", &part(1_000, "a"), "ka").await.expect("a part");
        gateway.refund("acct_local_a", &part(1_000, "a"), "ka").await.expect("the same again");
        assert!(gateway.refund("acct_local_a", &part(15_000, "b"), "kb").await.is_err(), "more than is left");
        assert_eq!(gateway.refunds("acct_local_a", &payment).await.expect("list").len(), 1);
    }
}
