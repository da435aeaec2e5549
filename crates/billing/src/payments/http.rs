//! Routes of payments and closings.

use super::model::{PaymentIn, PaymentMethod};
use super::store::{self, ClosingRow, Row, Wanted};
use super::{ops, receipts};
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page, Problem};
use vision_platform::http::{Json, cursor, page_limit};
use vision_platform::permits::{BillingManage, InvoicesRead, PaymentsWrite};
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_payments))
        .routes(routes!(record_payment))
        .routes(routes!(reverse_payment))
        .routes(routes!(list_closings, close_till))
}

/// A contact or an invoice by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentRef {
    id: Uuid,
    name: String,
}

/// Money that came in, or went back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Payment)]
pub struct PaymentOut {
    id: Uuid,
    method: PaymentMethod,
    /// Negative: it went back.
    amount_minor: i64,
    currency: String,
    #[schema(value_type = String, format = Date)]
    received_on: Date,
    contact: Option<PaymentRef>,
    invoice: Option<PaymentRef>,
    reference: Option<String>,
    note: Option<String>,
    /// The entry that this one reverses.
    reverses_id: Option<Uuid>,
    /// True: other entries took it back whole.
    reversed: bool,
    /// What went back of it.
    refunded_minor: i64,
    /// What went to no invoice: the customer's credit (BA-06).
    unallocated_minor: i64,
    /// `1`: at the counter; `online`: on the web.
    till: String,
    /// Number of its receipt (IS-04).
    receipt_number: String,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

fn named(id: Option<Uuid>, name: Option<String>) -> Option<PaymentRef> {
    Some(PaymentRef { id: id?, name: name.unwrap_or_default() })
}

impl From<Row> for PaymentOut {
    fn from(row: Row) -> Self {
        let (reversed, receipt_number) = (row.reversed(), receipts::number(&row));
        Self {
            id: row.id,
            method: serde_json::from_value(json!(row.method)).unwrap_or(PaymentMethod::Transfer),
            amount_minor: row.amount_minor,
            currency: row.currency,
            received_on: row.received_on.to_jiff(),
            contact: named(row.contact_id, row.contact_name),
            invoice: named(row.invoice_id, row.invoice_number),
            reference: row.reference,
            note: row.note,
            reverses_id: row.reverses_id,
            reversed,
            refunded_minor: row.refunded_minor,
            unallocated_minor: row.amount_minor - row.allocated_minor,
            receipt_number,
            till: row.till,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// Of one invoice.
    invoice_id: Option<Uuid>,
    /// `cash`, `cheque`, `card`, `transfer`, `direct_debit`, `online`, `credit`
    method: Option<String>,
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Payments, the newest first.
#[utoipa::path(get, path = "/payments", operation_id = "list_payments", tag = "payments", params(ListQuery),
    responses((status = 200, body = Page<PaymentOut>), (status = 422)), security(("session" = ["invoices.read"])))]
async fn list_payments(auth: Authorized<InvoicesRead>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<PaymentOut>>> {
    let (limit, after) = (page_limit(query.limit, 50), cursor(query.cursor.as_deref())?);
    let wanted = Wanted { invoice_id: query.invoice_id, method: query.method, from: query.from, to: query.to };
    let mut tx = auth.read().await?;
    let rows = store::page(&mut tx, &wanted, after, limit).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(PaymentOut::from)))
}

/// Records a payment of an issued invoice. 409 with `reason: closed` when the till of today is closed.
#[utoipa::path(post, path = "/invoices/{id}/payments", operation_id = "record_payment", tag = "payments", params(("id" = Uuid, Path)),
    request_body = PaymentIn, responses((status = 201, body = PaymentOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["payments.write"])))]
async fn record_payment(
    auth: Authorized<PaymentsWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<PaymentIn>,
) -> ApiResult<(StatusCode, Json<PaymentOut>)> {
    let mut tx = auth.begin().await?;
    let row = ops::record(&mut tx, &auth.app.crypto, id, input).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// Why an entry is reversed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ReversalIn {
    /// Kept with the entry.
    reason: String,
}

/// Reverses an entry by another one.
#[utoipa::path(post, path = "/payments/{id}/reverse", operation_id = "reverse_payment", tag = "payments", params(("id" = Uuid, Path)),
    request_body = ReversalIn, responses((status = 201, body = PaymentOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["payments.write"])))]
async fn reverse_payment(
    auth: Authorized<PaymentsWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<ReversalIn>,
) -> ApiResult<(StatusCode, Json<PaymentOut>)> {
    let mut tx = auth.begin().await?;
    let row = ops::reverse(&mut tx, &auth.app.crypto, id, input.reason).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// What of a closing stands under one rate.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClosingRate {
    category: String,
    rate: String,
    amount_minor: i64,
}

/// A closed day, month or year of the till.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Closing {
    /// `day`, `month`, `year`
    period: String,
    #[schema(value_type = String, format = Date)]
    starts_on: Date,
    #[schema(value_type = String, format = Date)]
    ends_on: Date,
    entries: i64,
    total_minor: i64,
    /// Since the first of January.
    cumulative_minor: i64,
    /// Of everything that ever moved; it only grows (IS-07).
    perpetual_minor: i64,
    /// Cents by method.
    #[schema(value_type = std::collections::HashMap<String, i64>)]
    by_method: Value,
    by_rate: Vec<ClosingRate>,
    #[schema(value_type = String, format = DateTime)]
    closed_at: Timestamp,
    closed_by: String,
}

impl From<ClosingRow> for Closing {
    fn from(row: ClosingRow) -> Self {
        Self {
            period: row.period,
            starts_on: row.starts_on.to_jiff(),
            ends_on: row.ends_on.to_jiff(),
            entries: row.entries,
            total_minor: row.total_minor,
            cumulative_minor: row.cumulative_minor,
            perpetual_minor: row.perpetual_minor,
            by_method: row.by_method,
            by_rate: serde_json::from_value(row.by_rate).unwrap_or_default(),
            closed_at: row.closed_at.to_jiff(),
            closed_by: row.closed_by_name,
        }
    }
}

/// Closings.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Closings {
    /// The newest first.
    items: Vec<Closing>,
    /// What to send as `before` for the next page; null at the end.
    #[schema(value_type = Option<String>, format = Date)]
    next_before: Option<Date>,
    /// The last closed day.
    #[schema(value_type = Option<String>, format = Date)]
    closed_until: Option<Date>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ClosingsQuery {
    /// `1` (default): at the counter; `online`: on the web
    till: Option<String>,
    /// `day` (default), `month`, `year`
    period: Option<String>,
    /// Only what begins before this day.
    #[param(value_type = Option<String>, format = Date)]
    before: Option<Date>,
    /// 1 to 100; default 31.
    limit: Option<u32>,
}

fn till(word: Option<&str>) -> Result<&'static str, Problem> {
    match word.unwrap_or(store::COUNTER) {
        store::COUNTER => Ok(store::COUNTER),
        store::ONLINE => Ok(store::ONLINE),
        _ => Err(Problem::field("?till", "invalid", "Choisissez 1 ou online.")),
    }
}

async fn page(tx: &mut vision_platform::Tx, query: &ClosingsQuery) -> ApiResult<Closings> {
    let period = query.period.as_deref().unwrap_or("day");
    if !["day", "month", "year"].contains(&period) {
        return Err(Problem::field("?period", "invalid", "Choisissez day, month ou year.").into());
    }
    let limit = page_limit(query.limit, 31);
    let till = till(query.till.as_deref())?;
    let mut rows = store::closings(tx, till, period, query.before, limit).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_before = rows.last().filter(|_| more).map(|row| row.starts_on.to_jiff());
    let closed_until = store::closed_until(tx, till).await?;
    Ok(Closings { items: rows.into_iter().map(Closing::from).collect(), next_before, closed_until })
}

/// Closings of the till, the newest first.
#[utoipa::path(get, path = "/closings", operation_id = "list_closings", tag = "payments", params(ClosingsQuery),
    responses((status = 200, body = Closings), (status = 422)), security(("session" = ["invoices.read"])))]
async fn list_closings(auth: Authorized<InvoicesRead>, Query(query): Query<ClosingsQuery>) -> ApiResult<Json<Closings>> {
    let mut tx = auth.read().await?;
    crate::seal::whole_company(&tx)?;
    Ok(Json(page(&mut tx, &query).await?))
}

/// Until when to close.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CloseIn {
    /// `1` (default): at the counter; `online`: on the web, for days that are over
    till: Option<String>,
    /// The last day to close; yesterday where nothing is said. A closed day takes no entry any more.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
}

/// Closes every open day of the till up to a day, and the months and years that are over.
#[utoipa::path(post, path = "/closings", operation_id = "close_till", tag = "payments", request_body = CloseIn,
    responses((status = 201, body = Closings), (status = 409), (status = 422)), security(("session" = ["billing.manage"])))]
async fn close_till(auth: Authorized<BillingManage>, Json(input): Json<CloseIn>) -> ApiResult<(StatusCode, Json<Closings>)> {
    let mut tx = auth.begin().await?;
    ops::close(&mut tx, &auth.app.crypto, till(input.till.as_deref())?, input.until).await?;
    let closings = page(&mut tx, &ClosingsQuery { till: input.till, period: None, before: None, limit: None }).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(closings)))
}
