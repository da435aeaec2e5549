//! What Stripe says, read. Only fields of the specification of [`super::VERSION`]; what is not understood is never money that came in.

use serde::Deserialize;
use serde_json::Value;
use vision_ports::payments::{
    Account, Checkout, CheckoutState, Dispute, DisputeState, Event, EventKind, PaymentsError, Refund, RefundState, WebhookError,
};

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, PaymentsError> {
    serde_json::from_slice(body).map_err(|error| PaymentsError::Unavailable(format!("the answer cannot be read: {error}")))
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
}

/// Why a call was refused, in the provider's words.
pub(super) fn refusal(status: u16, body: &[u8]) -> PaymentsError {
    let error = serde_json::from_slice::<ErrorAnswer>(body).map(|answer| answer.error).ok();
    let code = error.as_ref().and_then(|error| error.code.clone()).unwrap_or_default();
    let message = error.and_then(|error| error.message).unwrap_or_else(|| format!("status {status}"));
    match status {
        404 => PaymentsError::NotFound,
        _ if code == "resource_missing" => PaymentsError::NotFound,
        409 | 429 | 500.. => PaymentsError::Unavailable(message),
        _ => PaymentsError::Refused(message),
    }
}

#[derive(Deserialize)]
struct Session {
    id: String,
    status: Option<String>,
    payment_status: String,
    amount_total: Option<i64>,
    currency: Option<String>,
    url: Option<String>,
    payment_intent: Option<String>,
    client_reference_id: Option<String>,
}

/// A Checkout Session.
pub(super) fn checkout(body: &[u8]) -> Result<Checkout, PaymentsError> {
    let session: Session = read(body)?;
    let state = match (session.status.as_deref(), session.payment_status.as_str()) {
        // Fulfil only what is not unpaid.
        (Some("complete"), "paid" | "no_payment_required") => CheckoutState::Paid,
        (Some("open"), "unpaid") => CheckoutState::Open,
        (Some("expired"), _) => CheckoutState::Expired,
        _ => CheckoutState::Processing,
    };
    Ok(Checkout {
        id: session.id,
        reference: session.client_reference_id,
        url: session.url,
        state,
        amount_minor: session.amount_total,
        currency: session.currency.map(|currency| currency.to_uppercase()),
        payment: session.payment_intent,
    })
}

#[derive(Deserialize)]
struct RefundObject {
    id: String,
    amount: i64,
    status: Option<String>,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Option<Value>,
}

impl From<RefundObject> for Refund {
    fn from(object: RefundObject) -> Self {
        let reference = object.metadata.as_ref().and_then(|metadata| metadata.get("refund_id")).and_then(Value::as_str).map(str::to_owned);
        Self {
            id: object.id,
            reference,
            amount_minor: object.amount,
            state: match object.status.as_deref() {
                Some("succeeded") => RefundState::Succeeded,
                Some("failed" | "canceled") => RefundState::Failed,
                _ => RefundState::Pending,
            },
            failure: object.failure_reason,
        }
    }
}

/// A Refund.
pub(super) fn refund(body: &[u8]) -> Result<Refund, PaymentsError> {
    Ok(read::<RefundObject>(body)?.into())
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

/// A list of Refunds.
pub(super) fn refunds(body: &[u8]) -> Result<Vec<Refund>, PaymentsError> {
    Ok(read::<List<RefundObject>>(body)?.data.into_iter().map(Refund::from).collect())
}

#[derive(Deserialize)]
struct AccountObject {
    id: String,
    #[serde(default)]
    charges_enabled: bool,
    #[serde(default)]
    payouts_enabled: bool,
    #[serde(default)]
    details_submitted: bool,
    requirements: Option<Requirements>,
}

#[derive(Deserialize)]
struct Requirements {
    #[serde(default)]
    currently_due: Option<Vec<String>>,
}

/// An Account.
pub(super) fn account(body: &[u8]) -> Result<Account, PaymentsError> {
    let object: AccountObject = read(body)?;
    Ok(Account {
        id: object.id,
        charges_enabled: object.charges_enabled,
        payouts_enabled: object.payouts_enabled,
        details_submitted: object.details_submitted,
        currently_due: object.requirements.and_then(|requirements| requirements.currently_due).unwrap_or_default(),
    })
}

#[derive(Deserialize)]
struct Link {
    url: String,
}

/// An Account Link.
pub(super) fn url(body: &[u8]) -> Result<String, PaymentsError> {
    Ok(read::<Link>(body)?.url)
}

#[derive(Deserialize)]
struct EventObject {
    id: String,
    r#type: String,
    account: Option<String>,
    #[serde(default)]
    livemode: bool,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: Value,
}

fn dispute(object: &Value) -> Option<Dispute> {
    let word = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Dispute {
        id: word("id")?,
        payment: word("payment_intent"),
        amount_minor: object.get("amount").and_then(Value::as_i64)?,
        reason: word("reason").unwrap_or_default(),
        state: match word("status").as_deref() {
            // An inquiry that was closed took no money.
            Some("won" | "warning_closed" | "prevented") => DisputeState::Won,
            Some("lost") => DisputeState::Lost,
            _ => DisputeState::Open,
        },
        due_by: object.pointer("/evidence_details/due_by").and_then(Value::as_i64),
    })
}

/// An Event whose signature was checked.
pub(super) fn event(body: &[u8]) -> Result<Event, WebhookError> {
    let event: EventObject = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
    let object = event.data.object;
    let word = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = match event.r#type.as_str() {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => EventKind::Checkout {
            checkout: word("id").ok_or(WebhookError::Unreadable)?,
            reference: word("client_reference_id"),
            failed: event.r#type.ends_with("failed"),
        },
        // Of a charge or of a refund: both name the money.
        "charge.refunded" | "refund.created" | "refund.updated" | "refund.failed" => {
            word("payment_intent").map_or(EventKind::Other, |payment| EventKind::Refunds { payment })
        }
        name if name.starts_with("charge.dispute.") => dispute(&object).map_or(EventKind::Other, EventKind::Dispute),
        "account.updated" => EventKind::Account,
        "account.application.deauthorized" => EventKind::AccountGone,
        _ => EventKind::Other,
    };
    Ok(Event { id: event.id, name: event.r#type, account: event.account, live: event.livemode, kind })
}
