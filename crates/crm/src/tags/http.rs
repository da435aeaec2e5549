//! Routes of tags.

use super::ops::valid_name;
use crate::contacts::events::ContactsEvent;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Problem, text};
use vision_platform::http::{Created, Json};
use vision_platform::permits::{ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized, Failure, OnUnique, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_tags, create_tag)).routes(routes!(update_tag, delete_tag))
}

/// A tag.
#[derive(Debug, Serialize, sqlx::FromRow, utoipa::ToSchema)]
#[schema(as = Tag)]
pub struct TagOut {
    id: Uuid,
    name: String,
    /// `neutral`, `good`, `bad`, `info`
    tone: String,
    contact_count: i64,
}

/// At most two thousand tags.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TagList {
    items: Vec<TagOut>,
}

/// A new tag.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TagIn {
    name: String,
    tone: Option<String>,
}

/// A change of a tag.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TagPatch {
    name: Option<String>,
    tone: Option<String>,
}

const TAG: &str = "SELECT t.id, t.name, t.tone, (SELECT count(*) FROM contact_tags ct WHERE ct.tenant_id = t.tenant_id AND ct.tag_id = t.id) AS contact_count
    FROM tags t WHERE t.tenant_id = $1";

fn valid_tone(tone: Option<&str>) -> Result<(), Problem> {
    match tone {
        Some(tone) if !matches!(tone, "neutral" | "good" | "bad" | "info") => {
            Err(Problem::field("/tone", "invalid", "Cette couleur n’existe pas."))
        }
        _ => Ok(()),
    }
}

fn taken() -> Problem {
    Problem::field("/name", "taken", "Une étiquette porte déjà ce nom.")
}

async fn get(tx: &mut Tx, id: Uuid) -> Result<TagOut, Failure> {
    let tenant = tx.tenant();
    let row = sqlx::query_as(sqlx::AssertSqlSafe(format!("{TAG} AND t.id = $2"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await?;
    row.ok_or_else(|| Problem::not_found().into())
}

/// The tenant's tags by name.
#[utoipa::path(get, path = "/tags", operation_id = "list_tags", tag = "contacts", responses((status = 200, body = TagList)), security(("session" = ["contacts.read"])))]
async fn list_tags(auth: Authorized<ContactsRead>) -> ApiResult<Json<TagList>> {
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let items =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{TAG} ORDER BY t.name_norm LIMIT 2000"))).bind(tenant).fetch_all(tx.conn()).await?;
    Ok(Json(TagList { items }))
}

/// Makes a tag.
#[utoipa::path(post, path = "/tags", operation_id = "create_tag", tag = "contacts", request_body = TagIn,
    responses((status = 201, body = TagOut), (status = 422)), security(("session" = ["contacts.write"])))]
async fn create_tag(auth: Authorized<ContactsWrite>, Json(input): Json<TagIn>) -> ApiResult<Created<TagOut>> {
    let name = valid_name(&input.name, "/name")?;
    valid_tone(input.tone.as_deref())?;
    let mut tx = auth.begin().await?;
    let (tenant, id, now) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx());
    sqlx::query("INSERT INTO tags (tenant_id, id, name, name_norm, tone, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(tenant)
        .bind(id)
        .bind(&name)
        .bind(text::fold(&name))
        .bind(input.tone.as_deref().unwrap_or("neutral"))
        .bind(now)
        .execute(tx.conn())
        .await
        .on_unique("tags_tenant_id_name_norm_key", taken)?;
    tx.emit(&ContactsEvent { name: "tag.created", kind: "tag", id, label: name, count: 0 });
    let tag = get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/tags/{id}"), tag))
}

/// Renames or recolours a tag, on every contact at once.
#[utoipa::path(patch, path = "/tags/{id}", operation_id = "update_tag", tag = "contacts", params(("id" = Uuid, Path)), request_body = TagPatch,
    responses((status = 200, body = TagOut), (status = 404), (status = 422)), security(("session" = ["contacts.write"])))]
async fn update_tag(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>, Json(input): Json<TagPatch>) -> ApiResult<Json<TagOut>> {
    let name = input.name.as_deref().map(|name| valid_name(name, "/name")).transpose()?;
    valid_tone(input.tone.as_deref())?;
    let mut tx = auth.begin().await?;
    get(&mut tx, id).await?;
    let tenant = tx.tenant();
    sqlx::query("UPDATE tags SET name = coalesce($3, name), name_norm = coalesce($4, name_norm), tone = coalesce($5, tone) WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(&name)
        .bind(name.as_deref().map(text::fold))
        .bind(&input.tone)
        .execute(tx.conn())
        .await
        .on_unique("tags_tenant_id_name_norm_key", taken)?;
    let tag = get(&mut tx, id).await?;
    tx.emit(&ContactsEvent { name: "tag.updated", kind: "tag", id, label: tag.name.clone(), count: tag.contact_count });
    tx.commit().await?;
    Ok(Json(tag))
}

/// Deletes a tag; contacts lose it.
#[utoipa::path(delete, path = "/tags/{id}", operation_id = "delete_tag", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["contacts.write"])))]
async fn delete_tag(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let tag = get(&mut tx, id).await?;
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM tags WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    tx.emit(&ContactsEvent { name: "tag.deleted", kind: "tag", id, label: tag.name, count: tag.contact_count });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
