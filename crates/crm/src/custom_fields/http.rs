//! Routes of custom fields.

use super::index;
use super::jobs;
use super::model::{FieldKind, FieldOption, RecordObject};
use super::ops::{self, FieldChange, NewField};
use super::store::{self, FieldRow};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Patch, Problem};
use vision_platform::background::{self, JobOut};
use vision_platform::http::{Created, Json, Versioned, expected_version};
use vision_platform::permits::{CompanyManage, ContactsRead};
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_custom_fields, create_custom_field))
        .routes(routes!(reorder_custom_fields))
        .routes(routes!(update_custom_field, delete_custom_field))
        .routes(routes!(preview_custom_field_change))
        .routes(routes!(convert_custom_field))
        .routes(routes!(index_custom_field, unindex_custom_field))
}

/// A field that the tenant added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CustomField)]
pub struct CustomFieldOut {
    id: Uuid,
    object: RecordObject,
    /// `all`; of contacts `person` or `company`; of entities a built-in kind or the id of one of the tenant's own.
    applies_to: String,
    /// The name of its value in a record's `custom`; never changes.
    key: String,
    label: String,
    kind: FieldKind,
    /// Of choices.
    options: Vec<FieldOption>,
    required: bool,
    /// What a new record has unless something else is sent.
    default_value: Option<Value>,
    help: Option<String>,
    group_name: Option<String>,
    index: FieldIndex,
    version: i32,
}

/// Whether lists can be sorted by the field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldIndex {
    /// `unavailable` for the kinds without an order, `none`, `building`, `ready`, `dropping`
    state: String,
    /// While it is being built: how many records are done, of how many.
    done: i64,
    total: i64,
}

impl From<FieldRow> for CustomFieldOut {
    fn from(row: FieldRow) -> Self {
        Self {
            id: row.id,
            kind: FieldKind::from_stored(&row.kind),
            object: row.object(),
            applies_to: row.applies_to,
            key: row.key,
            label: row.label,
            options: row.options.0,
            required: row.required,
            default_value: row.default_value,
            help: row.help,
            group_name: row.group_name,
            index: FieldIndex {
                state: if FieldKind::from_stored(&row.kind).is_sortable() { row.index_state } else { "unavailable".to_owned() },
                done: 0,
                total: 0,
            },
            version: row.version,
        }
    }
}

/// Fields in their order; at most a hundred per object.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomFieldList {
    items: Vec<CustomFieldOut>,
}

/// A new field.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CustomFieldIn {
    /// `contact` by default.
    #[serde(default)]
    object: RecordObject,
    /// `all` by default; of contacts `person` or `company`; of entities a built-in kind or the id of one of the tenant's own.
    applies_to: Option<String>,
    /// 1 to 60 characters; no name of a built-in field.
    label: String,
    kind: FieldKind,
    /// Of choices: 1 to 200.
    #[serde(default)]
    options: Vec<FieldOption>,
    #[serde(default)]
    required: bool,
    default_value: Option<Value>,
    help: Option<String>,
    group_name: Option<String>,
}

/// A change of a field. Absent keeps, null clears. An option keeps its values as long as it keeps its key.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CustomFieldPatch {
    applies_to: Option<String>,
    label: Option<String>,
    options: Option<Vec<FieldOption>>,
    required: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<Value>)]
    default_value: Patch<Value>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    help: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    group_name: Patch<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct FieldsQuery {
    /// All objects by default.
    #[param(inline)]
    object: Option<RecordObject>,
}

/// The fields that the tenant added.
#[utoipa::path(get, path = "/custom-fields", operation_id = "list_custom_fields", tag = "contacts", params(FieldsQuery),
    responses((status = 200, body = CustomFieldList)), security(("session" = ["contacts.read"])))]
async fn list_custom_fields(auth: Authorized<ContactsRead>, Query(query): Query<FieldsQuery>) -> ApiResult<Json<CustomFieldList>> {
    let mut tx = auth.read().await?;
    let rows = store::list(&mut tx, query.object).await?;
    let busy: Vec<Uuid> = rows.iter().filter(|row| row.index_state == "building").filter_map(|row| row.index_job).collect();
    let progress = if busy.is_empty() { Vec::new() } else { store::progress(&mut tx, &busy).await? };
    let shown = |row: FieldRow| {
        let at = progress.iter().find(|(job, ..)| Some(*job) == row.index_job).copied();
        let mut out = CustomFieldOut::from(row);
        if let Some((_, done, total)) = at {
            (out.index.done, out.index.total) = (done, total);
        }
        out
    };
    Ok(Json(CustomFieldList { items: rows.into_iter().map(shown).collect() }))
}

/// Adds a field.
#[utoipa::path(post, path = "/custom-fields", operation_id = "create_custom_field", tag = "contacts", request_body = CustomFieldIn,
    responses((status = 201, body = CustomFieldOut), (status = 409), (status = 422)), security(("session" = ["company.manage"])))]
async fn create_custom_field(auth: Authorized<CompanyManage>, Json(input): Json<CustomFieldIn>) -> ApiResult<Created<CustomFieldOut>> {
    let mut tx = auth.begin().await?;
    let new = NewField {
        object: input.object,
        applies_to: input.applies_to,
        label: input.label,
        kind: input.kind,
        options: input.options,
        required: input.required,
        default_value: input.default_value,
        help: input.help,
        group_name: input.group_name,
    };
    let row = ops::create(&mut tx, new, auth.app.config.hds_hosting).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/custom-fields/{}", row.id), row.into()))
}

/// An order of fields.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct FieldOrder {
    object: RecordObject,
    /// Every field of the object, once.
    ids: Vec<Uuid>,
}

/// Puts fields into a new order.
#[utoipa::path(put, path = "/custom-fields/order", operation_id = "reorder_custom_fields", tag = "contacts", request_body = FieldOrder,
    responses((status = 204), (status = 409)), security(("session" = ["company.manage"])))]
async fn reorder_custom_fields(auth: Authorized<CompanyManage>, Json(input): Json<FieldOrder>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::reorder(&mut tx, input.object, &input.ids).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes a field, but for its kind.
#[utoipa::path(patch, path = "/custom-fields/{id}", operation_id = "update_custom_field", tag = "contacts", request_body = CustomFieldPatch,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CustomFieldOut), (status = 404), (status = 412), (status = 422)), security(("session" = ["company.manage"])))]
async fn update_custom_field(
    auth: Authorized<CompanyManage>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<CustomFieldPatch>,
) -> ApiResult<Versioned<CustomFieldOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let change = FieldChange {
        applies_to: input.applies_to,
        label: input.label,
        options: input.options,
        required: input.required,
        default_value: input.default_value,
        help: input.help,
        group_name: input.group_name,
    };
    let row = ops::update(&mut tx, id, expected, change, auth.app.config.hds_hosting).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// Deletes a field and all its values; see the preview first.
#[utoipa::path(delete, path = "/custom-fields/{id}", operation_id = "delete_custom_field", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["company.manage"])))]
async fn delete_custom_field(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Another kind for a field.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ConversionIn {
    /// Absent: deletion.
    kind: Option<FieldKind>,
    /// Of choices.
    #[serde(default)]
    options: Vec<FieldOption>,
}

/// A value that would be lost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LostValue {
    /// The contact or the entity.
    record_id: Uuid,
    record_name: String,
    value: String,
}

/// What a change would cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldImpact {
    /// Records that have a value.
    with_value: i64,
    /// Records that would lose it.
    lost: i64,
    /// At most five of them.
    examples: Vec<LostValue>,
}

/// What deleting a field, or giving it another kind, would cost. Changes nothing.
#[utoipa::path(post, path = "/custom-fields/{id}/preview", operation_id = "preview_custom_field_change", tag = "contacts", request_body = ConversionIn,
    params(("id" = Uuid, Path)), responses((status = 200, body = FieldImpact), (status = 404), (status = 422)), security(("session" = ["company.manage"])))]
async fn preview_custom_field_change(
    auth: Authorized<CompanyManage>,
    Path(id): Path<Uuid>,
    Json(input): Json<ConversionIn>,
) -> ApiResult<Json<FieldImpact>> {
    let mut tx = auth.read().await?;
    let row = ops::get(&mut tx, id, false).await?;
    let to = input.kind.map(|kind| ops::converted(kind, input.options)).transpose()?;
    let impact = ops::impact(&mut tx, &row, to.as_ref()).await?;
    let examples = impact.examples.into_iter().map(|(record_id, record_name, value)| LostValue { record_id, record_name, value });
    Ok(Json(FieldImpact { with_value: impact.with_value, lost: impact.lost, examples: examples.collect() }))
}

/// Gives a field another kind; its values are converted by a job, and those that cannot be are lost.
#[utoipa::path(post, path = "/custom-fields/{id}/convert", operation_id = "convert_custom_field", tag = "contacts", request_body = ConversionIn,
    params(("id" = Uuid, Path)), responses((status = 202, body = JobOut), (status = 404), (status = 422)), security(("session" = ["company.manage"])))]
async fn convert_custom_field(
    auth: Authorized<CompanyManage>,
    Path(id): Path<Uuid>,
    Json(input): Json<ConversionIn>,
) -> ApiResult<Response> {
    let kind = input.kind.ok_or_else(|| Problem::field("/kind", "required", "Choisissez un type."))?;
    let to = ops::converted(kind, input.options)?;
    let mut tx = auth.begin().await?;
    let job = jobs::start_conversion(&mut tx, id, to).await?;
    tx.commit().await?;
    Ok(background::accepted(job))
}

/// Makes lists sortable by a field; its values are copied by a job while people go on working.
#[utoipa::path(post, path = "/custom-fields/{id}/index", operation_id = "index_custom_field", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 202, body = JobOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["company.manage"])))]
async fn index_custom_field(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    let job = index::start(&mut tx, id).await?;
    tx.commit().await?;
    Ok(background::accepted(job))
}

/// Gives the index of a field up; its values stay.
#[utoipa::path(delete, path = "/custom-fields/{id}/index", operation_id = "unindex_custom_field", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["company.manage"])))]
async fn unindex_custom_field(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    index::give_up(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
