//! Routes of roles. Builtin roles are fixed; custom ones are sets of permissions with a visibility.

use super::http::check_grant;
use super::store::{self, RoleRow};
use crate::events::CompanyEvent;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Permission, Problem, ProblemKind, Visibility, text};
use vision_platform::http::{Created, Json, Versioned, expected_version};
use vision_platform::permits::{RolesManage, TeamRead};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_roles, create_role))
        .routes(routes!(update_role, delete_role))
        .routes(routes!(list_permissions))
}

/// A role.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Role)]
pub struct RoleOut {
    id: Uuid,
    key: String,
    name: String,
    builtin: bool,
    permissions: Vec<String>,
    /// `own`, `team`, `all`
    visibility: String,
    member_count: i64,
    version: i32,
}

impl From<RoleRow> for RoleOut {
    fn from(row: RoleRow) -> Self {
        Self {
            id: row.id,
            key: row.key,
            name: row.name,
            builtin: row.builtin,
            permissions: row.permissions,
            visibility: row.visibility,
            member_count: row.member_count,
            version: row.version,
        }
    }
}

/// At most a hundred roles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RoleList {
    items: Vec<RoleOut>,
}

/// A custom role.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct RoleIn {
    name: String,
    /// Keys from `GET /permissions`.
    permissions: Vec<String>,
    visibility: Visibility,
}

/// One permission of the matrix.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PermissionOut {
    key: &'static str,
    group: &'static str,
}

/// Every permission.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PermissionList {
    items: Vec<PermissionOut>,
}

fn parse(tx: &Tx, input: &RoleIn) -> Result<(String, Vec<&'static str>), Failure> {
    let name = text::clean(&input.name, false)
        .filter(|name| name.chars().count() <= 60)
        .ok_or_else(|| Problem::field("/name", "invalid", "Indiquez un nom de 60 caractères au plus."))?;
    let permissions = input
        .permissions
        .iter()
        .enumerate()
        .map(|(index, key)| {
            Permission::from_key(key)
                .map(Permission::key)
                .ok_or_else(|| Problem::field(&format!("/permissions/{index}"), "unknown", "Ce droit n’existe pas."))
        })
        .collect::<Result<Vec<_>, _>>()?;
    check_grant(tx, &input.permissions, input.visibility)?;
    Ok((name, permissions))
}

/// The tenant's roles, builtin ones first.
#[utoipa::path(get, path = "/roles", operation_id = "list_roles", tag = "team", responses((status = 200, body = RoleList)), security(("session" = ["team.read"])))]
async fn list_roles(auth: Authorized<TeamRead>) -> ApiResult<Json<RoleList>> {
    let rows = store::roles(&mut auth.read().await?).await?;
    Ok(Json(RoleList { items: rows.into_iter().map(RoleOut::from).collect() }))
}

/// Every permission that a role may hold.
#[utoipa::path(get, path = "/permissions", operation_id = "list_permissions", tag = "team", responses((status = 200, body = PermissionList)), security(("session" = ["team.read"])))]
async fn list_permissions(_auth: Authorized<TeamRead>) -> ApiResult<Json<PermissionList>> {
    let items = Permission::ALL.iter().map(|permission| PermissionOut { key: permission.key(), group: permission.group() }).collect();
    Ok(Json(PermissionList { items }))
}

/// Makes a custom role.
#[utoipa::path(post, path = "/roles", operation_id = "create_role", tag = "team", request_body = RoleIn,
    responses((status = 201, body = RoleOut), (status = 403), (status = 409), (status = 422)), security(("session" = ["roles.manage"])))]
async fn create_role(auth: Authorized<RolesManage>, Json(input): Json<RoleIn>) -> ApiResult<Created<RoleOut>> {
    let mut tx = auth.begin().await?;
    let (name, permissions) = parse(&tx, &input)?;
    let existing = store::roles(&mut tx).await?;
    if existing.len() >= 100 {
        return Err(Problem::conflict("Cent rôles au plus.").into());
    }
    if existing.iter().any(|role| text::fold(&role.name) == text::fold(&name)) {
        return Err(Problem::field("/name", "taken", "Un rôle porte déjà ce nom.").into());
    }
    let id = tx.new_id();
    store::insert_role(&mut tx, id, &name, &permissions, input.visibility.as_str()).await?;
    tx.emit(&CompanyEvent { name: "role.created", kind: "role", id, label: name, changes: Vec::new() });
    let row = store::role(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/roles/{id}"), row.into()))
}

async fn custom(tx: &mut Tx, id: Uuid) -> Result<RoleRow, Failure> {
    let row = store::role(tx, id).await?.ok_or_else(Problem::not_found)?;
    if row.builtin { Err(Problem::conflict("Les rôles de base ne changent pas ; créez un rôle à vous.").into()) } else { Ok(row) }
}

/// Changes a custom role; it holds for its members from their next request on.
#[utoipa::path(patch, path = "/roles/{id}", operation_id = "update_role", tag = "team", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = RoleIn, responses((status = 200, body = RoleOut), (status = 403), (status = 404), (status = 409), (status = 412), (status = 422)),
    security(("session" = ["roles.manage"])))]
async fn update_role(
    auth: Authorized<RolesManage>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<RoleIn>,
) -> ApiResult<Versioned<RoleOut>> {
    let mut tx = auth.begin().await?;
    let before = custom(&mut tx, id).await?;
    if expected_version(&headers)?.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let (name, permissions) = parse(&tx, &input)?;
    // Somebody who holds a right must not lose it to somebody who does not.
    check_grant(&tx, &before.permissions, Visibility::from_stored(&before.visibility))?;
    store::update_role(&mut tx, id, &name, &permissions, input.visibility.as_str()).await?;
    let after = store::role(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let changes = [
        Change::between("name", &before.name, &after.name),
        Change::between("permissions", &before.permissions, &after.permissions),
        Change::between("visibility", &before.visibility, &after.visibility),
    ];
    tx.emit(&CompanyEvent { name: "role.updated", kind: "role", id, label: name, changes: changes.into_iter().flatten().collect() });
    tx.commit().await?;
    Ok(Versioned(after.version, after.into()))
}

/// Deletes a custom role that nobody holds.
#[utoipa::path(delete, path = "/roles/{id}", operation_id = "delete_role", tag = "team", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["roles.manage"])))]
async fn delete_role(auth: Authorized<RolesManage>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let row = custom(&mut tx, id).await?;
    let invited: bool = {
        let tenant = tx.tenant();
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM invitations WHERE tenant_id = $1 AND role_id = $2)")
            .bind(tenant)
            .bind(id)
            .fetch_one(tx.conn())
            .await?
    };
    if row.member_count > 0 || invited {
        return Err(Problem::conflict("Ce rôle est encore attribué. Donnez d’abord un autre rôle à ses membres.").into());
    }
    store::delete_role(&mut tx, id).await?;
    tx.emit(&CompanyEvent { name: "role.deleted", kind: "role", id, label: row.name, changes: Vec::new() });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
