//! API keys: shown once, stored hashed, limited to permissions that their maker holds.

use crate::events::CompanyEvent;
use crate::team::http::check_grant;
use crate::tokens::{API_KEY_PREFIX, Located};
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Permission, Problem, Visibility, text};
use vision_platform::http::{Created, Json};
use vision_platform::permits::ApiKeysManage;
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_api_keys, create_api_key)).routes(routes!(revoke_api_key))
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: Uuid,
    name: String,
    prefix: String,
    permissions: Vec<String>,
    created_at: jiff_sqlx::Timestamp,
    last_used_at: Option<jiff_sqlx::Timestamp>,
}

/// An API key, without its secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyOut {
    id: Uuid,
    name: String,
    /// Its first characters, to recognise it.
    prefix: String,
    permissions: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<KeyRow> for ApiKeyOut {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            permissions: row.permissions,
            created_at: row.created_at.to_jiff(),
            last_used_at: row.last_used_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }
}

/// At most a hundred keys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApiKeyList {
    items: Vec<ApiKeyOut>,
}

/// A new key.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ApiKeyIn {
    name: String,
    permissions: Vec<String>,
}

/// A new key with its secret, which is not shown again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApiKeyCreated {
    #[serde(flatten)]
    key: ApiKeyOut,
    /// Send it as `Authorization: Bearer`.
    secret: String,
}

/// The keys in use, newest first.
#[utoipa::path(get, path = "/api-keys", operation_id = "list_api_keys", tag = "company", responses((status = 200, body = ApiKeyList)), security(("session" = ["api_keys.manage"])))]
async fn list_api_keys(auth: Authorized<ApiKeysManage>) -> ApiResult<Json<ApiKeyList>> {
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let rows: Vec<KeyRow> = sqlx::query_as(
        "SELECT id, name, prefix, permissions, created_at, last_used_at FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL ORDER BY id DESC LIMIT 100",
    )
    .bind(tenant)
    .fetch_all(tx.conn())
    .await?;
    Ok(Json(ApiKeyList { items: rows.into_iter().map(ApiKeyOut::from).collect() }))
}

/// Makes a key; its secret is in this answer only.
#[utoipa::path(post, path = "/api-keys", operation_id = "create_api_key", tag = "company", request_body = ApiKeyIn,
    responses((status = 201, body = ApiKeyCreated), (status = 403), (status = 422)), security(("session" = ["api_keys.manage"])))]
async fn create_api_key(auth: Authorized<ApiKeysManage>, Json(input): Json<ApiKeyIn>) -> ApiResult<Created<ApiKeyCreated>> {
    let name = text::clean(&input.name, false)
        .filter(|name| name.chars().count() <= 60)
        .ok_or_else(|| Problem::field("/name", "invalid", "Indiquez un nom de 60 caractères au plus."))?;
    if input.permissions.is_empty() || input.permissions.iter().any(|key| Permission::from_key(key).is_none()) {
        return Err(Problem::field("/permissions", "invalid", "Choisissez au moins un droit de la liste.").into());
    }
    let mut tx = auth.begin().await?;
    // A key sees every record of the tenant.
    check_grant(&tx, &input.permissions, Visibility::All)?;
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().id);
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL")
        .bind(tenant)
        .fetch_one(tx.conn())
        .await?;
    if count >= 100 {
        return Err(Problem::conflict("Cent clés au plus ; révoquez celles qui ne servent plus.").into());
    }
    let token = Located::new(tenant, tx.new_id());
    let secret = format!("{API_KEY_PREFIX}{}", token.encode());
    let tail: String = token.id.simple().to_string().chars().skip(24).collect();
    let row: KeyRow = sqlx::query_as(
        "INSERT INTO api_keys (tenant_id, id, name, prefix, key_hash, permissions, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id, name, prefix, permissions, created_at, last_used_at",
    )
    .bind(tenant)
    .bind(token.id)
    .bind(&name)
    .bind(format!("{API_KEY_PREFIX}…{tail}"))
    .bind(token.hash())
    .bind(&input.permissions)
    .bind(actor)
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    tx.emit(&CompanyEvent { name: "api_key.created", kind: "api_key", id: token.id, label: name, changes: Vec::new() });
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/api-keys/{}", token.id), ApiKeyCreated { key: row.into(), secret }))
}

/// Revokes a key at once.
#[utoipa::path(delete, path = "/api-keys/{id}", operation_id = "revoke_api_key", tag = "company", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["api_keys.manage"])))]
async fn revoke_api_key(auth: Authorized<ApiKeysManage>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let name: Option<String> =
        sqlx::query_scalar("UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING name")
            .bind(tenant)
            .bind(id)
            .bind(now)
            .fetch_optional(tx.conn())
            .await?;
    let label = name.ok_or_else(Problem::not_found)?;
    tx.emit(&CompanyEvent { name: "api_key.revoked", kind: "api_key", id, label, changes: Vec::new() });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
