//! Routes of contacts.

use super::filter::{self, ContactFilter, dormant_before};
use super::model::{AddressEntry, ContactIn, EmailEntry};
use super::store::{self, DetailRow, LinkRef, ListRow, TagRef};
use super::{links, ops};
use crate::custom_fields::model::RecordObject;
use crate::custom_fields::sort;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::contact_point::display_phone;
use vision_kernel::{Cursor, Page, Phone, Siren};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{ContactsDelete, ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized, Tx};

/// Above this a count is only "more than", unless more is asked for.
const COUNT_CAP: i32 = 10_000;
/// Most that is ever counted.
const MAX_COUNT: i32 = 1_000_000;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_contacts, create_contact))
        .routes(routes!(count_contacts))
        .routes(routes!(list_lookalikes))
        .routes(routes!(get_contact, update_contact, delete_contact))
        .routes(routes!(archive_contact))
        .routes(routes!(restore_contact))
        .routes(routes!(link_company, unlink_company))
}

/// A member in short.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MemberRef {
    id: Uuid,
    name: String,
}

fn owner(id: Option<Uuid>, name: Option<String>) -> Option<MemberRef> {
    id.map(|id| MemberRef { id, name: name.unwrap_or_default() })
}

/// Derived, never typed: dormant without any event for 24 months, client from the first invoice on, prospect before.
pub(crate) fn status(first_invoiced: bool, last_activity_at: Timestamp, now: Timestamp) -> &'static str {
    match (last_activity_at < dormant_before(now), first_invoiced) {
        (true, _) => "dormant",
        (false, true) => "client",
        (false, false) => "prospect",
    }
}

/// A contact in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ContactRow {
    id: Uuid,
    kind: String,
    display_name: String,
    company_name: Option<String>,
    email: Option<String>,
    /// E.164
    phone: Option<String>,
    /// As a French reader expects it.
    phone_display: Option<String>,
    city: Option<String>,
    /// `prospect`, `client`, `dormant`
    status: &'static str,
    tags: Vec<TagRef>,
    owner: Option<MemberRef>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_activity_at: Timestamp,
    archived: bool,
    /// Values of the fields that `custom` asked for.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    custom: Map<String, Value>,
}

impl ContactRow {
    pub(crate) fn new(row: ListRow, now: Timestamp) -> Self {
        let last_activity_at = row.last_activity_at.to_jiff();
        Self {
            id: row.id,
            kind: row.kind,
            display_name: row.display_name,
            company_name: row.company_name,
            email: row.email,
            phone_display: row.phone.as_deref().map(display_phone),
            phone: row.phone,
            city: row.city,
            status: status(row.first_invoiced, last_activity_at, now),
            tags: row.tags.0,
            owner: owner(row.owner_id, row.owner_name),
            created_at: row.created_at.to_jiff(),
            last_activity_at,
            archived: row.archived,
            custom: row.custom.0,
        }
    }
}

/// A phone as stored and as read.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PhoneOut {
    /// E.164
    phone: String,
    display: String,
    label: Option<String>,
}

/// A contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Contact)]
pub struct ContactOut {
    id: Uuid,
    kind: String,
    display_name: String,
    civility: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company_name: Option<String>,
    job_title: Option<String>,
    emails: Vec<EmailEntry>,
    phones: Vec<PhoneOut>,
    addresses: Vec<AddressEntry>,
    siren: Option<String>,
    siret: Option<String>,
    vat_number: Option<String>,
    naf: Option<String>,
    /// `B2C`, `B2B_FR`, `B2B_EU`, `B2B_NON_EU`, `B2G`
    customer_kind: String,
    language: String,
    #[schema(value_type = Option<String>, format = Date)]
    birthday: Option<Date>,
    website: Option<String>,
    source: Option<String>,
    description: Option<String>,
    /// Values of the tenant's own fields by key, as `/custom-fields` describes them.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    custom: Map<String, Value>,
    owner: Option<MemberRef>,
    tags: Vec<TagRef>,
    /// Companies that the person belongs to; at most 200.
    companies: Vec<LinkRef>,
    /// People who belong to the company; at most 200.
    people: Vec<LinkRef>,
    /// `prospect`, `client`, `dormant`
    status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
    /// True: the person was erased (GD-03); nothing is known of them any more.
    erased: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_activity_at: Timestamp,
    version: i32,
}

impl ContactOut {
    fn new(row: DetailRow, now: Timestamp) -> Self {
        let last_activity_at = row.last_activity_at.to_jiff();
        let phones =
            row.phones.0.into_iter().map(|entry| PhoneOut { display: display_phone(&entry.phone), phone: entry.phone, label: entry.label });
        Self {
            id: row.id,
            kind: row.kind,
            display_name: row.display_name,
            civility: row.civility,
            first_name: row.first_name,
            last_name: row.last_name,
            company_name: row.company_name,
            job_title: row.job_title,
            emails: row.emails.0,
            phones: phones.collect(),
            addresses: row.addresses.0,
            siren: row.siren,
            siret: row.siret,
            vat_number: row.vat_number,
            naf: row.naf,
            customer_kind: row.customer_kind,
            language: row.language,
            birthday: row.birthday.map(jiff_sqlx::Date::to_jiff),
            website: row.website,
            source: row.source,
            description: row.description,
            custom: row.custom.0,
            owner: owner(row.owner_id, row.owner_name),
            tags: row.tags.0,
            companies: row.companies.0,
            people: row.people.0,
            status: status(row.first_invoiced, last_activity_at, now),
            archived_at: row.archived_at.map(jiff_sqlx::Timestamp::to_jiff),
            erased: row.erased,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            last_activity_at,
            version: row.version,
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct PageQuery {
    /// `name`, `created`, `activity`, `city`, or `custom.<key>` of an indexed field; with `-` in front, descending. `name` by default.
    sort: Option<String>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
    /// Keys of custom fields to show, separated by commas; at most ten.
    custom: Option<String>,
}

/// Contacts, page by page.
#[utoipa::path(get, path = "/contacts", operation_id = "list_contacts", tag = "contacts", params(ContactFilter, PageQuery),
    responses((status = 200, body = Page<ContactRow>), (status = 422)), security(("session" = ["contacts.read"])))]
async fn list_contacts(
    auth: Authorized<ContactsRead>,
    Query(filter): Query<ContactFilter>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Page<ContactRow>>> {
    let limit = page_limit(page.limit, 50);
    let after = cursor(page.cursor.as_deref())?;
    let mut tx = auth.read().await?;
    let now = tx.now();
    let mut conditions = filter.conditions(&mut tx, "?").await?;
    let sort = sort::sort(&mut tx, RecordObject::Contact, filter::SORTS, page.sort.as_deref(), &mut conditions, after.as_ref()).await?;
    let rows = store::page(&mut tx, conditions, sort, after, limit, &sort::shown(page.custom.as_deref())).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor { key: row.sort_key.clone(), id: row.id }).map(|row| ContactRow::new(row, now))))
}

/// How many contacts match, up to a bound.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ContactCount {
    pub(crate) count: i64,
    /// True: there are more than `count`.
    pub(crate) capped: bool,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct CountQuery {
    /// How far to count, at most 1,000,000; 10,000 by default.
    up_to: Option<i32>,
}

/// Counts contacts.
#[utoipa::path(get, path = "/contacts/count", operation_id = "count_contacts", tag = "contacts", params(ContactFilter, CountQuery),
    responses((status = 200, body = ContactCount), (status = 422)), security(("session" = ["contacts.read"])))]
async fn count_contacts(
    auth: Authorized<ContactsRead>,
    Query(filter): Query<ContactFilter>,
    Query(query): Query<CountQuery>,
) -> ApiResult<Json<ContactCount>> {
    let mut tx = auth.read().await?;
    let conditions = filter.conditions(&mut tx, "?").await?;
    Ok(Json(count(&mut tx, conditions, query.up_to).await?))
}

/// Counts what meets the conditions, up to a bound.
pub(crate) async fn count(tx: &mut Tx, conditions: Map<String, Value>, up_to: Option<i32>) -> sqlx::Result<ContactCount> {
    let cap = up_to.unwrap_or(COUNT_CAP).clamp(1, MAX_COUNT);
    let count = store::count(tx, conditions, cap + 1).await?;
    Ok(ContactCount { count: count.min(i64::from(cap)), capped: count > i64::from(cap) })
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct LookalikeQuery {
    email: Option<String>,
    phone: Option<String>,
    siren: Option<String>,
    /// A contact to leave out: the one being edited.
    exclude: Option<Uuid>,
}

/// At most five contacts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LookalikeList {
    items: Vec<ContactRow>,
}

/// Contacts that share an e-mail, a phone or a SIREN, to warn while somebody types.
#[utoipa::path(get, path = "/contacts/lookalikes", operation_id = "list_lookalikes", tag = "contacts", params(LookalikeQuery),
    responses((status = 200, body = LookalikeList)), security(("session" = ["contacts.read"])))]
async fn list_lookalikes(auth: Authorized<ContactsRead>, Query(query): Query<LookalikeQuery>) -> ApiResult<Json<LookalikeList>> {
    let keys = [
        ("e", query.email.map(|email| email.trim().to_lowercase())),
        ("p", query.phone.as_deref().and_then(Phone::parse).map(|phone| phone.as_str().to_owned())),
        ("s", query.siren.as_deref().and_then(|siren| siren.parse::<Siren>().ok()).map(|siren| siren.to_string())),
    ];
    let (kinds, values): (Vec<&str>, Vec<String>) =
        keys.into_iter().filter_map(|(kind, value)| Some((kind, value.filter(|value| !value.is_empty())?))).unzip();
    let mut tx = auth.read().await?;
    let now = tx.now();
    let mut ids: Vec<Uuid> =
        store::by_keys(&mut tx, &kinds, &values).await?.into_iter().map(|(_, _, id)| id).filter(|id| Some(*id) != query.exclude).collect();
    ids.dedup();
    ids.truncate(5);
    if ids.is_empty() {
        return Ok(Json(LookalikeList { items: Vec::new() }));
    }
    let conditions = super::filter::Selection::Ids { ids }.conditions(&mut tx).await?;
    let rows = store::page(&mut tx, conditions, "name", None, 5, &[]).await?;
    Ok(Json(LookalikeList { items: rows.into_iter().map(|row| ContactRow::new(row, now)).collect() }))
}

/// Creates a contact.
#[utoipa::path(post, path = "/contacts", operation_id = "create_contact", tag = "contacts", request_body = ContactIn,
    responses((status = 201, body = ContactOut), (status = 422)), security(("session" = ["contacts.write"])))]
async fn create_contact(auth: Authorized<ContactsWrite>, Json(input): Json<ContactIn>) -> ApiResult<Created<ContactOut>> {
    let mut tx = auth.begin().await?;
    let now = tx.now();
    let row = ops::create(&mut tx, input).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/contacts/{}", row.id), ContactOut::new(row, now)))
}

/// One contact.
#[utoipa::path(get, path = "/contacts/{id}", operation_id = "get_contact", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContactOut), (status = 404)), security(("session" = ["contacts.read"])))]
async fn get_contact(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<ContactOut>> {
    let mut tx = auth.read().await?;
    let row = ops::get(&mut tx, id).await?;
    Ok(Versioned(row.version, ContactOut::new(row, tx.now())))
}

/// Changes a contact.
#[utoipa::path(patch, path = "/contacts/{id}", operation_id = "update_contact", tag = "contacts", request_body = ContactIn,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ContactOut), (status = 404), (status = 409), (status = 412), (status = 422)), security(("session" = ["contacts.write"])))]
async fn update_contact(
    auth: Authorized<ContactsWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<ContactIn>,
) -> ApiResult<Versioned<ContactOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let now = tx.now();
    let row = ops::update(&mut tx, id, expected, input).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, ContactOut::new(row, now)))
}

/// Deletes an archived contact for good.
#[utoipa::path(delete, path = "/contacts/{id}", operation_id = "delete_contact", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["contacts.delete"])))]
async fn delete_contact(auth: Authorized<ContactsDelete>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Archives a contact.
#[utoipa::path(post, path = "/contacts/{id}/archive", operation_id = "archive_contact", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContactOut), (status = 404)), security(("session" = ["contacts.write"])))]
async fn archive_contact(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<ContactOut>> {
    let mut tx = auth.begin().await?;
    let now = tx.now();
    let row = ops::archive(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, ContactOut::new(row, now)))
}

/// Restores an archived contact.
#[utoipa::path(post, path = "/contacts/{id}/restore", operation_id = "restore_contact", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContactOut), (status = 404)), security(("session" = ["contacts.write"])))]
async fn restore_contact(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<ContactOut>> {
    let mut tx = auth.begin().await?;
    let now = tx.now();
    let row = ops::restore(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, ContactOut::new(row, now)))
}

/// What a person is in a company.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct LinkIn {
    role: Option<String>,
}

/// Links a person to a company.
#[utoipa::path(put, path = "/contacts/{id}/companies/{company_id}", operation_id = "link_company", tag = "contacts", request_body = LinkIn,
    params(("id" = Uuid, Path), ("company_id" = Uuid, Path)),
    responses((status = 200, body = ContactOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["contacts.write"])))]
async fn link_company(
    auth: Authorized<ContactsWrite>,
    Path((id, company)): Path<(Uuid, Uuid)>,
    Json(input): Json<LinkIn>,
) -> ApiResult<Versioned<ContactOut>> {
    let mut tx = auth.begin().await?;
    let now = tx.now();
    links::link(&mut tx, id, company, input.role.as_deref()).await?;
    let row = ops::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, ContactOut::new(row, now)))
}

/// Unlinks a person from a company.
#[utoipa::path(delete, path = "/contacts/{id}/companies/{company_id}", operation_id = "unlink_company", tag = "contacts",
    params(("id" = Uuid, Path), ("company_id" = Uuid, Path)),
    responses((status = 200, body = ContactOut), (status = 404)), security(("session" = ["contacts.write"])))]
async fn unlink_company(auth: Authorized<ContactsWrite>, Path((id, company)): Path<(Uuid, Uuid)>) -> ApiResult<Versioned<ContactOut>> {
    let mut tx = auth.begin().await?;
    let now = tx.now();
    links::unlink(&mut tx, id, company).await?;
    let row = ops::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, ContactOut::new(row, now)))
}
