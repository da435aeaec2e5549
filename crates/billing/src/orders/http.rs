//! Routes of quotes for the staff.

use super::answer::{self, Confirmation, Method};
use super::invoicing::{self, OrderInvoiceIn};
use super::model::OrderIn;
use super::opened;
use super::ops::{self, CancelledBy, LinkMode, SendIn};
use super::out::{OrderOut, OrderRow, listed, shown};
use super::settings;
use super::store::{self, Wanted};
use super::trail;
use super::{document, evidence};
use crate::day;
use crate::invoices::issue;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::totals::Totals;
use vision_kernel::{Cursor, Page, Problem, text};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{InvoicesWrite, OrdersRead, OrdersSend, OrdersWrite};
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_orders, create_order))
        .routes(routes!(compute_order_totals))
        .routes(routes!(settings::get_order_settings, settings::update_order_settings))
        .routes(routes!(get_order, update_order, delete_order))
        .routes(routes!(duplicate_order))
        .routes(routes!(rename_order_template))
        .routes(routes!(send_order))
        .routes(routes!(revise_order))
        .routes(routes!(cancel_order))
        .routes(routes!(remind_order))
        .routes(routes!(create_order_link))
        .routes(routes!(accept_order))
        .routes(routes!(refuse_order))
        .routes(routes!(invoice_order))
        .routes(routes!(get_order_pdf))
        .routes(routes!(get_order_proof))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// Words of the number, the customer, the subject or the reference.
    q: Option<String>,
    /// `draft`, `open`, `expired`, `accepted`, `refused`, `cancelled`
    status: Option<String>,
    /// True: templates instead of quotes.
    templates: Option<bool>,
    contact_id: Option<Uuid>,
    entity_id: Option<Uuid>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Quotes, the newest first.
#[utoipa::path(get, path = "/orders", operation_id = "list_orders", tag = "orders", params(ListQuery),
    responses((status = 200, body = Page<OrderRow>), (status = 422)), security(("session" = ["orders.read"])))]
async fn list_orders(auth: Authorized<OrdersRead>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<OrderRow>>> {
    let (limit, after) = (page_limit(query.limit, 50), cursor(query.cursor.as_deref())?);
    let words = text::fold(query.q.as_deref().unwrap_or_default()).split_whitespace().take(8).map(str::to_owned).collect();
    let mut tx = auth.read().await?;
    let today = day::today(&mut tx).await?;
    let wanted = Wanted {
        status: query.status,
        templates: query.templates == Some(true),
        contact_id: query.contact_id,
        entity_id: query.entity_id,
        words,
        today,
    };
    let rows = store::page(&mut tx, &wanted, after, limit).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(|row| listed(row, today))))
}

/// Begins a quote.
#[utoipa::path(post, path = "/orders", operation_id = "create_order", tag = "orders", request_body = OrderIn,
    responses((status = 201, body = OrderOut), (status = 422)), security(("session" = ["orders.write"])))]
async fn create_order(auth: Authorized<OrdersWrite>, Json(input): Json<OrderIn>) -> ApiResult<Created<OrderOut>> {
    let mut tx = auth.begin().await?;
    let whole = ops::create(&mut tx, input).await?;
    let Versioned(_, out) = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/orders/{}", out.id), out))
}

/// What lines come to, by the rules by which documents are added up; options count for nothing. Nothing is stored.
#[utoipa::path(post, path = "/order-totals", operation_id = "compute_order_totals", tag = "orders", request_body = OrderIn,
    responses((status = 200, body = Totals), (status = 422)), security(("session" = ["orders.read"])))]
async fn compute_order_totals(_auth: Authorized<OrdersRead>, Json(input): Json<OrderIn>) -> ApiResult<Json<Totals>> {
    Ok(Json(ops::totals(input)?))
}

/// One quote.
#[utoipa::path(get, path = "/orders/{id}", operation_id = "get_order", tag = "orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = OrderOut), (status = 404)), security(("session" = ["orders.read"])))]
async fn get_order(auth: Authorized<OrdersRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<OrderOut>> {
    let mut tx = auth.read().await?;
    let whole = ops::get(&mut tx, id).await?;
    shown(&mut tx, whole).await
}

/// Changes a quote that is being written. 409 with `reason: sent` when it is not.
#[utoipa::path(patch, path = "/orders/{id}", operation_id = "update_order", tag = "orders", params(("id" = Uuid, Path)),
    request_body = OrderIn, responses((status = 200, body = OrderOut), (status = 404), (status = 409), (status = 412), (status = 422)), security(("session" = ["orders.write"])))]
async fn update_order(
    auth: Authorized<OrdersWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<OrderIn>,
) -> ApiResult<Versioned<OrderOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let whole = ops::update(&mut tx, id, expected, input).await?;
    let out = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(out)
}

/// Throws a quote or a template away that was never sent; of a new version, goes back to the one that was.
#[utoipa::path(delete, path = "/orders/{id}", operation_id = "delete_order", tag = "orders", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["orders.write"])))]
async fn delete_order(auth: Authorized<OrdersWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::discard(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What becomes of a copy.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
struct OrderCopyIn {
    /// Makes a template of this name.
    #[serde(default)]
    template_name: Option<String>,
    /// For somebody else.
    #[serde(default)]
    contact_id: Option<Uuid>,
}

/// A copy: another quote, or a template. Of a template: a quote.
#[utoipa::path(post, path = "/orders/{id}/duplicate", operation_id = "duplicate_order", tag = "orders", params(("id" = Uuid, Path)),
    request_body = OrderCopyIn, responses((status = 201, body = OrderOut), (status = 404), (status = 422)), security(("session" = ["orders.write"])))]
async fn duplicate_order(
    auth: Authorized<OrdersWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<OrderCopyIn>,
) -> ApiResult<Created<OrderOut>> {
    let mut tx = auth.begin().await?;
    let whole = ops::duplicate(&mut tx, id, input.template_name, input.contact_id).await?;
    let Versioned(_, out) = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/orders/{}", out.id), out))
}

/// The name of a template.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct TemplateNameIn {
    template_name: String,
}

/// Renames a template.
#[utoipa::path(put, path = "/orders/{id}/template-name", operation_id = "rename_order_template", tag = "orders", params(("id" = Uuid, Path)),
    request_body = TemplateNameIn, responses((status = 200, body = OrderOut), (status = 404), (status = 422)), security(("session" = ["orders.write"])))]
async fn rename_order_template(
    auth: Authorized<OrdersWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<TemplateNameIn>,
) -> ApiResult<Versioned<OrderOut>> {
    let mut tx = auth.begin().await?;
    let whole = ops::rename_template(&mut tx, id, &input.template_name).await?;
    let out = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(out)
}

/// A quote that went out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SentOrder {
    order: OrderOut,
    /// Address of its page: whoever has it can read the quote. It is not shown again.
    url: String,
}

/// Sends a quote: number, frozen version, PDF, link and mail in one transaction. 422 names everything that is lacking.
#[utoipa::path(post, path = "/orders/{id}/send", operation_id = "send_order", tag = "orders", params(("id" = Uuid, Path)), request_body = SendIn,
    responses((status = 200, body = SentOrder), (status = 404), (status = 409), (status = 412), (status = 422)), security(("session" = ["orders.send"])))]
async fn send_order(
    auth: Authorized<OrdersSend>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<SendIn>,
) -> ApiResult<Json<SentOrder>> {
    let expected = expected_version(&headers)?;
    let logo = issue::logo(&auth.app, &auth.actor).await?;
    let mut tx = auth.begin().await?;
    let (whole, url) = ops::send(&auth.app, &mut tx, id, expected, input, logo).await?;
    let Versioned(_, order) = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(Json(SentOrder { order, url }))
}

/// Begins the next version of a quote that was sent; the earlier one takes no answer any more (QI-06).
#[utoipa::path(post, path = "/orders/{id}/revise", operation_id = "revise_order", tag = "orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = OrderOut), (status = 404), (status = 409)), security(("session" = ["orders.write"])))]
async fn revise_order(auth: Authorized<OrdersWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<OrderOut>> {
    let mut tx = auth.begin().await?;
    let whole = ops::revise(&mut tx, id).await?;
    let out = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(out)
}

/// Why a quote is called off, and by whom.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct CancelOrderIn {
    by: CancelledBy,
    reason: String,
}

/// A quote that was called off.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CancelledOrder {
    order: OrderOut,
    /// Of an accepted quote: what is owed to the customer, in cents (QI-12). Deposits that were invoiced are taken back by credit notes.
    owed_back_minor: Option<i64>,
}

/// Calls a quote off.
#[utoipa::path(post, path = "/orders/{id}/cancel", operation_id = "cancel_order", tag = "orders", params(("id" = Uuid, Path)), request_body = CancelOrderIn,
    responses((status = 200, body = CancelledOrder), (status = 404), (status = 409), (status = 422)), security(("session" = ["orders.send"])))]
async fn cancel_order(
    auth: Authorized<OrdersSend>,
    Path(id): Path<Uuid>,
    Json(input): Json<CancelOrderIn>,
) -> ApiResult<Json<CancelledOrder>> {
    let mut tx = auth.begin().await?;
    let (whole, owed_back_minor) = ops::cancel(&mut tx, id, input.by, &input.reason).await?;
    let Versioned(_, order) = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(Json(CancelledOrder { order, owed_back_minor }))
}

/// Writes to the customer again.
#[utoipa::path(post, path = "/orders/{id}/remind", operation_id = "remind_order", tag = "orders", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["orders.send"])))]
async fn remind_order(auth: Authorized<OrdersSend>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::remind(&auth.app, &mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a link is opened.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct OrderLinkIn {
    mode: LinkMode,
}

/// A link.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OrderLink {
    /// Address of the page. It is not shown again.
    url: String,
}

/// Another link to the version that was sent: to hand over, or for signing on the spot.
#[utoipa::path(post, path = "/orders/{id}/links", operation_id = "create_order_link", tag = "orders", params(("id" = Uuid, Path)), request_body = OrderLinkIn,
    responses((status = 201, body = OrderLink), (status = 404), (status = 409)), security(("session" = ["orders.send"])))]
async fn create_order_link(
    auth: Authorized<OrdersSend>,
    Path(id): Path<Uuid>,
    Json(input): Json<OrderLinkIn>,
) -> ApiResult<(StatusCode, Json<OrderLink>)> {
    let mut tx = auth.begin().await?;
    let url = ops::link(&auth.app, &mut tx, id, input.mode).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(OrderLink { url })))
}

/// An acceptance that the staff records: a signed paper that came back, a word on the phone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct AcceptOrderIn {
    /// Who agreed.
    name: String,
    /// How: "devis papier signé le 24/11".
    mention: String,
    /// Places of the lines, from one; those offered as a whole where nothing is said.
    #[serde(default)]
    lines: Option<Vec<usize>>,
}

/// Records the customer's agreement. 409 with `reason`: `expired`, `replaced`, `cancelled`, `answered`.
#[utoipa::path(post, path = "/orders/{id}/accept", operation_id = "accept_order", tag = "orders", params(("id" = Uuid, Path)), request_body = AcceptOrderIn,
    responses((status = 200, body = OrderOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["orders.send"])))]
async fn accept_order(
    auth: Authorized<OrdersSend>,
    Path(id): Path<Uuid>,
    Json(input): Json<AcceptOrderIn>,
) -> ApiResult<Versioned<OrderOut>> {
    let logo = issue::logo(&auth.app, &auth.actor).await?;
    if text::clean(&input.mention, false).is_none() {
        return Err(Problem::field("/mention", "required", "Dites comment le client a donné son accord.").into());
    }
    let mut tx = auth.begin().await?;
    let opened = opened::open_for_staff(&mut tx, id).await?;
    let lines = input.lines.unwrap_or_else(|| opened.offered());
    let confirmation = Confirmation { lines, name: input.name, mention: input.mention, terms: true, ..Confirmation::default() };
    answer::record(&auth.app, &mut tx, &opened, &confirmation, Method::Staff, None, logo).await?;
    let whole = ops::get(&mut tx, id).await?;
    let out = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(out)
}

/// A refusal that the staff records.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct RefuseOrderIn {
    /// Why, in the customer's words.
    reason: String,
}

/// Records the customer's refusal.
#[utoipa::path(post, path = "/orders/{id}/refuse", operation_id = "refuse_order", tag = "orders", params(("id" = Uuid, Path)), request_body = RefuseOrderIn,
    responses((status = 200, body = OrderOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["orders.send"])))]
async fn refuse_order(
    auth: Authorized<OrdersSend>,
    Path(id): Path<Uuid>,
    Json(input): Json<RefuseOrderIn>,
) -> ApiResult<Versioned<OrderOut>> {
    let mut tx = auth.begin().await?;
    let opened = opened::open_for_staff(&mut tx, id).await?;
    answer::refuse(&mut tx, &opened, "", &input.reason, None).await?;
    let whole = ops::get(&mut tx, id).await?;
    let out = shown(&mut tx, whole).await?;
    tx.commit().await?;
    Ok(out)
}

/// An invoice that was begun.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct InvoiceOfOrder {
    /// The draft.
    invoice_id: Uuid,
}

/// Begins an invoice of an accepted quote as a draft: deposit, situation or balance.
#[utoipa::path(post, path = "/orders/{id}/invoices", operation_id = "invoice_order", tag = "orders", params(("id" = Uuid, Path)), request_body = OrderInvoiceIn,
    responses((status = 201, body = InvoiceOfOrder), (status = 404), (status = 409), (status = 422)), security(("session" = ["invoices.write"])))]
async fn invoice_order(
    auth: Authorized<InvoicesWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<OrderInvoiceIn>,
) -> ApiResult<(StatusCode, Json<InvoiceOfOrder>)> {
    let mut tx = auth.begin().await?;
    let invoice_id = invoicing::begin(&mut tx, id, &input).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(InvoiceOfOrder { invoice_id })))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct PdfQuery {
    /// Which version; the last one where nothing is said.
    revision: Option<i32>,
    /// True: the sealed paper with its certificate.
    signed: Option<bool>,
}

type FileAnswer = ([(HeaderName, String); 4], Vec<u8>);

fn file(kind: &str, name: &str, bytes: Vec<u8>) -> FileAnswer {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        // The editor shows the paper beside the lines.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'".to_owned(),
        ),
    ];
    (headers, bytes)
}

/// The PDF: of a version the very file that was sent, or the signed one; of a draft its preview.
#[utoipa::path(get, path = "/orders/{id}/pdf", operation_id = "get_order_pdf", tag = "orders", params(("id" = Uuid, Path), PdfQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404)), security(("session" = ["orders.read"])))]
async fn get_order_pdf(auth: Authorized<OrdersRead>, Path(id): Path<Uuid>, Query(query): Query<PdfQuery>) -> ApiResult<FileAnswer> {
    let logo = issue::logo(&auth.app, &auth.actor).await?;
    let mut tx = auth.read().await?;
    let (row, _) = ops::get(&mut tx, id).await?;
    let number = row.number.clone().unwrap_or_else(|| "brouillon".to_owned());
    if row.state == "draft" && query.revision.is_none_or(|revision| revision == row.revision) {
        let (paper, at) = (ops::preview(&mut tx, id).await?, tx.now());
        drop(tx);
        return Ok(file("application/pdf", "devis-brouillon.pdf", ops::rendered(paper, logo, id.to_string(), at).await?));
    }
    let revision = query.revision.unwrap_or(row.revision);
    if query.signed == Some(true) {
        let files = trail::proof_files(&mut tx, id, revision).await?;
        let (pdf, ..) = files.ok_or_else(Problem::not_found)?;
        let name = format!("{}-signe.pdf", document::reference(&number, revision));
        return Ok(file("application/pdf", &name, pdf.ok_or_else(Problem::not_found)?));
    }
    let (pdf, _) = trail::version_files(&mut tx, id, revision).await?.ok_or_else(Problem::not_found)?;
    Ok(file("application/pdf", &format!("{}.pdf", document::reference(&number, revision)), pdf))
}

/// The evidence of the acceptance, as it was hashed and signed.
#[utoipa::path(get, path = "/orders/{id}/proof", operation_id = "get_order_proof", tag = "orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/json"), (status = 404)), security(("session" = ["orders.read"])))]
async fn get_order_proof(auth: Authorized<OrdersRead>, Path(id): Path<Uuid>) -> ApiResult<FileAnswer> {
    let mut tx = auth.read().await?;
    let (row, _) = ops::get(&mut tx, id).await?;
    let files = trail::proof_files(&mut tx, id, row.revision).await?;
    let (_, Some(proof), ..) = files.ok_or_else(Problem::not_found)? else { return Err(Problem::not_found().into()) };
    Ok(file("application/json", "evidence.json", evidence::canonical(&proof)?.into_bytes()))
}
