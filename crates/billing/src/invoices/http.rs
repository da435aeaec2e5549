//! Routes of invoices.

use super::credit::{self, CreditNoteIn};
use super::model::{DiscountIn, InvoiceIn, InvoiceKind, InvoiceLineIn};
use super::sendings::{self, InvoiceSendIn};
use super::store::{self, LineRow, Row, VatRow, Wanted};
use super::{issue, ops, prints};
use crate::day;
use crate::payments::online::http::InvoiceSending;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_documents::commercial::{self, Commercial};
use vision_kernel::totals::Totals;
use vision_kernel::{Cursor, Page, Problem, text};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{InvoicesIssue, InvoicesRead, InvoicesWrite};
use vision_platform::{ApiResult, App, Authorized, Failure};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_invoices, create_invoice))
        .routes(routes!(compute_totals))
        .routes(routes!(get_invoice, update_invoice, delete_invoice))
        .routes(routes!(issue_invoice))
        .routes(routes!(duplicate_invoice))
        .routes(routes!(create_credit_note))
        .routes(routes!(send_invoice))
        .routes(routes!(get_invoice_pdf))
        .routes(routes!(print_invoice))
        .routes(routes!(get_invoice_xml))
}

/// A contact or a thing by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceRef {
    id: Uuid,
    name: String,
}

/// Where an invoice stands with its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// Not issued.
    Draft,
    /// Nothing was paid.
    Due,
    /// Something was paid.
    Partial,
    /// Past its day.
    Overdue,
    /// Nothing is left to pay.
    Paid,
    /// Taken back by credit notes.
    Credited,
    /// A credit note.
    Issued,
}

/// An invoice in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceRow {
    id: Uuid,
    kind: InvoiceKind,
    status: InvoiceStatus,
    number: Option<String>,
    title: Option<String>,
    contact: Option<InvoiceRef>,
    /// The name under which it was issued.
    buyer_name: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    issue_date: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    due_date: Option<Date>,
    net_minor: i64,
    vat_minor: i64,
    gross_minor: i64,
    /// Still to pay.
    due_minor: i64,
    currency: String,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

fn status(row: &Row, today: Date) -> InvoiceStatus {
    if row.state == "draft" {
        return InvoiceStatus::Draft;
    }
    if row.kind == "credit_note" {
        return InvoiceStatus::Issued;
    }
    let late = row.due_date.is_some_and(|due| due.to_jiff() < today);
    match (row.due_minor(), row.credited_minor, row.paid_minor) {
        (0, credited, 0) if credited > 0 => InvoiceStatus::Credited,
        (0, ..) => InvoiceStatus::Paid,
        _ if late => InvoiceStatus::Overdue,
        (_, _, paid) if paid > 0 => InvoiceStatus::Partial,
        _ => InvoiceStatus::Due,
    }
}

fn named(id: Option<Uuid>, name: Option<String>) -> Option<InvoiceRef> {
    Some(InvoiceRef { id: id?, name: name.unwrap_or_default() })
}

fn listed(row: Row, today: Date) -> InvoiceRow {
    InvoiceRow {
        id: row.id,
        kind: ops::kind_of(&row),
        status: status(&row, today),
        due_minor: row.due_minor(),
        number: row.number,
        title: row.title,
        contact: named(row.contact_id, row.contact_name),
        buyer_name: row.buyer_name,
        issue_date: row.issue_date.map(jiff_sqlx::Date::to_jiff),
        due_date: row.due_date.map(jiff_sqlx::Date::to_jiff),
        net_minor: row.net_minor,
        vat_minor: row.vat_minor,
        gross_minor: row.gross_minor,
        currency: row.currency,
        updated_at: row.updated_at.to_jiff(),
    }
}

/// A line with what it comes to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceLine {
    #[serde(flatten)]
    line: InvoiceLineIn,
    net_minor: i64,
    gross_minor: i64,
}

/// What stands under one rate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceVat {
    category: String,
    #[schema(value_type = String)]
    rate: Decimal,
    base_minor: i64,
    vat_minor: i64,
}

/// A credit note or correction of an invoice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceCorrection {
    id: Uuid,
    kind: String,
    /// Null: a draft.
    number: Option<String>,
    gross_minor: i64,
}

/// An invoice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Invoice)]
pub struct InvoiceOut {
    id: Uuid,
    kind: InvoiceKind,
    status: InvoiceStatus,
    /// `F2026-000123`; null while a draft (QI-24).
    number: Option<String>,
    contact: Option<InvoiceRef>,
    entity: Option<InvoiceRef>,
    buyer_name: Option<String>,
    customer_kind: Option<String>,
    /// The invoice that this one takes back or corrects.
    corrects: Option<InvoiceRef>,
    corrections: Vec<InvoiceCorrection>,
    /// The quote that it comes from.
    order: Option<InvoiceRef>,
    /// Deposits that it takes off, with VAT (QI-32).
    deducted_minor: i64,
    /// Of a situation: per cent of the contract that is done (QI-34).
    #[schema(value_type = Option<String>)]
    progress: Option<Decimal>,
    title: Option<String>,
    intro: Option<String>,
    outro: Option<String>,
    order_reference: Option<String>,
    prices_include_vat: bool,
    discount: DiscountIn,
    lines: Vec<InvoiceLine>,
    vat: Vec<InvoiceVat>,
    net_minor: i64,
    vat_minor: i64,
    gross_minor: i64,
    paid_minor: i64,
    credited_minor: i64,
    /// Still to pay.
    due_minor: i64,
    currency: String,
    #[schema(value_type = Option<String>, format = Date)]
    supply_date: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    issue_date: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    due_date: Option<Date>,
    #[schema(value_type = Option<String>, format = DateTime)]
    issued_at: Option<Timestamp>,
    issued_by: Option<String>,
    /// A payer disputes a payment: nobody reminds them meanwhile.
    disputed: bool,
    /// Code of its life cycle on the platform that carries it (EI-14).
    lifecycle: Option<i16>,
    /// How often it was printed (IS-11).
    prints: i32,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i32,
}

/// Reads the rest and shapes an invoice.
async fn shown(tx: &mut vision_platform::Tx, row: Row, lines: Vec<LineRow>) -> Result<Versioned<InvoiceOut>, Failure> {
    let today = day::today(tx).await?;
    let vat = if row.state == "draft" {
        let totals = row.draft(lines.iter().map(InvoiceLineIn::from).collect()).totals()?;
        totals
            .vat
            .iter()
            .map(|vat| VatRow {
                category: vat.category.code().to_owned(),
                rate: vat.rate,
                base_minor: vat.base_minor,
                vat_minor: vat.vat_minor,
            })
            .collect()
    } else {
        store::vat(tx, row.id).await?
    };
    let disputed = crate::payments::online::disputed(tx, row.id).await?;
    let corrections = if row.state == "issued" { store::corrections(tx, row.id).await? } else { Vec::new() };
    Ok(Versioned(
        row.version,
        InvoiceOut {
            id: row.id,
            kind: ops::kind_of(&row),
            status: status(&row, today),
            due_minor: row.due_minor(),
            number: row.number,
            contact: named(row.contact_id, row.contact_name),
            entity: named(row.entity_id, row.entity_name),
            buyer_name: row.buyer_name,
            customer_kind: row.customer_kind,
            corrects: named(row.corrects_id, row.corrects_number),
            corrections: corrections
                .into_iter()
                .map(|(id, kind, number, gross_minor)| InvoiceCorrection { id, kind, number, gross_minor })
                .collect(),
            order: named(row.order_id, row.order_number),
            deducted_minor: row.deducted_minor,
            progress: row.progress.map(|progress| progress.normalize()),
            title: row.title,
            intro: row.intro,
            outro: row.outro,
            order_reference: row.order_reference,
            prices_include_vat: row.prices_include_vat,
            discount: row.discount.0.into(),
            lines: lines
                .iter()
                .map(|line| InvoiceLine { line: line.into(), net_minor: line.net_minor, gross_minor: line.gross_minor })
                .collect(),
            vat: vat
                .into_iter()
                .map(|vat| InvoiceVat {
                    category: vat.category,
                    rate: vat.rate.normalize(),
                    base_minor: vat.base_minor,
                    vat_minor: vat.vat_minor,
                })
                .collect(),
            net_minor: row.net_minor,
            vat_minor: row.vat_minor,
            gross_minor: row.gross_minor,
            paid_minor: row.paid_minor,
            credited_minor: row.credited_minor,
            currency: row.currency,
            supply_date: row.supply_date.map(jiff_sqlx::Date::to_jiff),
            issue_date: row.issue_date.map(jiff_sqlx::Date::to_jiff),
            due_date: row.due_date.map(jiff_sqlx::Date::to_jiff),
            issued_at: row.issued_at.map(jiff_sqlx::Timestamp::to_jiff),
            issued_by: row.issued_by_name,
            disputed,
            lifecycle: row.lifecycle,
            prints: row.prints,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        },
    ))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// Words of the number, the buyer, the subject or the order number.
    q: Option<String>,
    /// `draft`, `issued`, `due`, `overdue`, `paid`
    status: Option<String>,
    /// `invoice`, `deposit`, `situation`, `balance`, `credit_note`, `corrective`
    kind: Option<String>,
    contact_id: Option<Uuid>,
    entity_id: Option<Uuid>,
    /// First day of issue.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day of issue.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Invoices, the newest first.
#[utoipa::path(get, path = "/invoices", operation_id = "list_invoices", tag = "invoices", params(ListQuery),
    responses((status = 200, body = Page<InvoiceRow>), (status = 422)), security(("session" = ["invoices.read"])))]
async fn list_invoices(auth: Authorized<InvoicesRead>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<InvoiceRow>>> {
    let (limit, after) = (page_limit(query.limit, 50), cursor(query.cursor.as_deref())?);
    let words = text::fold(query.q.as_deref().unwrap_or_default()).split_whitespace().take(8).map(str::to_owned).collect();
    let mut tx = auth.read().await?;
    let today = day::today(&mut tx).await?;
    let wanted = Wanted {
        status: query.status,
        kind: query.kind,
        contact_id: query.contact_id,
        entity_id: query.entity_id,
        from: query.from,
        to: query.to,
        words,
        today,
    };
    let rows = store::page(&mut tx, &wanted, after, limit).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(|row| listed(row, today))))
}

/// Begins a draft.
#[utoipa::path(post, path = "/invoices", operation_id = "create_invoice", tag = "invoices", request_body = InvoiceIn,
    responses((status = 201, body = InvoiceOut), (status = 422)), security(("session" = ["invoices.write"])))]
async fn create_invoice(auth: Authorized<InvoicesWrite>, Json(input): Json<InvoiceIn>) -> ApiResult<Created<InvoiceOut>> {
    let mut tx = auth.begin().await?;
    let (row, lines) = ops::create(&mut tx, input).await?;
    let Versioned(_, out) = shown(&mut tx, row, lines).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/invoices/{}", out.id), out))
}

/// What lines come to, by the rules by which documents are added up. Nothing is stored.
#[utoipa::path(post, path = "/invoice-totals", operation_id = "compute_invoice_totals", tag = "invoices", request_body = InvoiceIn,
    responses((status = 200, body = Totals), (status = 422)), security(("session" = ["invoices.read"])))]
async fn compute_totals(_auth: Authorized<InvoicesRead>, Json(input): Json<InvoiceIn>) -> ApiResult<Json<Totals>> {
    Ok(Json(ops::totals(input)?))
}

/// One invoice.
#[utoipa::path(get, path = "/invoices/{id}", operation_id = "get_invoice", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceOut), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_invoice(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<InvoiceOut>> {
    let mut tx = auth.read().await?;
    let (row, lines) = ops::get(&mut tx, id).await?;
    shown(&mut tx, row, lines).await
}

/// Changes a draft. 409 with `reason: issued` when it is none any more.
#[utoipa::path(patch, path = "/invoices/{id}", operation_id = "update_invoice", tag = "invoices", params(("id" = Uuid, Path)),
    request_body = InvoiceIn, responses((status = 200, body = InvoiceOut), (status = 404), (status = 409), (status = 412), (status = 422)), security(("session" = ["invoices.write"])))]
async fn update_invoice(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<InvoiceIn>,
) -> ApiResult<Versioned<InvoiceOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let (row, lines) = ops::update(&mut tx, id, expected, input).await?;
    let out = shown(&mut tx, row, lines).await?;
    tx.commit().await?;
    Ok(out)
}

/// Throws a draft away.
#[utoipa::path(delete, path = "/invoices/{id}", operation_id = "delete_invoice", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["invoices.write"])))]
async fn delete_invoice(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Issues a draft: number, seal, PDF and Factur-X in one transaction. 422 names everything that is lacking.
#[utoipa::path(post, path = "/invoices/{id}/issue", operation_id = "issue_invoice", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceOut), (status = 404), (status = 409), (status = 412), (status = 422)), security(("session" = ["invoices.issue"])))]
async fn issue_invoice(auth: Authorized<InvoicesIssue>, Path(id): Path<Uuid>, headers: HeaderMap) -> ApiResult<Versioned<InvoiceOut>> {
    let expected = expected_version(&headers)?;
    let logo = issue::logo(&auth.app, &auth.actor).await?;
    let mut tx = auth.begin().await?;
    let (row, lines) = issue::issue(&mut tx, &auth.app.crypto, id, expected, logo).await?;
    let out = shown(&mut tx, row, lines).await?;
    tx.commit().await?;
    Ok(out)
}

/// Sends an issued invoice by mail, its PDF attached, with the link to pay where the company is paid online.
#[utoipa::path(post, path = "/invoices/{id}/send", operation_id = "send_invoice", tag = "invoices", params(("id" = Uuid, Path)),
    request_body = InvoiceSendIn, responses((status = 202, body = InvoiceSending), (status = 404), (status = 409), (status = 422)), security(("session" = ["invoices.write"])))]
async fn send_invoice(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<InvoiceSendIn>,
) -> ApiResult<(StatusCode, Json<InvoiceSending>)> {
    let mut tx = auth.begin().await?;
    let sending = sendings::send(&mut tx, &auth.app, id, input).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(sending.into())))
}

/// A copy as a new draft.
#[utoipa::path(post, path = "/invoices/{id}/duplicate", operation_id = "duplicate_invoice", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 201, body = InvoiceOut), (status = 404)), security(("session" = ["invoices.write"])))]
async fn duplicate_invoice(auth: Authorized<InvoicesWrite>, Path(id): Path<Uuid>) -> ApiResult<Created<InvoiceOut>> {
    let mut tx = auth.begin().await?;
    let (row, lines) = ops::duplicate(&mut tx, id).await?;
    let Versioned(_, out) = shown(&mut tx, row, lines).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/invoices/{}", out.id), out))
}

/// Begins a credit note for an issued invoice, in whole or in part (QI-29).
#[utoipa::path(post, path = "/invoices/{id}/credit-notes", operation_id = "create_credit_note", tag = "invoices", params(("id" = Uuid, Path)),
    request_body = CreditNoteIn, responses((status = 201, body = InvoiceOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["invoices.write"])))]
async fn create_credit_note(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<CreditNoteIn>,
) -> ApiResult<Created<InvoiceOut>> {
    let mut tx = auth.begin().await?;
    let (row, lines) = credit::begin(&mut tx, id, input).await?;
    let Versioned(_, out) = shown(&mut tx, row, lines).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/invoices/{}", out.id), out))
}

type FileAnswer = ([(HeaderName, String); 3], Vec<u8>);

fn file(kind: &str, name: &str, bytes: Vec<u8>) -> FileAnswer {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    (headers, bytes)
}

/// Renders a document that is not the issued file: a draft's preview, a marked print.
async fn rendered(document: Commercial, ident: String, at: Timestamp) -> Result<Vec<u8>, Failure> {
    let made = tokio::task::spawn_blocking(move || commercial::pdf(&document, &ident, at, None));
    let made = made.await.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(made.map_err(|error| Problem::internal(error.to_string()))?)
}

/// The PDF: of an issued invoice the very file that was issued, Factur-X inside; of a draft its preview. 409 with `reason: tampered` when the
/// file is not the one that was sealed (QI-53).
#[utoipa::path(get, path = "/invoices/{id}/pdf", operation_id = "get_invoice_pdf", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404), (status = 409)), security(("session" = ["invoices.read"])))]
async fn get_invoice_pdf(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<FileAnswer> {
    let mut tx = auth.read().await?;
    let (row, _) = ops::get(&mut tx, id).await?;
    let name = format!("{}.pdf", row.number.as_deref().unwrap_or("brouillon").replace('/', "-"));
    if row.state == "draft" {
        let (mut document, at) = (ops::preview(&mut tx, id).await?, tx.now());
        drop(tx);
        document.brand.logo = issue::logo(&auth.app, &auth.actor).await?;
        return Ok(file("application/pdf", &name, rendered(document, id.to_string(), at).await?));
    }
    let (pdf, _) = prints::files(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(file("application/pdf", &name, pdf))
}

/// Prints an issued document: the first time the very file, then a copy marked "DUPLICATA" with its number. Each print is counted and stands in
/// the history (IS-11); looking at the PDF is no print.
#[utoipa::path(post, path = "/invoices/{id}/print", operation_id = "print_invoice", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404), (status = 409)), security(("session" = ["invoices.read"])))]
async fn print_invoice(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<FileAnswer> {
    let logo = issue::logo(&auth.app, &auth.actor).await?;
    let mut tx = auth.begin().await?;
    let (number, print) = prints::print(&mut tx, id).await?;
    let at = tx.now();
    tx.commit().await?;
    let pdf = match print {
        prints::Print::Original(pdf) => pdf,
        prints::Print::Duplicate(mut document) => {
            document.brand.logo = logo;
            rendered(*document, id.to_string(), at).await?
        }
    };
    Ok(file("application/pdf", &format!("{}.pdf", number.replace('/', "-")), pdf))
}

/// The electronic invoice: the `factur-x.xml` that is in the PDF.
#[utoipa::path(get, path = "/invoices/{id}/xml", operation_id = "get_invoice_xml", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/xml"), (status = 404)), security(("session" = ["invoices.read"])))]
async fn get_invoice_xml(auth: Authorized<InvoicesRead>, Path(id): Path<Uuid>) -> ApiResult<FileAnswer> {
    let mut tx = auth.read().await?;
    ops::get(&mut tx, id).await?;
    let (_, xml) = prints::files(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(file("application/xml", "factur-x.xml", xml))
}
