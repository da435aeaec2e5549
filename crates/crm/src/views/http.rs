//! Routes of views.

use super::filter::ViewFilter;
use super::ops::{self, NewView, ViewChange};
use super::store::ViewRow;
use crate::contacts::http::ContactCount;
use crate::custom_fields::model::RecordObject;
use crate::filters::compile::Broken;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Patch;
use vision_platform::http::{Created, Json, Versioned, expected_version};
use vision_platform::permits::ContactsRead;
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_views, create_view))
        .routes(routes!(get_view, update_view, delete_view))
        .routes(routes!(duplicate_view))
        .routes(routes!(count_view))
        .routes(routes!(set_default_view))
}

/// Who keeps a view.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewOwner {
    id: Uuid,
    name: String,
}

/// Something in a view that does not hold any more. A condition about what is gone is met by nobody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewProblem {
    /// Where: `/filter/tree/all/0`, `/filter/tag`, `/sort`.
    pointer: String,
    /// `field_gone`, `field_changed` (its kind does not suit the comparison any more), `option_gone`, `tag_gone`, `member_gone`, `kind_gone`
    code: &'static str,
}

/// What a list shows, under a name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = View)]
pub struct ViewOut {
    id: Uuid,
    /// The list that it belongs to.
    object: RecordObject,
    name: String,
    /// Whether everybody who sees the list sees the view.
    shared: bool,
    owner: ViewOwner,
    /// Whether the reader keeps it.
    mine: bool,
    /// Whether the reader's list opens with it.
    is_default: bool,
    #[schema(value_type = ViewFilter)]
    filter: Value,
    /// In their order; null: what the reader has chosen.
    columns: Option<Vec<String>>,
    /// As the list takes it.
    sort: Option<String>,
    problems: Vec<ViewProblem>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i32,
}

impl ViewOut {
    fn new(row: ViewRow, problems: Vec<Broken>, me: Uuid) -> Self {
        Self {
            id: row.id,
            object: row.object(),
            name: row.name,
            shared: row.shared,
            mine: row.owner_id == me,
            owner: ViewOwner { id: row.owner_id, name: row.owner_name.unwrap_or_default() },
            is_default: row.is_default,
            filter: row.filter,
            columns: row.columns,
            sort: row.sort,
            problems: problems.into_iter().map(|broken| ViewProblem { pointer: broken.pointer, code: broken.code }).collect(),
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        }
    }
}

async fn shown(tx: &mut Tx, rows: Vec<ViewRow>) -> Result<Vec<ViewOut>, Failure> {
    let problems = ops::broken(tx, &rows).await?;
    let me = tx.actor().id;
    Ok(rows.into_iter().zip(problems).map(|(row, problems)| ViewOut::new(row, problems, me)).collect())
}

async fn one(tx: &mut Tx, row: ViewRow) -> Result<ViewOut, Failure> {
    let problems = ops::broken(tx, std::slice::from_ref(&row)).await?.pop().unwrap_or_default();
    let me = tx.actor().id;
    Ok(ViewOut::new(row, problems, me))
}

/// Views; at most 300.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewList {
    items: Vec<ViewOut>,
}

/// A new view.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ViewIn {
    /// The list that it belongs to; `contact` by default.
    #[serde(default)]
    object: RecordObject,
    /// 1 to 60 characters; of one's own views each has another.
    name: String,
    /// For everybody who sees the list; needs `views.share`.
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    #[schema(value_type = Option<ViewFilter>)]
    filter: Value,
    columns: Option<Vec<String>>,
    sort: Option<String>,
}

/// A change of a view. Absent keeps, null clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ViewPatch {
    name: Option<String>,
    shared: Option<bool>,
    #[schema(value_type = Option<ViewFilter>)]
    filter: Option<Value>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    columns: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    sort: Patch<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ViewsQuery {
    /// The list; `contact` by default.
    #[param(inline)]
    #[serde(default)]
    object: Option<RecordObject>,
}

/// One's own views of a list and the shared ones.
#[utoipa::path(get, path = "/views", operation_id = "list_views", tag = "contacts", params(ViewsQuery),
    responses((status = 200, body = ViewList)), security(("session" = ["contacts.read"])))]
async fn list_views(auth: Authorized<ContactsRead>, Query(query): Query<ViewsQuery>) -> ApiResult<Json<ViewList>> {
    let mut tx = auth.read().await?;
    let rows = ops::list(&mut tx, query.object.unwrap_or_default()).await?;
    Ok(Json(ViewList { items: shown(&mut tx, rows).await? }))
}

/// Keeps a view.
#[utoipa::path(post, path = "/views", operation_id = "create_view", tag = "contacts", request_body = ViewIn,
    responses((status = 201, body = ViewOut), (status = 403), (status = 409), (status = 422)), security(("session" = ["contacts.read"])))]
async fn create_view(auth: Authorized<ContactsRead>, Json(input): Json<ViewIn>) -> ApiResult<Created<ViewOut>> {
    let mut tx = auth.begin().await?;
    let new = NewView {
        object: input.object,
        name: input.name,
        shared: input.shared,
        filter: input.filter,
        columns: input.columns,
        sort: input.sort,
    };
    let row = ops::create(&mut tx, new).await?;
    let view = one(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/views/{}", view.id), view))
}

/// One view.
#[utoipa::path(get, path = "/views/{id}", operation_id = "get_view", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ViewOut), (status = 404)), security(("session" = ["contacts.read"])))]
async fn get_view(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<ViewOut>> {
    let mut tx = auth.read().await?;
    let row = ops::get(&mut tx, id, false).await?;
    Ok(Versioned(row.version, one(&mut tx, row).await?))
}

/// Changes a view; a shared one needs `views.share`.
#[utoipa::path(patch, path = "/views/{id}", operation_id = "update_view", tag = "contacts", request_body = ViewPatch,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ViewOut), (status = 403), (status = 404), (status = 412), (status = 422)), security(("session" = ["contacts.read"])))]
async fn update_view(
    auth: Authorized<ContactsRead>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<ViewPatch>,
) -> ApiResult<Versioned<ViewOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let change = ViewChange { name: input.name, shared: input.shared, filter: input.filter, columns: input.columns, sort: input.sort };
    let row = ops::update(&mut tx, id, expected, change).await?;
    let view = one(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Versioned(view.version, view))
}

/// Deletes a view; a shared one needs `views.share`.
#[utoipa::path(delete, path = "/views/{id}", operation_id = "delete_view", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("session" = ["contacts.read"])))]
async fn delete_view(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A private copy of a view.
#[utoipa::path(post, path = "/views/{id}/duplicate", operation_id = "duplicate_view", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 201, body = ViewOut), (status = 404), (status = 409)), security(("session" = ["contacts.read"])))]
async fn duplicate_view(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Created<ViewOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::duplicate(&mut tx, id).await?;
    let view = one(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/views/{}", view.id), view))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct UpTo {
    /// How far to count, at most 1,000,000; 10,000 by default.
    up_to: Option<i32>,
}

/// How many records a view holds now, of those that the reader may see.
#[utoipa::path(get, path = "/views/{id}/count", operation_id = "count_view", tag = "contacts", params(("id" = Uuid, Path), UpTo),
    responses((status = 200, body = ContactCount), (status = 404)), security(("session" = ["contacts.read"])))]
async fn count_view(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>, Query(query): Query<UpTo>) -> ApiResult<Json<ContactCount>> {
    let mut tx = auth.read().await?;
    let (count, capped) = ops::filter_of_view(&mut tx, id).await?.count(&mut tx, query.up_to).await?;
    Ok(Json(ContactCount { count, capped }))
}

/// The view with which a list opens.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct DefaultView {
    /// The list; `contact` by default.
    #[serde(default)]
    object: RecordObject,
    /// Null: none.
    view_id: Option<Uuid>,
}

/// Opens a list of the reader's with a view from now on.
#[utoipa::path(put, path = "/me/default-view", operation_id = "set_default_view", tag = "contacts", request_body = DefaultView,
    responses((status = 204), (status = 422)), security(("session" = ["contacts.read"])))]
async fn set_default_view(auth: Authorized<ContactsRead>, Json(input): Json<DefaultView>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::set_default(&mut tx, input.object, input.view_id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
