//! What accumulates around an entity: owners, readings, events. Nothing here names a previous owner (GA-14).

use super::http::{EntityOut, EntityOwnerRef, versioned};
use super::{ops, store};
use crate::timeline::{Row as TimelineRow, TimelineItem};
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page, Patch, Problem};
use vision_platform::http::{Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_entity_owners))
        .routes(routes!(change_entity_owner))
        .routes(routes!(list_entity_readings, add_entity_reading))
        .routes(routes!(get_entity_timeline))
}

/// A span of ownership.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntityOwnership {
    id: Uuid,
    #[schema(value_type = String, format = Date)]
    since: Date,
    /// Null for the present owner.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Null for previous owners: their name does not follow the thing (GA-14).
    contact: Option<EntityOwnerRef>,
}

/// At most 100.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntityOwnershipList {
    items: Vec<EntityOwnership>,
}

/// Who has owned an entity, from when until when; only the present owner is named.
#[utoipa::path(get, path = "/entities/{id}/owners", operation_id = "list_entity_owners", tag = "entities", params(("id" = Uuid, Path)),
    responses((status = 200, body = EntityOwnershipList), (status = 404)), security(("session" = ["contacts.read"])))]
async fn list_entity_owners(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Json<EntityOwnershipList>> {
    let mut tx = auth.read().await?;
    ops::get(&mut tx, id).await?;
    let items = store::owners(&mut tx, id).await?.into_iter().map(|row| EntityOwnership {
        id: row.id,
        since: row.since.to_jiff(),
        until: row.until.map(jiff_sqlx::Date::to_jiff),
        contact: row.until.is_none().then_some(EntityOwnerRef { id: row.contact_id, name: row.contact_name }),
    });
    Ok(Json(EntityOwnershipList { items: items.collect() }))
}

/// Who owns it from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EntityOwnerIn {
    /// A contact; null for nobody.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>, required)]
    contact_id: Patch<Uuid>,
    /// The day of the change; today by default.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    on: Option<Date>,
}

/// Changes the owner; the history stays with the thing, the previous owner's name does not.
#[utoipa::path(post, path = "/entities/{id}/owner", operation_id = "change_entity_owner", tag = "entities", request_body = EntityOwnerIn,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = EntityOut), (status = 404), (status = 409), (status = 412), (status = 422)),
    security(("session" = ["contacts.write"])))]
async fn change_entity_owner(
    auth: Authorized<ContactsWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<EntityOwnerIn>,
) -> ApiResult<Versioned<EntityOut>> {
    let expected = expected_version(&headers)?;
    let contact = match input.contact_id {
        Patch::Keep => return Err(Problem::field("/contact_id", "required", "Indiquez le nouveau propriétaire, ou null.").into()),
        Patch::Clear => None,
        Patch::Set(contact) => Some(contact),
    };
    let mut tx = auth.begin().await?;
    let row = ops::change_owner(&mut tx, id, expected, contact, input.on).await?;
    tx.commit().await?;
    Ok(versioned(row))
}

/// A reading of the odometer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MileageReading {
    id: Uuid,
    #[schema(value_type = String, format = Date)]
    on: Date,
    /// In km.
    value: i32,
    /// Why it contradicts the others (GA-10); null when it does not.
    reason: Option<String>,
    author: String,
}

/// At most 500, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MileageReadingList {
    items: Vec<MileageReading>,
}

/// Readings of the odometer, newest first.
#[utoipa::path(get, path = "/entities/{id}/readings", operation_id = "list_entity_readings", tag = "entities", params(("id" = Uuid, Path)),
    responses((status = 200, body = MileageReadingList), (status = 404)), security(("session" = ["contacts.read"])))]
async fn list_entity_readings(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Json<MileageReadingList>> {
    let mut tx = auth.read().await?;
    ops::get(&mut tx, id).await?;
    let items = store::readings(&mut tx, id).await?.into_iter().map(|row| MileageReading {
        id: row.id,
        on: row.read_on.to_jiff(),
        value: row.value,
        reason: row.reason,
        author: row.author_name,
    });
    Ok(Json(MileageReadingList { items: items.collect() }))
}

/// A reading.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MileageReadingIn {
    /// In km.
    value: i64,
    /// The day; today by default.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// Needed when the value contradicts an earlier or a later reading (GA-10).
    #[serde(default)]
    reason: Option<String>,
}

/// Adds a reading; one that makes the mileage fall needs a reason.
#[utoipa::path(post, path = "/entities/{id}/readings", operation_id = "add_entity_reading", tag = "entities", request_body = MileageReadingIn,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = EntityOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["contacts.write"])))]
async fn add_entity_reading(
    auth: Authorized<ContactsWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<MileageReadingIn>,
) -> ApiResult<Versioned<EntityOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::read_mileage(&mut tx, id, input.value, input.on, input.reason.as_deref()).await?;
    tx.commit().await?;
    Ok(versioned(row))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct TimelineQuery {
    /// 1 to 100; default 30.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The history of an entity, newest first; it follows the thing and names no owner.
#[utoipa::path(get, path = "/entities/{id}/timeline", operation_id = "get_entity_timeline", tag = "entities",
    params(("id" = Uuid, Path), TimelineQuery), responses((status = 200, body = Page<TimelineItem>), (status = 404)),
    security(("session" = ["contacts.read"])))]
async fn get_entity_timeline(
    auth: Authorized<ContactsRead>,
    Path(id): Path<Uuid>,
    Query(query): Query<TimelineQuery>,
) -> ApiResult<Json<Page<TimelineItem>>> {
    let limit = page_limit(query.limit, 30);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    ops::get(&mut tx, id).await?;
    let tenant = tx.tenant();
    let rows: Vec<TimelineRow> = sqlx::query_as(
        "SELECT id, at, actor_kind, actor_id, actor_name, kind, NULL::uuid AS contact_id, NULL::text AS contact_name, changes, data FROM entity_events
         WHERE tenant_id = $1 AND entity_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
    )
    .bind(tenant)
    .bind(id)
    .bind(after)
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(TimelineItem::from)))
}
