//! Routes of entities.

use super::filter::{self, EntityFilter};
use super::model::{Energy, EntityIn, EntityKind, Warning, WarningCode};
use super::ops;
use super::store::{self, Row, Shown};
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
use vision_kernel::{Cursor, Page};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{ContactsDelete, ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized, Tx};

/// Above this a count is only "more than", unless more is asked for.
const COUNT_CAP: i32 = 10_000;
/// Most that is ever counted.
const MAX_COUNT: i32 = 1_000_000;

/// Routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_entities, create_entity))
        .routes(routes!(count_entities))
        .routes(routes!(get_entity, update_entity, delete_entity))
        .routes(routes!(archive_entity))
        .routes(routes!(restore_entity))
}

/// The contact that owns an entity.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EntityOwnerRef {
    pub(super) id: Uuid,
    pub(super) name: String,
}

/// An entity in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntityRow {
    id: Uuid,
    kind: EntityKind,
    /// Name of the tenant's own kind.
    kind_name: Option<String>,
    display_name: String,
    plate: Option<String>,
    vin: Option<String>,
    make: Option<String>,
    model: Option<String>,
    energy: Option<Energy>,
    /// In km.
    mileage: Option<i32>,
    #[schema(value_type = Option<String>, format = Date)]
    first_registration: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    inspection_due: Option<Date>,
    serial_number: Option<String>,
    /// Values of the fields that `custom` asked for.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    custom: Map<String, Value>,
    /// The owner.
    contact: Option<EntityOwnerRef>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    archived: bool,
}

fn owner(row: &Row) -> Option<EntityOwnerRef> {
    Some(EntityOwnerRef { id: row.contact_id?, name: row.contact_name.clone().unwrap_or_default() })
}

impl From<Row> for EntityRow {
    fn from(row: Row) -> Self {
        let draft = row.draft();
        Self {
            id: row.id,
            kind: draft.kind,
            contact: owner(&row),
            kind_name: row.kind_name,
            display_name: row.display_name,
            plate: draft.plate,
            vin: draft.vin,
            make: draft.make,
            model: draft.model,
            energy: draft.energy,
            mileage: row.mileage,
            first_registration: draft.first_registration,
            inspection_due: draft.inspection_due,
            serial_number: draft.serial_number,
            custom: draft.custom,
            updated_at: row.updated_at.to_jiff(),
            archived: row.archived_at.is_some(),
        }
    }
}

/// An entity.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Entity)]
pub struct EntityOut {
    id: Uuid,
    kind: EntityKind,
    kind_id: Option<Uuid>,
    /// Name of the tenant's own kind.
    kind_name: Option<String>,
    display_name: String,
    name: Option<String>,
    /// Such as `AB-123-CD` (GA-01).
    plate: Option<String>,
    /// ISO 3166 of the plate.
    plate_country: Option<String>,
    vin: Option<String>,
    make: Option<String>,
    model: Option<String>,
    energy: Option<Energy>,
    /// The latest reading, in km.
    mileage: Option<i32>,
    /// Day of the latest reading.
    #[schema(value_type = Option<String>, format = Date)]
    mileage_on: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    first_registration: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    inspection_due: Option<Date>,
    serial_number: Option<String>,
    species: Option<String>,
    breed: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Date>,
    address: Option<String>,
    description: Option<String>,
    /// Values of the tenant's own fields by key, as `/custom-fields` describes them.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    custom: Map<String, Value>,
    /// The present owner.
    contact: Option<EntityOwnerRef>,
    /// Since when.
    #[schema(value_type = Option<String>, format = Date)]
    owned_since: Option<Date>,
    /// What deserves a second look without being wrong.
    warnings: Vec<Warning>,
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i32,
}

impl From<Row> for EntityOut {
    fn from(row: Row) -> Self {
        let draft = row.draft();
        let mut warnings = draft.warnings();
        warnings.extend(row.same_plate.then_some(Warning { field: "plate", code: WarningCode::SamePlate }));
        warnings.extend(row.same_vin.then_some(Warning { field: "vin", code: WarningCode::SameVin }));
        Self {
            id: row.id,
            kind: draft.kind,
            kind_id: draft.kind_id,
            contact: owner(&row),
            kind_name: row.kind_name,
            display_name: row.display_name,
            name: draft.name,
            plate: draft.plate,
            plate_country: draft.plate_country,
            vin: draft.vin,
            make: draft.make,
            model: draft.model,
            energy: draft.energy,
            mileage: row.mileage,
            mileage_on: row.mileage_on.map(jiff_sqlx::Date::to_jiff),
            first_registration: draft.first_registration,
            inspection_due: draft.inspection_due,
            serial_number: draft.serial_number,
            species: draft.species,
            breed: draft.breed,
            birth_date: draft.birth_date,
            address: draft.address,
            description: draft.description,
            custom: draft.custom,
            owned_since: row.owned_since.map(jiff_sqlx::Date::to_jiff),
            warnings,
            archived_at: row.archived_at.map(jiff_sqlx::Timestamp::to_jiff),
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        }
    }
}

pub(super) fn versioned(row: Row) -> Versioned<EntityOut> {
    Versioned(row.version, EntityOut::from(row))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct PageQuery {
    /// `name`, `plate`, `inspection`, `updated`, `created`, or `custom.<key>` of an indexed field; with `-` in front, descending. `name` by default.
    sort: Option<String>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
    /// Keys of custom fields to show, separated by commas; at most ten.
    custom: Option<String>,
}

/// Entities, page by page.
#[utoipa::path(get, path = "/entities", operation_id = "list_entities", tag = "entities", params(EntityFilter, PageQuery),
    responses((status = 200, body = Page<EntityRow>), (status = 422)), security(("session" = ["contacts.read"])))]
async fn list_entities(
    auth: Authorized<ContactsRead>,
    Query(wanted): Query<EntityFilter>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Page<EntityRow>>> {
    let limit = page_limit(page.limit, 50);
    let after = cursor(page.cursor.as_deref())?;
    let mut tx = auth.read().await?;
    let mut conditions = wanted.conditions(&mut tx, "?").await?;
    let sort = sort::sort(&mut tx, RecordObject::Entity, filter::SORTS, page.sort.as_deref(), &mut conditions, after.as_ref()).await?;
    let shown = sort::shown(page.custom.as_deref());
    let rows = store::page(&mut tx, conditions, sort, after, limit, Shown::Keys(&shown)).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor { key: row.sort_key.clone(), id: row.id }).map(EntityRow::from)))
}

/// How many entities match, up to a bound.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntityCount {
    count: i64,
    /// True: there are more than `count`.
    capped: bool,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct CountQuery {
    /// How far to count, at most 1,000,000; 10,000 by default.
    up_to: Option<i32>,
}

/// Counts what meets the conditions, up to a bound: how many, and whether there are more.
pub(crate) async fn count(tx: &mut Tx, conditions: Map<String, Value>, up_to: Option<i32>) -> sqlx::Result<(i64, bool)> {
    let cap = up_to.unwrap_or(COUNT_CAP).clamp(1, MAX_COUNT);
    let count = store::count(tx, conditions, cap + 1).await?;
    Ok((count.min(i64::from(cap)), count > i64::from(cap)))
}

/// Counts entities.
#[utoipa::path(get, path = "/entities/count", operation_id = "count_entities", tag = "entities", params(EntityFilter, CountQuery),
    responses((status = 200, body = EntityCount), (status = 422)), security(("session" = ["contacts.read"])))]
async fn count_entities(
    auth: Authorized<ContactsRead>,
    Query(wanted): Query<EntityFilter>,
    Query(query): Query<CountQuery>,
) -> ApiResult<Json<EntityCount>> {
    let mut tx = auth.read().await?;
    let conditions = wanted.conditions(&mut tx, "?").await?;
    let (count, capped) = count(&mut tx, conditions, query.up_to).await?;
    Ok(Json(EntityCount { count, capped }))
}

/// Creates an entity.
#[utoipa::path(post, path = "/entities", operation_id = "create_entity", tag = "entities", request_body = EntityIn,
    responses((status = 201, body = EntityOut), (status = 422)), security(("session" = ["contacts.write"])))]
async fn create_entity(auth: Authorized<ContactsWrite>, Json(input): Json<EntityIn>) -> ApiResult<Created<EntityOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::create(&mut tx, input, auth.app.config.hds_hosting).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/entities/{}", row.id), EntityOut::from(row)))
}

/// One entity.
#[utoipa::path(get, path = "/entities/{id}", operation_id = "get_entity", tag = "entities", params(("id" = Uuid, Path)),
    responses((status = 200, body = EntityOut), (status = 404)), security(("session" = ["contacts.read"])))]
async fn get_entity(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<EntityOut>> {
    let mut tx = auth.read().await?;
    Ok(versioned(ops::get(&mut tx, id).await?))
}

/// Changes an entity's facts.
#[utoipa::path(patch, path = "/entities/{id}", operation_id = "update_entity", tag = "entities", request_body = EntityIn,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = EntityOut), (status = 404), (status = 409), (status = 412), (status = 422)),
    security(("session" = ["contacts.write"])))]
async fn update_entity(
    auth: Authorized<ContactsWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<EntityIn>,
) -> ApiResult<Versioned<EntityOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let row = ops::update(&mut tx, id, expected, input).await?;
    tx.commit().await?;
    Ok(versioned(row))
}

/// Deletes an archived entity for good, with its readings and its history.
#[utoipa::path(delete, path = "/entities/{id}", operation_id = "delete_entity", tag = "entities", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["contacts.delete"])))]
async fn delete_entity(auth: Authorized<ContactsDelete>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Archives an entity.
#[utoipa::path(post, path = "/entities/{id}/archive", operation_id = "archive_entity", tag = "entities", params(("id" = Uuid, Path)),
    responses((status = 200, body = EntityOut), (status = 404)), security(("session" = ["contacts.write"])))]
async fn archive_entity(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<EntityOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::set_archived(&mut tx, id, true).await?;
    tx.commit().await?;
    Ok(versioned(row))
}

/// Restores an archived entity.
#[utoipa::path(post, path = "/entities/{id}/restore", operation_id = "restore_entity", tag = "entities", params(("id" = Uuid, Path)),
    responses((status = 200, body = EntityOut), (status = 404)), security(("session" = ["contacts.write"])))]
async fn restore_entity(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<EntityOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::set_archived(&mut tx, id, false).await?;
    tx.commit().await?;
    Ok(versioned(row))
}
