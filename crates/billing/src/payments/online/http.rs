//! Routes of payments on the web: the company's account, links, what was tried, refunds, disputes, credit.

use super::refunds::{RefundIn, Refundable};
use super::store::{self, Account, Checkout};
use super::{account, disputes, refunds};
use crate::invoices::{self, sendings};
use crate::payments::links::{self, Link};
use crate::payments::{receipts, store as till};
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::http::Json;
use vision_platform::permits::{BillingManage, InvoicesRead, InvoicesWrite, PaymentsWrite};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_payment_account, disconnect_payment_account))
        .routes(routes!(connect_payment_account))
        .routes(routes!(refresh_payment_account))
        .routes(routes!(get_invoice_online))
        .routes(routes!(create_pay_link))
        .routes(routes!(revoke_pay_link))
        .routes(routes!(request_refund))
        .routes(routes!(get_payment_receipt))
        .routes(routes!(get_contact_credit))
}

/// How the company is paid online.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentAccount {
    /// `stripe`, `local` (a page of the product's own, for trying), `none`
    provider: String,
    /// False: no money moves.
    live: bool,
    /// `none`, `onboarding`, `restricted`, `ready`, `disconnected`
    state: String,
    account_id: Option<String>,
    charges_enabled: bool,
    payouts_enabled: bool,
    /// What the provider still wants to know, in its words.
    currently_due: Vec<String>,
}

fn shown(app: &App, account: Option<Account>) -> PaymentAccount {
    let state = account::state(account.as_ref()).to_owned();
    let (provider, live) = (app.payments.name().to_owned(), app.payments.live());
    match account {
        None => PaymentAccount {
            provider,
            live,
            state,
            account_id: None,
            charges_enabled: false,
            payouts_enabled: false,
            currently_due: Vec::new(),
        },
        Some(account) => PaymentAccount {
            provider,
            live,
            state,
            account_id: Some(account.id),
            charges_enabled: account.charges_enabled,
            payouts_enabled: account.payouts_enabled,
            currently_due: account.currently_due,
        },
    }
}

/// The company's account at the provider.
#[utoipa::path(get, path = "/payment-account", operation_id = "get_payment_account", tag = "payments",
    responses((status = 200, body = PaymentAccount)), security(("session" = ["invoices.read"])))]
async fn get_payment_account(auth: Authorized<InvoicesRead>) -> ApiResult<Json<PaymentAccount>> {
    let mut tx = auth.read().await?;
    let account = store::account(&mut tx, auth.app.payments.name()).await?;
    Ok(Json(shown(&auth.app, account)))
}

/// Where to go.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Onboarding {
    /// Good for minutes.
    url: String,
}

/// Opens an account where there is none, and says where the company tells the provider about itself.
#[utoipa::path(post, path = "/payment-account/connect", operation_id = "connect_payment_account", tag = "payments",
    responses((status = 200, body = Onboarding), (status = 409), (status = 503)), security(("session" = ["billing.manage"])))]
async fn connect_payment_account(auth: Authorized<BillingManage>) -> ApiResult<Json<Onboarding>> {
    Ok(Json(Onboarding { url: account::connect(&auth.app, &auth.actor).await? }))
}

/// Asks the provider how the account stands.
#[utoipa::path(post, path = "/payment-account/refresh", operation_id = "refresh_payment_account", tag = "payments",
    responses((status = 200, body = PaymentAccount), (status = 503)), security(("session" = ["billing.manage"])))]
async fn refresh_payment_account(auth: Authorized<BillingManage>) -> ApiResult<Json<PaymentAccount>> {
    let account = account::refresh(&auth.app, &auth.actor).await?;
    Ok(Json(shown(&auth.app, account)))
}

/// Cuts the connection: nobody can pay online any more; what was paid stays.
#[utoipa::path(delete, path = "/payment-account", operation_id = "disconnect_payment_account", tag = "payments",
    responses((status = 200, body = PaymentAccount)), security(("session" = ["billing.manage"])))]
async fn disconnect_payment_account(auth: Authorized<BillingManage>) -> ApiResult<Json<PaymentAccount>> {
    let mut tx = auth.begin().await?;
    let account = account::disconnect(&mut tx, auth.app.payments.name()).await?;
    tx.commit().await?;
    Ok(Json(shown(&auth.app, account)))
}

/// A link on which an invoice is paid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PayLink {
    id: Uuid,
    /// Told once, when it is made: only its hash is kept.
    url: Option<String>,
    /// A part of the invoice; null: what is left of it.
    amount_minor: Option<i64>,
    /// `live`, `expired`, `revoked`
    state: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    opened_at: Option<Timestamp>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

fn link(row: Link, url: Option<String>, now: Timestamp) -> PayLink {
    let state = if row.revoked_at.is_some() {
        "revoked"
    } else if row.is_live(now) {
        "live"
    } else {
        "expired"
    };
    PayLink {
        id: row.id,
        url,
        amount_minor: row.amount_minor,
        state: state.to_owned(),
        expires_at: row.expires_at.to_jiff(),
        opened_at: row.opened_at.map(jiff_sqlx::Timestamp::to_jiff),
        created_by: row.created_by_name,
        created_at: row.created_at.to_jiff(),
    }
}

/// A try to pay.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PayTry {
    id: Uuid,
    /// `creating`, `open`, `processing`, `paid`, `failed`, `expired`
    state: String,
    amount_minor: i64,
    /// What came in, in the provider's words.
    received_minor: Option<i64>,
    payment_id: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Checkout> for PayTry {
    fn from(row: Checkout) -> Self {
        Self {
            id: row.id,
            state: row.state,
            amount_minor: row.amount_minor,
            received_minor: row.received_minor,
            payment_id: row.payment_id,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        }
    }
}

/// Money on its way back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Refund)]
pub struct RefundOut {
    id: Uuid,
    payment_id: Uuid,
    /// The credit note that it pays out (BA-09).
    credit_note_id: Option<Uuid>,
    amount_minor: i64,
    /// `pending`, `succeeded`, `failed`
    state: String,
    /// `staff`; `provider`: made there without asking us
    origin: String,
    reason: String,
    /// Why it failed, in the provider's words.
    failure: Option<String>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<store::Refund> for RefundOut {
    fn from(row: store::Refund) -> Self {
        Self {
            id: row.id,
            payment_id: row.payment_id,
            credit_note_id: row.credit_note_id,
            amount_minor: row.amount_minor,
            state: row.state,
            origin: row.origin,
            reason: row.reason,
            failure: row.failure,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
        }
    }
}

/// A payer who asks their bank for the money back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentDispute {
    id: String,
    payment_id: Uuid,
    amount_minor: i64,
    /// In the provider's word.
    reason: String,
    /// `open`, `won`, `lost`
    state: String,
    /// Until when the company may answer at the provider's.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_by: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What of a payment can go back now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentRefundable {
    payment_id: Uuid,
    #[serde(flatten)]
    refundable: Refundable,
}

/// A mail of an invoice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceSending {
    id: Uuid,
    recipient: String,
    subject: String,
    /// True: with the link to pay.
    pay_link: bool,
    /// `queued`, `sent`, `failed`
    state: String,
    failure: Option<String>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
}

impl From<sendings::Sending> for InvoiceSending {
    fn from(row: sendings::Sending) -> Self {
        Self {
            id: row.id,
            recipient: row.recipient,
            subject: row.subject,
            pay_link: row.link_id.is_some(),
            state: row.state,
            failure: row.failure,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
            sent_at: row.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }
}

/// Everything about an invoice on the web.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceOnline {
    /// The company can be paid online.
    can_be_paid: bool,
    /// What credit notes took back after it was paid: to refund.
    overpaid_minor: i64,
    /// A dispute is open: nobody reminds the customer meanwhile.
    disputed: bool,
    /// The address that a mail goes to.
    email: Option<String>,
    /// What the customer has paid too much, on all invoices (BA-06).
    credit_minor: i64,
    /// The newest first.
    links: Vec<PayLink>,
    tries: Vec<PayTry>,
    refunds: Vec<RefundOut>,
    refundable: Vec<PaymentRefundable>,
    disputes: Vec<PaymentDispute>,
    sendings: Vec<InvoiceSending>,
}

async fn online(tx: &mut Tx, app: &App, id: Uuid) -> Result<InvoiceOnline, Failure> {
    // Read as it is, not held: the answer is what a screen shows.
    let due = invoices::due(tx, id).await?.ok_or_else(Problem::not_found)?;
    let tries = store::checkouts(tx, id).await?;
    let payments: Vec<Uuid> = tries.iter().filter_map(|one| one.payment_id).collect();
    let mut refundable = Vec::new();
    for payment in &payments {
        if let Some(row) = till::get(tx, *payment).await? {
            let can = refunds::refundable(tx, &row, &due).await?;
            refundable.push(PaymentRefundable { payment_id: *payment, refundable: can });
        }
    }
    let (email, credit_minor) = match due.row.contact_id {
        Some(contact) => {
            let buyer = vision_crm::contacts::buyers::buyer(tx, contact).await?;
            (buyer.and_then(|buyer| buyer.email), till::credit(tx, contact).await?.max(0))
        }
        None => (None, 0),
    };
    let now = tx.now();
    let disputes = store::disputes(tx, id).await?;
    Ok(InvoiceOnline {
        can_be_paid: account::can_be_paid(tx, app).await?,
        overpaid_minor: if due.row.kind == "credit_note" { 0 } else { due.row.over_minor() },
        disputed: disputes::disputed(tx, id).await?,
        email,
        credit_minor,
        links: links::of_invoice(tx, id).await?.into_iter().map(|row| link(row, None, now)).collect(),
        refunds: store::refunds(tx, &payments).await?.into_iter().map(RefundOut::from).collect(),
        tries: tries.into_iter().map(PayTry::from).collect(),
        refundable,
        disputes: disputes
            .into_iter()
            .map(|row| PaymentDispute {
                id: row.provider_id,
                payment_id: row.payment_id,
                amount_minor: row.amount_minor,
                reason: row.reason,
                state: row.state,
                due_by: row.due_by.map(jiff_sqlx::Timestamp::to_jiff),
                created_at: row.created_at.to_jiff(),
            })
            .collect(),
        sendings: sendings::of_invoice(tx, id).await?.into_iter().map(InvoiceSending::from).collect(),
    })
}

/// Links, tries, refunds, disputes and mails of an invoice.
#[utoipa::path(get, path = "/invoices/{id}/online", operation_id = "get_invoice_online", tag = "payments", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceOnline), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_invoice_online(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<Json<InvoiceOnline>> {
    let mut tx = auth.read().await?;
    Ok(Json(online(&mut tx, &auth.app, id).await?))
}

/// A link to make.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PayLinkIn {
    /// A part of what is due, in cents; what is left of it where nothing is said.
    amount_minor: Option<i64>,
    /// 1 to 365; 90 where nothing is said.
    valid_days: Option<i64>,
}

/// Makes a link on which an invoice is paid. Its address is told in this answer and never again.
#[utoipa::path(post, path = "/invoices/{id}/pay-links", operation_id = "create_pay_link", tag = "payments", params(("id" = Uuid, Path)),
    request_body = PayLinkIn, responses((status = 201, body = PayLink), (status = 404), (status = 409), (status = 422)), security(("session" = ["invoices.write"])))]
async fn create_pay_link(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<PayLinkIn>,
) -> ApiResult<(StatusCode, Json<PayLink>)> {
    let mut tx = auth.begin().await?;
    let days = input.valid_days.unwrap_or(links::DAYS);
    let (row, url) = links::create(&mut tx, &auth.app.config.public_url, id, input.amount_minor, days).await?;
    let out = link(row, Some(url), tx.now());
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(out)))
}

/// Withdraws a link.
#[utoipa::path(delete, path = "/pay-links/{id}", operation_id = "revoke_pay_link", tag = "payments", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["invoices.write"])))]
async fn revoke_pay_link(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    links::revoke(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for a refund of a payment that came in online. 422 `credit_note`: the invoice needs a credit note first (BA-09).
#[utoipa::path(post, path = "/payments/{id}/refunds", operation_id = "request_refund", tag = "payments", params(("id" = Uuid, Path)),
    request_body = RefundIn, responses((status = 201, body = RefundOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["payments.write"])))]
async fn request_refund(
    auth: Authorized<PaymentsWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<RefundIn>,
) -> ApiResult<(StatusCode, Json<RefundOut>)> {
    let mut tx = auth.begin().await?;
    let refund = refunds::request(&mut tx, id, input).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(refund.into())))
}

/// The receipt of a payment, as a PDF.
#[utoipa::path(get, path = "/payments/{id}/receipt", operation_id = "get_payment_receipt", tag = "payments", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_payment_receipt(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<([(HeaderName, String); 3], Vec<u8>)> {
    let mut tx = auth.read().await?;
    let receipt = receipts::of(&mut tx, id).await?;
    drop(tx);
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{}.pdf\"", receipt.number())),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, receipt.pdf().await?))
}

/// What a customer has paid too much.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ContactCredit {
    /// Cents that another invoice can be paid with, or that can be refunded (BA-06).
    credit_minor: i64,
}

/// What a customer has paid too much, on all invoices.
#[utoipa::path(get, path = "/contacts/{id}/credit", operation_id = "get_contact_credit", tag = "payments", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContactCredit), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_contact_credit(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<Json<ContactCredit>> {
    let mut tx = auth.read().await?;
    vision_crm::contacts::buyers::buyer(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(ContactCredit { credit_minor: till::credit(&mut tx, id).await?.max(0) }))
}
