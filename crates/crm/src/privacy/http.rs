//! Routes of the privacy desk.

use super::access::{self, AccessIn};
use super::certificate;
use super::erasure::{self, ErasureIn, ErasurePreview};
use super::letterhead;
use super::registry::{self, Category, Class, Erasure};
use super::requests::{self, Identity, Kind, NewRequest, RequestPatch, RequestRow, Status};
use crate::contacts::store as contacts;
use crate::zone;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_documents::pdf;
use vision_kernel::{Cursor, Page, Problem};
use vision_platform::background::{self, JobOut};
use vision_platform::http::{Json, cursor, expected_version, page_limit};
use vision_platform::permits::CompanyManage;
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preview_erasure, erase_contact))
        .routes(routes!(export_person))
        .routes(routes!(list_requests, create_request))
        .routes(routes!(get_request, update_request))
        .routes(routes!(get_certificate))
        .routes(routes!(get_registry))
        .merge(super::retention::http::routes())
}

/// What erasing a contact would do, and what stands against it.
#[utoipa::path(get, path = "/contacts/{id}/erasure", operation_id = "preview_erasure", tag = "privacy", params(("id" = Uuid, Path)),
    responses((status = 200, body = ErasurePreview), (status = 404), (status = 409)), security(("session" = ["company.manage"])))]
async fn preview_erasure(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>) -> ApiResult<Json<ErasurePreview>> {
    let mut tx = auth.read().await?;
    Ok(Json(erasure::preview(&mut tx, id).await?))
}

/// Erases a contact for good, as a job: it is anonymised everywhere (GD-03). Needs `contacts.delete` too.
#[utoipa::path(post, path = "/contacts/{id}/erasure", operation_id = "erase_contact", tag = "privacy", params(("id" = Uuid, Path)),
    request_body = ErasureIn, responses((status = 202, body = JobOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["company.manage"])))]
async fn erase_contact(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>, Json(input): Json<ErasureIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    let job = erasure::start(&mut tx, id, input).await?;
    tx.commit().await?;
    Ok(background::accepted(job))
}

/// A copy of everything that is held of a person, as a job: a ZIP with JSON, a PDF to read, and the files (GD-02). Needs `contacts.export` too.
#[utoipa::path(post, path = "/contacts/{id}/access", operation_id = "export_person", tag = "privacy", params(("id" = Uuid, Path)),
    request_body = AccessIn, responses((status = 202, body = JobOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["company.manage"])))]
async fn export_person(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>, Json(input): Json<AccessIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    let job = access::start(&mut tx, id, &input).await?;
    tx.commit().await?;
    Ok(background::accepted(job))
}

/// A request of a person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PrivacyRequest)]
pub struct RequestOut {
    id: Uuid,
    kind: Option<Kind>,
    status: Option<Status>,
    contact_id: Option<Uuid>,
    /// Null once the person is erased.
    person: Option<String>,
    #[schema(value_type = String, format = Date)]
    received_on: Date,
    identity: Option<Identity>,
    identity_note: Option<String>,
    details: Option<String>,
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    /// `late`, `soon` (day 25 has passed), `open`, `closed`
    urgency: &'static str,
    #[schema(value_type = Option<String>, format = Date)]
    extended_on: Option<Date>,
    extension_reason: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    answered_on: Option<Date>,
    answer: Option<String>,
    job_id: Option<Uuid>,
    /// Of an erasure: what was done, signed. It names nobody.
    certificate: Option<Value>,
    created_by_name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    version: i32,
}

fn urgency(row: &RequestRow, today: Date) -> &'static str {
    let due = row.due_on.to_jiff();
    match row.status.as_str() {
        "open" | "running" if today > due => "late",
        // GD-01: from the 25th day on, five or six days before the end.
        "open" | "running" if today >= due.saturating_sub(jiff::Span::new().days(super::alerts::DAYS_BEFORE)) => "soon",
        "open" | "running" => "open",
        _ => "closed",
    }
}

async fn shown(tx: &mut Tx, rows: Vec<RequestRow>) -> Result<Vec<RequestOut>, Failure> {
    let today = requests::today(tx).await?;
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.contact_id).collect();
    let people = contacts::get_many(tx, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let contact = people.iter().find(|person| Some(person.id) == row.contact_id && row.certificate.is_none());
            RequestOut {
                urgency: urgency(&row, today),
                person: contact.map(|person| person.display_name.clone()).or(row.person_name),
                id: row.id,
                kind: Kind::from_word(&row.kind),
                status: Status::from_word(&row.status),
                contact_id: row.contact_id,
                received_on: row.received_on.to_jiff(),
                identity: Identity::from_word(&row.identity),
                identity_note: row.identity_note,
                details: row.details,
                due_on: row.due_on.to_jiff(),
                extended_on: row.extended_on.map(jiff_sqlx::Date::to_jiff),
                extension_reason: row.extension_reason,
                answered_on: row.answered_on.map(jiff_sqlx::Date::to_jiff),
                answer: row.answer,
                job_id: row.job_id,
                certificate: row.certificate,
                created_by_name: row.created_by_name,
                created_at: row.created_at.to_jiff(),
                version: row.version,
            }
        })
        .collect())
}

async fn one(tx: &mut Tx, row: RequestRow) -> Result<RequestOut, Failure> {
    shown(tx, vec![row]).await?.pop().ok_or_else(|| Problem::not_found().into())
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// Only those that wait for an answer.
    open: Option<bool>,
    kind: Option<Kind>,
    contact: Option<Uuid>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Requests, newest first.
#[utoipa::path(get, path = "/privacy/requests", operation_id = "list_privacy_requests", tag = "privacy", params(ListQuery),
    responses((status = 200, body = Page<RequestOut>)), security(("session" = ["company.manage"])))]
async fn list_requests(auth: Authorized<CompanyManage>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<RequestOut>>> {
    let limit = page_limit(query.limit, 50);
    let before = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let rows = requests::page(&mut tx, query.open.unwrap_or(false), query.kind, query.contact, before, wanted).await?;
    let rows = shown(&mut tx, rows).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id))))
}

/// A request to write down.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = PrivacyRequestIn)]
pub struct RequestIn {
    kind: Kind,
    contact_id: Option<Uuid>,
    /// Who asks, where there is no record of them.
    person_name: Option<String>,
    /// Today by default.
    #[schema(value_type = Option<String>, format = Date)]
    received_on: Option<Date>,
    identity: Option<Identity>,
    identity_note: Option<String>,
    details: Option<String>,
}

/// Writes a request down; it is due a month after it was received (GD-01).
#[utoipa::path(post, path = "/privacy/requests", operation_id = "create_privacy_request", tag = "privacy", request_body = RequestIn,
    responses((status = 201, body = RequestOut), (status = 422)), security(("session" = ["company.manage"])))]
async fn create_request(auth: Authorized<CompanyManage>, Json(input): Json<RequestIn>) -> ApiResult<(StatusCode, Json<RequestOut>)> {
    let mut tx = auth.begin().await?;
    if let Some(contact) = input.contact_id
        && contacts::get(&mut tx, contact).await?.is_none()
    {
        return Err(Problem::field("/contact_id", "unknown", "Ce contact n’existe pas.").into());
    }
    let new = NewRequest {
        kind: input.kind,
        contact_id: input.contact_id,
        person_name: input.person_name,
        received_on: input.received_on,
        identity: input.identity.unwrap_or(Identity::Pending),
        identity_note: input.identity_note,
        details: input.details,
    };
    let id = requests::insert(&mut tx, new).await?;
    let row = requests::get(&mut tx, id).await?;
    let out = one(&mut tx, row).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(out)))
}

/// One request.
#[utoipa::path(get, path = "/privacy/requests/{id}", operation_id = "get_privacy_request", tag = "privacy", params(("id" = Uuid, Path)),
    responses((status = 200, body = RequestOut), (status = 404)), security(("session" = ["company.manage"])))]
async fn get_request(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>) -> ApiResult<Json<RequestOut>> {
    let mut tx = auth.read().await?;
    let row = requests::get(&mut tx, id).await?;
    Ok(Json(one(&mut tx, row).await?))
}

/// The certificate of an erasure, as a PDF.
#[utoipa::path(get, path = "/privacy/requests/{id}/certificate", operation_id = "get_erasure_certificate", tag = "privacy", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404)), security(("session" = ["company.manage"])))]
async fn get_certificate(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    let certificate = requests::get(&mut tx, id).await?.certificate.ok_or_else(Problem::not_found)?;
    let document = certificate::document(&letterhead::company(&mut tx).await?, &zone::of_tenant(&mut tx).await?, &certificate);
    drop(tx);
    let (ident, at) = (id.to_string(), auth.app.clock.now());
    let content = tokio::task::spawn_blocking(move || pdf::dossier(&document, &ident, at)).await.map_err(Problem::internal)?;
    let content = content.map_err(Problem::internal)?;
    let size = u64::try_from(content.len()).ok();
    Ok(background::attachment("attestation-effacement.pdf", size, Body::from(content)))
}

/// Checks identity, extends, answers or refuses.
#[utoipa::path(patch, path = "/privacy/requests/{id}", operation_id = "update_privacy_request", tag = "privacy", params(("id" = Uuid, Path)),
    request_body = RequestPatch, responses((status = 200, body = RequestOut), (status = 404), (status = 409), (status = 412), (status = 422)),
    security(("session" = ["company.manage"])))]
async fn update_request(
    auth: Authorized<CompanyManage>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(patch): Json<RequestPatch>,
) -> ApiResult<Json<RequestOut>> {
    let mut tx = auth.begin().await?;
    let row = requests::update(&mut tx, id, expected_version(&headers)?, patch).await?;
    let out = one(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Json(out))
}

/// A place where data are held.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RegisterEntry {
    /// Name of the table.
    table: &'static str,
    /// What it holds and for how long, in French.
    about: &'static str,
    categories: Vec<Category>,
    /// It holds text that may name anybody.
    free_text: bool,
    /// It holds data about the people who work here.
    staff: bool,
    /// `none`, `delete`, `anonymise`, `keep`
    erasure: &'static str,
    /// Why something is kept after an erasure, in French.
    reasons: Vec<&'static str>,
}

/// Which data are held where.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PrivacyRegister {
    items: Vec<RegisterEntry>,
}

/// Which data are held where, how long, and what an erasure does to them. The same for every company; tested against the database.
#[utoipa::path(get, path = "/privacy/register", operation_id = "get_privacy_register", tag = "privacy",
    responses((status = 200, body = PrivacyRegister)), security(("session" = ["company.manage"])))]
async fn get_registry(_auth: Authorized<CompanyManage>) -> Json<PrivacyRegister> {
    let items = registry::tables().map(|table| {
        let kept = table.columns.iter().filter_map(|(class, _)| if let Class::Keep(reason) = class { Some(*reason) } else { None });
        let (erasure, whole) = match table.erasure {
            Erasure::None => ("none", None),
            Erasure::Delete => ("delete", None),
            Erasure::Anonymise => ("anonymise", None),
            Erasure::Keep(reason) => ("keep", Some(reason)),
        };
        RegisterEntry {
            table: table.name,
            about: table.about,
            categories: table.categories(),
            free_text: table.free().next().is_some(),
            staff: !table.of_staff().is_empty(),
            erasure,
            reasons: whole.into_iter().chain(kept).collect(),
        }
    });
    Json(PrivacyRegister { items: items.collect() })
}
