//! Stripe: payments on its page (Checkout Sessions) into the company's own connected account (direct charges), refunds, disputes,
//! onboarding. API version [`VERSION`] on every call.
//!
//! Checked: the requests equal those of the official SDK for the same intent (`fixtures/golden.json`); signatures made by the SDK are
//! believed; the fields that are read are those of the provider's specification of that version. Not checked: the live service, which tests
//! do not reach. The first run against a real sandbox is on the list of what precedes a launch.

mod wire;

use std::time::Duration;
use vision_kernel::Secret;
use vision_ports::payments::{
    Account, Checkout, Event, NewAccount, NewCheckout, NewRefund, PaymentGateway, PaymentsError, Refund, WebhookError, signature,
};

/// The version of the API that requests and answers are written for.
pub const VERSION: &str = "2026-10-28.endive";
/// Where the service lives unless the configuration says otherwise.
pub const ADDRESS: &str = "https://api.stripe.com";
/// A payer waits for this answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// A list of a hundred refunds takes some 200 kB.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// How often a call that failed on the way is made: each time with the same key.
const TRIES: u32 = 3;

/// The provider.
pub struct Stripe {
    client: reqwest::Client,
    address: String,
    key: Secret<String>,
    secrets: Secret<Vec<String>>,
}

type Form = Vec<(String, String)>;

fn pair(name: &str, value: &(impl ToString + ?Sized)) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn away(error: impl std::fmt::Display) -> PaymentsError {
    PaymentsError::Unavailable(error.to_string())
}

/// One call.
struct Call<'a> {
    method: reqwest::Method,
    path: String,
    account: Option<&'a str>,
    key: Option<&'a str>,
    form: Form,
}

impl<'a> Call<'a> {
    fn get(path: String, account: Option<&'a str>) -> Self {
        Self { method: reqwest::Method::GET, path, account, key: None, form: Vec::new() }
    }

    fn post(path: &str, account: Option<&'a str>, key: &'a str, form: Form) -> Self {
        Self { method: reqwest::Method::POST, path: path.to_owned(), account, key: Some(key), form }
    }
}

/// An id in an address: what the provider gives out has no other signs, and what has is nobody's.
fn id(text: &str) -> Result<&str, PaymentsError> {
    let plain = !text.is_empty() && text.len() <= 255 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { Ok(text) } else { Err(PaymentsError::NotFound) }
}

impl Stripe {
    /// `key` is `sk_…`; `secrets` are the `whsec_…` of the webhook endpoint, several while one is being replaced.
    pub fn new(address: &str, key: Secret<String>, secrets: Secret<Vec<String>>) -> Result<Self, PaymentsError> {
        let client = crate::http::client(TIMEOUT).map_err(away)?;
        Ok(Self { client, address: address.trim_end_matches('/').to_owned(), key, secrets })
    }

    async fn once(&self, call: &Call<'_>) -> Result<Vec<u8>, (PaymentsError, bool)> {
        let mut request = self.client.request(call.method.clone(), format!("{}{}", self.address, call.path));
        request = request.header("authorization", format!("Bearer {}", self.key.expose())).header("stripe-version", VERSION);
        if let Some(account) = call.account {
            request = request.header("stripe-account", account);
        }
        if let Some(key) = call.key {
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.form).finish();
            request = request.header("idempotency-key", key).header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = request.send().await.map_err(|error| (away(error), true))?;
        let status = answer.status().as_u16();
        // The provider's own word wins over the rule (the SDK does the same).
        let told = answer.headers().get("stripe-should-retry").and_then(|value| value.to_str().ok()).map(|value| value == "true");
        let request_id = answer.headers().get("request-id").and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
        let body = crate::http::body(answer, MAX_BODY).await.map_err(|error| (away(error), true))?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let again = told.unwrap_or(status == 409 || status == 429 || status >= 500);
        let error = wire::refusal(status, &body);
        tracing::warn!(provider = "stripe", status, request_id, path = %call.path.split('?').next().unwrap_or_default(), %error, "a call was not answered as hoped");
        Err((error, again))
    }

    /// Calls, again with the same key where that can help; never again without one.
    async fn call(&self, call: Call<'_>) -> Result<Vec<u8>, PaymentsError> {
        let mut tries = 1;
        loop {
            match self.once(&call).await {
                Ok(body) => return Ok(body),
                Err((_, true)) if tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(250) * 2_u32.pow(tries - 1)).await;
                    tries += 1;
                }
                Err((error, _)) => return Err(error),
            }
        }
    }
}

#[async_trait::async_trait]
impl PaymentGateway for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn live(&self) -> bool {
        ["sk_live_", "rk_live_"].iter().any(|live| self.key.expose().starts_with(live))
    }

    async fn create_checkout(&self, account: &str, new: &NewCheckout, key: &str) -> Result<Checkout, PaymentsError> {
        let mut form = vec![
            pair("mode", "payment"),
            pair("locale", "fr"),
            pair("client_reference_id", &new.reference),
            pair("line_items[0][quantity]", &1),
            pair("line_items[0][price_data][currency]", &new.currency.to_lowercase()),
            pair("line_items[0][price_data][unit_amount]", &new.amount_minor),
            pair("line_items[0][price_data][product_data][name]", &new.label),
            pair("success_url", &new.success_url),
            pair("cancel_url", &new.cancel_url),
            pair("metadata[order_id]", &new.reference),
            pair("payment_intent_data[description]", &new.label),
            pair("payment_intent_data[metadata][order_id]", &new.reference),
        ];
        form.extend(new.email.iter().map(|email| pair("customer_email", email)));
        wire::checkout(&self.call(Call::post("/v1/checkout/sessions", Some(account), key, form)).await?)
    }

    async fn checkout(&self, account: &str, checkout: &str) -> Result<Checkout, PaymentsError> {
        let call = Call::get(format!("/v1/checkout/sessions/{}", id(checkout)?), Some(account));
        wire::checkout(&self.call(call).await?)
    }

    async fn expire_checkout(&self, account: &str, checkout: &str, key: &str) -> Result<Checkout, PaymentsError> {
        let path = format!("/v1/checkout/sessions/{}/expire", id(checkout)?);
        wire::checkout(&self.call(Call::post(&path, Some(account), key, Vec::new())).await?)
    }

    async fn refund(&self, account: &str, new: &NewRefund, key: &str) -> Result<Refund, PaymentsError> {
        let form = vec![
            pair("payment_intent", &new.payment),
            pair("amount", &new.amount_minor),
            pair("reason", "requested_by_customer"),
            pair("metadata[refund_id]", &new.reference),
        ];
        wire::refund(&self.call(Call::post("/v1/refunds", Some(account), key, form)).await?)
    }

    async fn refunds(&self, account: &str, payment: &str) -> Result<Vec<Refund>, PaymentsError> {
        let call = Call::get(format!("/v1/refunds?payment_intent={}&limit=100", id(payment)?), Some(account));
        wire::refunds(&self.call(call).await?)
    }

    async fn create_account(&self, new: &NewAccount, key: &str) -> Result<Account, PaymentsError> {
        // The company has its own contract with the provider, pays its fees and answers its questions: we hold no money.
        let mut form = vec![
            pair("country", &new.country),
            pair("business_profile[name]", &new.name),
            pair("controller[fees][payer]", "account"),
            pair("controller[losses][payments]", "stripe"),
            pair("controller[requirement_collection]", "stripe"),
            pair("controller[stripe_dashboard][type]", "full"),
            pair("capabilities[card_payments][requested]", &true),
            pair("capabilities[transfers][requested]", &true),
            pair("metadata[tenant_id]", &new.reference),
        ];
        form.extend(new.email.iter().map(|email| pair("email", email)));
        wire::account(&self.call(Call::post("/v1/accounts", None, key, form)).await?)
    }

    async fn account(&self, account: &str) -> Result<Account, PaymentsError> {
        wire::account(&self.call(Call::get(format!("/v1/accounts/{}", id(account)?), None)).await?)
    }

    async fn onboarding_url(&self, account: &str, return_url: &str, key: &str) -> Result<String, PaymentsError> {
        let form = vec![
            pair("account", account),
            pair("type", "account_onboarding"),
            // Where a link that is too old leads: the same place, which offers a new one.
            pair("refresh_url", return_url.split('?').next().unwrap_or(return_url)),
            pair("return_url", return_url),
        ];
        wire::url(&self.call(Call::post("/v1/account_links", None, key, form)).await?)
    }

    fn event(&self, body: &[u8], header: &str, now: i64) -> Result<Event, WebhookError> {
        signature::verify(self.secrets.expose(), body, header, now)?;
        wire::event(body)
    }
}

#[cfg(test)]
mod tests;
