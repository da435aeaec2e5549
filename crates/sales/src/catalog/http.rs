//! Routes of the catalogue.

use super::model::{CatalogItemIn, ItemCategory, ItemKind, VatClass};
use super::ops;
use super::store::{self, ComponentRow, Row, Wanted};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page, text};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{CatalogRead, CatalogWrite};
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_catalog_items, create_catalog_item))
        .routes(routes!(get_catalog_item, update_catalog_item, delete_catalog_item))
        .routes(routes!(archive_catalog_item))
        .routes(routes!(restore_catalog_item))
}

/// An item of the catalogue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CatalogItem)]
pub struct CatalogItemOut {
    id: Uuid,
    kind: ItemKind,
    reference: Option<String>,
    name: String,
    description: Option<String>,
    category: ItemCategory,
    /// UN/ECE recommendation 20.
    unit: String,
    /// Euros.
    #[schema(value_type = String)]
    price: Decimal,
    price_includes_vat: bool,
    vat_class: VatClass,
    /// Euros, without VAT.
    #[schema(value_type = Option<String>)]
    cost: Option<Decimal>,
    supplier: Option<String>,
    supplier_reference: Option<String>,
    barcode: Option<String>,
    stocked: bool,
    /// What a package is made of.
    components: Vec<ComponentRow>,
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i32,
}

impl From<Row> for CatalogItemOut {
    fn from(row: Row) -> Self {
        let draft = row.draft();
        Self {
            id: row.id,
            kind: draft.kind,
            reference: draft.reference,
            name: draft.name,
            description: draft.description,
            category: draft.category,
            unit: draft.unit,
            price: draft.price,
            price_includes_vat: draft.price_includes_vat,
            vat_class: draft.vat_class,
            cost: draft.cost,
            supplier: draft.supplier,
            supplier_reference: draft.supplier_reference,
            barcode: draft.barcode,
            stocked: draft.stocked,
            components: row.components.0,
            archived_at: row.archived_at.map(jiff_sqlx::Timestamp::to_jiff),
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        }
    }
}

fn versioned(row: Row) -> Versioned<CatalogItemOut> {
    Versioned(row.version, row.into())
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// Words of the name, reference, supplier or barcode.
    q: Option<String>,
    /// `product`, `service`, `part`, `package`
    kind: Option<String>,
    /// A category.
    category: Option<String>,
    /// True: only what is archived.
    archived: Option<bool>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Items by name.
#[utoipa::path(get, path = "/catalog-items", operation_id = "list_catalog_items", tag = "catalog", params(ListQuery),
    responses((status = 200, body = Page<CatalogItemOut>), (status = 422)), security(("session" = ["catalog.read"])))]
async fn list_catalog_items(auth: Authorized<CatalogRead>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<CatalogItemOut>>> {
    let (limit, after) = (page_limit(query.limit, 50), cursor(query.cursor.as_deref())?);
    let words = text::fold(query.q.as_deref().unwrap_or_default()).split_whitespace().take(8).map(str::to_owned).collect();
    let wanted = Wanted { words, kind: query.kind, category: query.category, archived: query.archived.unwrap_or(false) };
    let mut tx = auth.read().await?;
    let rows = store::page(&mut tx, &wanted, after, limit).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor { key: row.name.to_lowercase(), id: row.id }).map(CatalogItemOut::from)))
}

/// Creates an item.
#[utoipa::path(post, path = "/catalog-items", operation_id = "create_catalog_item", tag = "catalog", request_body = CatalogItemIn,
    responses((status = 201, body = CatalogItemOut), (status = 422)), security(("session" = ["catalog.write"])))]
async fn create_catalog_item(auth: Authorized<CatalogWrite>, Json(input): Json<CatalogItemIn>) -> ApiResult<Created<CatalogItemOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::create(&mut tx, input).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/catalog-items/{}", row.id), row.into()))
}

/// One item.
#[utoipa::path(get, path = "/catalog-items/{id}", operation_id = "get_catalog_item", tag = "catalog", params(("id" = Uuid, Path)),
    responses((status = 200, body = CatalogItemOut), (status = 404)), security(("session" = ["catalog.read"])))]
async fn get_catalog_item(auth: Authorized<CatalogRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<CatalogItemOut>> {
    let mut tx = auth.read().await?;
    Ok(versioned(ops::get(&mut tx, id).await?))
}

/// Changes an item.
#[utoipa::path(patch, path = "/catalog-items/{id}", operation_id = "update_catalog_item", tag = "catalog", params(("id" = Uuid, Path)),
    request_body = CatalogItemIn, responses((status = 200, body = CatalogItemOut), (status = 404), (status = 412), (status = 422)), security(("session" = ["catalog.write"])))]
async fn update_catalog_item(
    auth: Authorized<CatalogWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<CatalogItemIn>,
) -> ApiResult<Versioned<CatalogItemOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let row = ops::update(&mut tx, id, expected, input).await?;
    tx.commit().await?;
    Ok(versioned(row))
}

/// Deletes an archived item.
#[utoipa::path(delete, path = "/catalog-items/{id}", operation_id = "delete_catalog_item", tag = "catalog", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["catalog.write"])))]
async fn delete_catalog_item(auth: Authorized<CatalogWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an item off the lists.
#[utoipa::path(post, path = "/catalog-items/{id}/archive", operation_id = "archive_catalog_item", tag = "catalog", params(("id" = Uuid, Path)),
    responses((status = 200, body = CatalogItemOut), (status = 404)), security(("session" = ["catalog.write"])))]
async fn archive_catalog_item(auth: Authorized<CatalogWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<CatalogItemOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::set_archived(&mut tx, id, true).await?;
    tx.commit().await?;
    Ok(versioned(row))
}

/// Puts an item back on the lists.
#[utoipa::path(post, path = "/catalog-items/{id}/restore", operation_id = "restore_catalog_item", tag = "catalog", params(("id" = Uuid, Path)),
    responses((status = 200, body = CatalogItemOut), (status = 404)), security(("session" = ["catalog.write"])))]
async fn restore_catalog_item(auth: Authorized<CatalogWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<CatalogItemOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::set_archived(&mut tx, id, false).await?;
    tx.commit().await?;
    Ok(versioned(row))
}
