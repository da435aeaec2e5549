//! Routes of recurring invoices.

use super::model::{RecurringFrequency, RecurringMode};
use super::ops::{self, RecurringIn};
use super::store::{self, Row, RunRow};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{InvoicesRead, InvoicesWrite};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Dates that are shown ahead.
const AHEAD: usize = 6;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_recurring_invoices, create_recurring_invoice))
        .routes(routes!(get_recurring_invoice, update_recurring_invoice, delete_recurring_invoice))
        .routes(routes!(pause_recurring_invoice))
        .routes(routes!(resume_recurring_invoice))
}

/// A template.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RecurringInvoice)]
pub struct RecurringOut {
    id: Uuid,
    name: String,
    contact_id: Option<Uuid>,
    contact_name: Option<String>,
    /// What each invoice says, as an invoice is written.
    content: Value,
    gross_minor: i64,
    frequency: RecurringFrequency,
    anchor_day: i16,
    #[schema(value_type = String, format = Date)]
    starts_on: Date,
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
    max_count: Option<i32>,
    made_count: i32,
    mode: RecurringMode,
    /// `active`, `paused`, `ended`
    state: String,
    /// The next days, at most six.
    #[schema(value_type = Vec<String>)]
    next_dates: Vec<Date>,
    /// Why the last one could not be issued.
    failure: Option<String>,
    created_by: String,
    version: i32,
}

impl From<Row> for RecurringOut {
    fn from(row: Row) -> Self {
        let next_dates = row.rhythm().next(row.next_on(), AHEAD.min(row.left()));
        Self {
            state: if next_dates.is_empty() { "ended".to_owned() } else { row.state.clone() },
            next_dates,
            frequency: RecurringFrequency::from_word(&row.frequency),
            mode: if row.mode == "issue" { RecurringMode::Issue } else { RecurringMode::Draft },
            id: row.id,
            name: row.name,
            contact_id: row.contact_id,
            contact_name: row.contact_name,
            content: row.content,
            gross_minor: row.gross_minor,
            anchor_day: row.anchor_day,
            starts_on: row.starts_on.to_jiff(),
            ends_on: row.ends_on.map(jiff_sqlx::Date::to_jiff),
            max_count: row.max_count,
            made_count: row.made_count,
            failure: row.failure,
            created_by: row.created_by_name,
            version: row.version,
        }
    }
}

/// An occurrence that came.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecurringRun {
    #[schema(value_type = String, format = Date)]
    occurs_on: Date,
    /// `drafted`, `issued`, `failed`, `skipped`
    state: String,
    invoice_id: Option<Uuid>,
    number: Option<String>,
    failure: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<RunRow> for RecurringRun {
    fn from(row: RunRow) -> Self {
        Self {
            occurs_on: row.occurs_on.to_jiff(),
            state: row.state,
            invoice_id: row.invoice_id,
            number: row.number,
            failure: row.failure,
            created_at: row.created_at.to_jiff(),
        }
    }
}

/// A template with what became of its occurrences.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecurringDetail {
    #[serde(flatten)]
    template: RecurringOut,
    /// The last fifty, the newest first.
    runs: Vec<RecurringRun>,
}

async fn shown(tx: &mut Tx, row: Row) -> Result<Versioned<RecurringDetail>, Failure> {
    let runs = store::runs(tx, row.id).await?.into_iter().map(RecurringRun::from).collect();
    Ok(Versioned(row.version, RecurringDetail { template: row.into(), runs }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Recurring invoices, the newest first.
#[utoipa::path(get, path = "/recurring-invoices", operation_id = "list_recurring_invoices", tag = "recurring", params(ListQuery),
    responses((status = 200, body = Page<RecurringOut>)), security(("session" = ["invoices.read"])))]
async fn list_recurring_invoices(auth: Authorized<InvoicesRead>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<RecurringOut>>> {
    let (limit, after) = (page_limit(query.limit, 50), cursor(query.cursor.as_deref())?);
    let mut tx = auth.read().await?;
    let rows = store::page(&mut tx, after, limit).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(RecurringOut::from)))
}

/// Makes a recurring invoice, written anew or taken over from an invoice.
#[utoipa::path(post, path = "/recurring-invoices", operation_id = "create_recurring_invoice", tag = "recurring", request_body = RecurringIn,
    responses((status = 201, body = RecurringDetail), (status = 404), (status = 422)), security(("session" = ["invoices.write"])))]
async fn create_recurring_invoice(auth: Authorized<InvoicesWrite>, Json(input): Json<RecurringIn>) -> ApiResult<Created<RecurringDetail>> {
    let mut tx = auth.begin().await?;
    let row = ops::create(&mut tx, input).await?;
    let id = row.id;
    let Versioned(_, out) = shown(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/recurring-invoices/{id}"), out))
}

/// One recurring invoice with what became of its occurrences.
#[utoipa::path(get, path = "/recurring-invoices/{id}", operation_id = "get_recurring_invoice", tag = "recurring", params(("id" = Uuid, Path)),
    responses((status = 200, body = RecurringDetail), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_recurring_invoice(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<RecurringDetail>> {
    let mut tx = auth.read().await?;
    let row = ops::get(&mut tx, id, false).await?;
    shown(&mut tx, row).await
}

/// Changes a recurring invoice: what comes from now on. What has come stays as it is.
#[utoipa::path(put, path = "/recurring-invoices/{id}", operation_id = "update_recurring_invoice", tag = "recurring", params(("id" = Uuid, Path)),
    request_body = RecurringIn, responses((status = 200, body = RecurringDetail), (status = 404), (status = 412), (status = 422)), security(("session" = ["invoices.write"])))]
async fn update_recurring_invoice(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<RecurringIn>,
) -> ApiResult<Versioned<RecurringDetail>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let row = ops::update(&mut tx, id, expected, input).await?;
    let out = shown(&mut tx, row).await?;
    tx.commit().await?;
    Ok(out)
}

/// Deletes a recurring invoice; the invoices that came of it stay.
#[utoipa::path(delete, path = "/recurring-invoices/{id}", operation_id = "delete_recurring_invoice", tag = "recurring", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["invoices.write"])))]
async fn delete_recurring_invoice(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses a recurring invoice.
#[utoipa::path(post, path = "/recurring-invoices/{id}/pause", operation_id = "pause_recurring_invoice", tag = "recurring", params(("id" = Uuid, Path)),
    responses((status = 200, body = RecurringDetail), (status = 404)), security(("session" = ["invoices.write"])))]
async fn pause_recurring_invoice(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<RecurringDetail>> {
    let mut tx = auth.begin().await?;
    let row = ops::pause(&mut tx, id, true).await?;
    let out = shown(&mut tx, row).await?;
    tx.commit().await?;
    Ok(out)
}

/// Lets a recurring invoice go on, with its first occurrence from today.
#[utoipa::path(post, path = "/recurring-invoices/{id}/resume", operation_id = "resume_recurring_invoice", tag = "recurring", params(("id" = Uuid, Path)),
    responses((status = 200, body = RecurringDetail), (status = 404)), security(("session" = ["invoices.write"])))]
async fn resume_recurring_invoice(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<RecurringDetail>> {
    let mut tx = auth.begin().await?;
    let row = ops::pause(&mut tx, id, false).await?;
    let out = shown(&mut tx, row).await?;
    tx.commit().await?;
    Ok(out)
}
