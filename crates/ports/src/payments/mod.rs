//! Being paid online: a page of the provider's on which somebody pays, refunds, disputes, and the account of the company that is paid.
//!
//! Nothing that a browser brings back is believed: what was paid is what the provider says when it is asked ([`PaymentGateway::checkout`]).

pub mod contract;
pub mod local;
pub mod signature;

use serde::{Deserialize, Serialize};

/// Why the provider did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentsError {
    /// Worth another try: it is away, or busy.
    #[error("the payment provider is away: {0}")]
    Unavailable(String),
    /// Not worth another try, in the provider's words.
    #[error("the payment provider refused: {0}")]
    Refused(String),
    /// It knows no such thing in this account.
    #[error("the payment provider knows no such thing")]
    NotFound,
    /// This instance has no provider.
    #[error("no payment provider")]
    None,
}

/// Why a message that says it comes from the provider is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Not signed by the provider, or altered.
    #[error("the signature is not the provider's")]
    Forged,
    /// Signed too long ago: somebody may be sending it again.
    #[error("the signature is too old")]
    Old,
    /// Signed, and not to be read.
    #[error("the event cannot be read")]
    Unreadable,
}

/// A payment that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCheckout {
    /// Our own id of it; comes back with everything that happens to it.
    pub reference: String,
    /// Cents.
    pub amount_minor: i64,
    /// `EUR`
    pub currency: String,
    /// What is paid, in words for the payer.
    pub label: String,
    /// The payer's address, where it is known.
    pub email: Option<String>,
    /// Where the payer comes back to after paying.
    pub success_url: String,
    /// Where the payer comes back to without.
    pub cancel_url: String,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutState {
    /// Nobody has paid yet, and somebody may.
    Open,
    /// The payer has done their part; the money is on its way, or not (a direct debit). Also what is not understood.
    Processing,
    /// Paid.
    Paid,
    /// Nobody can pay any more.
    Expired,
}

/// A payment as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The provider's id.
    pub id: String,
    /// Ours.
    pub reference: Option<String>,
    /// Where to pay, while it is open.
    pub url: Option<String>,
    /// Where it stands.
    pub state: CheckoutState,
    /// What is paid, in cents.
    pub amount_minor: Option<i64>,
    /// In capitals.
    pub currency: Option<String>,
    /// The provider's id of the money, to refund it by.
    pub payment: Option<String>,
}

/// A refund that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    /// Our own id of it.
    pub reference: String,
    /// The provider's id of the money.
    pub payment: String,
    /// Cents.
    pub amount_minor: i64,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// On its way. Also what is not understood.
    Pending,
    /// The money went back.
    Succeeded,
    /// It did not, or came back.
    Failed,
}

/// A refund as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The provider's id.
    pub id: String,
    /// Ours; none where it was made at the provider's.
    pub reference: Option<String>,
    /// Cents.
    pub amount_minor: i64,
    /// Where it stands.
    pub state: RefundState,
    /// Why it failed, in the provider's words.
    pub failure: Option<String>,
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The payer's bank asks for the money back. Also what is not understood.
    Open,
    /// The money stays.
    Won,
    /// The money is gone.
    Lost,
}

/// A payer who asks the bank for the money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The provider's id.
    pub id: String,
    /// The provider's id of the money.
    pub payment: Option<String>,
    /// Cents.
    pub amount_minor: i64,
    /// Why, in the provider's word.
    pub reason: String,
    /// Where it stands.
    pub state: DisputeState,
    /// Until when the company may answer, in seconds since 1970.
    pub due_by: Option<i64>,
}

/// The account of a company that is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The provider's id.
    pub id: String,
    /// It may be paid.
    pub charges_enabled: bool,
    /// Its money is paid out to its bank.
    pub payouts_enabled: bool,
    /// It has told everything that was asked at first.
    pub details_submitted: bool,
    /// What the provider still wants to know, in its words.
    pub currently_due: Vec<String>,
}

/// A company that wants to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Our own id of it.
    pub reference: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: Option<String>,
    /// `FR`
    pub country: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Something happened to a payment: ask how it stands. `failed`: money that was on its way does not come.
    Checkout {
        /// The provider's id.
        checkout: String,
        /// Ours.
        reference: Option<String>,
        /// It does not come.
        failed: bool,
    },
    /// Something happened to the refunds of a payment: ask how they stand.
    Refunds {
        /// The provider's id of the money.
        payment: String,
    },
    /// Something happened to a dispute.
    Dispute(Dispute),
    /// Something happened to the account: ask how it stands.
    Account,
    /// The company has cut the connection.
    AccountGone,
    /// What nobody here waits for.
    Other,
}

/// A message of the provider's that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Stable over repetitions.
    pub id: String,
    /// The provider's name of it.
    pub name: String,
    /// The account that it happened to.
    pub account: Option<String>,
    /// True for real money.
    pub live: bool,
    /// What happened.
    pub kind: EventKind,
}

/// A provider of payments. Every call that makes something takes a key: the same key again makes nothing again.
#[async_trait::async_trait]
pub trait PaymentGateway: Send + Sync {
    /// A short name for addresses, tables and logs: `stripe`, `local`, `none`.
    fn name(&self) -> &'static str;
    /// True for real money.
    fn live(&self) -> bool;
    /// Makes a page on which somebody pays into `account`.
    async fn create_checkout(&self, account: &str, new: &NewCheckout, key: &str) -> Result<Checkout, PaymentsError>;
    /// How a payment stands.
    async fn checkout(&self, account: &str, id: &str) -> Result<Checkout, PaymentsError>;
    /// Closes the page; refused when it was paid.
    async fn expire_checkout(&self, account: &str, id: &str, key: &str) -> Result<Checkout, PaymentsError>;
    /// Gives money back; refused above what is left of it.
    async fn refund(&self, account: &str, new: &NewRefund, key: &str) -> Result<Refund, PaymentsError>;
    /// The refunds of a payment, at most a hundred.
    async fn refunds(&self, account: &str, payment: &str) -> Result<Vec<Refund>, PaymentsError>;
    /// Opens an account for a company.
    async fn create_account(&self, new: &NewAccount, key: &str) -> Result<Account, PaymentsError>;
    /// How an account stands.
    async fn account(&self, id: &str) -> Result<Account, PaymentsError>;
    /// Where the company tells the provider about itself; good for minutes, hence made on the click.
    async fn onboarding_url(&self, account: &str, return_url: &str, key: &str) -> Result<String, PaymentsError>;
    /// Believes a message or not, by its very bytes. `now` is in seconds since 1970.
    fn event(&self, body: &[u8], signature: &str, now: i64) -> Result<Event, WebhookError>;
}

/// An instance that has no provider.
pub struct NoPayments;

#[async_trait::async_trait]
impl PaymentGateway for NoPayments {
    fn name(&self) -> &'static str {
        "none"
    }
    fn live(&self) -> bool {
        false
    }
    async fn create_checkout(&self, _: &str, _: &NewCheckout, _: &str) -> Result<Checkout, PaymentsError> {
        Err(PaymentsError::None)
    }
    async fn checkout(&self, _: &str, _: &str) -> Result<Checkout, PaymentsError> {
        Err(PaymentsError::None)
    }
    async fn expire_checkout(&self, _: &str, _: &str, _: &str) -> Result<Checkout, PaymentsError> {
        Err(PaymentsError::None)
    }
    async fn refund(&self, _: &str, _: &NewRefund, _: &str) -> Result<Refund, PaymentsError> {
        Err(PaymentsError::None)
    }
    async fn refunds(&self, _: &str, _: &str) -> Result<Vec<Refund>, PaymentsError> {
        Err(PaymentsError::None)
    }
    async fn create_account(&self, _: &NewAccount, _: &str) -> Result<Account, PaymentsError> {
        Err(PaymentsError::None)
    }
    async fn account(&self, _: &str) -> Result<Account, PaymentsError> {
        Err(PaymentsError::None)
    }
    async fn onboarding_url(&self, _: &str, _: &str, _: &str) -> Result<String, PaymentsError> {
        Err(PaymentsError::None)
    }
    fn event(&self, _: &[u8], _: &str, _: i64) -> Result<Event, WebhookError> {
        Err(WebhookError::Forged)
    }
}
