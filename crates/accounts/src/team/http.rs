//! Routes of members.

use super::store::{self, MemberRow};
use crate::events::CompanyEvent;
use crate::me::http::{person, rename, valid_name};
use crate::sessions::{Client, store as session_store};
use crate::signin::ops as signin;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Patch, Permission, Problem, ProblemKind, Visibility, text};
use vision_platform::http::Json;
use vision_platform::permits::{SignedIn, TeamManage, TeamRead};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(update_user))
        .routes(routes!(deactivate_user))
        .routes(routes!(reactivate_user))
        .routes(routes!(transfer_ownership))
}

/// A role in short.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RoleRef {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) name: String,
}

/// A member.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = User)]
pub struct UserOut {
    id: Uuid,
    email: String,
    full_name: String,
    role: RoleRef,
    team: Option<String>,
    /// `active` or `deactivated`
    status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<MemberRow> for UserOut {
    fn from(row: MemberRow) -> Self {
        Self {
            id: row.user_id,
            email: row.email,
            full_name: row.full_name,
            role: RoleRef { id: row.role_id, key: row.role_key, name: row.role_name },
            team: row.team,
            status: if row.deactivated_at.is_some() { "deactivated" } else { "active" },
            last_seen_at: row.last_seen_at.map(jiff_sqlx::Timestamp::to_jiff),
            created_at: row.created_at.to_jiff(),
        }
    }
}

/// At most a thousand members.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserList {
    items: Vec<UserOut>,
}

/// Everybody who works here.
#[utoipa::path(get, path = "/users", operation_id = "list_users", tag = "team", responses((status = 200, body = UserList)), security(("session" = ["team.read"])))]
async fn list_users(auth: Authorized<TeamRead>) -> ApiResult<Json<UserList>> {
    let rows = store::members(&mut auth.read().await?).await?;
    Ok(Json(UserList { items: rows.into_iter().map(UserOut::from).collect() }))
}

/// A change of a member.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct UserPatch {
    /// Only one's own name: a name belongs to the person.
    full_name: Option<String>,
    role_id: Option<Uuid>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    team: Patch<String>,
}

async fn find(tx: &mut Tx, id: Uuid) -> Result<MemberRow, Failure> {
    store::member(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

fn forbidden(detail: &str) -> Failure {
    Problem::new(ProblemKind::Forbidden).detail(detail).into()
}

/// The actor's own role key; API keys have none.
async fn own_role(tx: &mut Tx) -> Result<Option<String>, Failure> {
    let id = tx.actor().id;
    Ok(store::member(tx, id).await?.map(|row| row.role_key))
}

/// Changes a member's role or team, or one's own name.
#[utoipa::path(patch, path = "/users/{id}", operation_id = "update_user", tag = "team", params(("id" = Uuid, Path)), request_body = UserPatch,
    responses((status = 200, body = UserOut), (status = 403), (status = 404), (status = 409), (status = 422)), security(("session" = [])))]
async fn update_user(auth: Authorized<SignedIn>, Path(id): Path<Uuid>, Json(input): Json<UserPatch>) -> ApiResult<Json<UserOut>> {
    let manages = auth.actor.may(Permission::TeamManage);
    if !manages && (auth.actor.id != id || input.role_id.is_some() || !input.team.is_keep()) {
        return Err(Problem::new(ProblemKind::Forbidden).with("permission", Permission::TeamManage.key()).into());
    }
    let mut tx = auth.begin().await?;
    let before = find(&mut tx, id).await?;
    if let Some(role) = input.role_id.filter(|role| *role != before.role_id) {
        check_role_change(&mut tx, &before, role).await?;
    }
    let team = input.team.apply(before.team.clone()).and_then(|team| text::clean(&team, false));
    if team.as_deref().is_some_and(|team| team.chars().count() > 60) {
        return Err(Problem::field("/team", "too_long", "60 caractères au plus.").into());
    }
    store::update_member(&mut tx, id, input.role_id.unwrap_or(before.role_id), team.as_deref()).await?;
    if let Some(name) = &input.full_name {
        if auth.actor.id != id {
            return Err(forbidden("Chacun choisit son propre nom."));
        }
        let name = valid_name(name, "/full_name")?;
        let mut system = auth.app.db.system().await?;
        sqlx::query("UPDATE users SET full_name = $2 WHERE id = $1").bind(id).bind(&name).execute(system.conn()).await?;
        // The membership row is locked by the other transaction: it goes first.
        let row = finish_update(tx, before).await?;
        rename(&mut system, id, &name).await?;
        system.commit().await?;
        return Ok(Json(UserOut { full_name: name, ..row.into() }));
    }
    Ok(Json(finish_update(tx, before).await?.into()))
}

async fn finish_update(mut tx: Tx, before: MemberRow) -> Result<MemberRow, Failure> {
    let after = find(&mut tx, before.user_id).await?;
    let changes: Vec<Change> =
        [Change::between("role", &before.role_name, &after.role_name), Change::between("team", &before.team, &after.team)]
            .into_iter()
            .flatten()
            .collect();
    if !changes.is_empty() {
        tx.emit(&CompanyEvent { name: "user.updated", kind: "user", id: after.user_id, label: after.full_name.clone(), changes });
    }
    tx.commit().await?;
    Ok(after)
}

async fn check_role_change(tx: &mut Tx, member: &MemberRow, role_id: Uuid) -> Result<(), Failure> {
    let role = store::role(tx, role_id).await?.ok_or_else(|| Problem::field("/role_id", "unknown", "Ce rôle n’existe pas."))?;
    let touches_owner = member.role_key == "owner" || role.key == "owner";
    if touches_owner && own_role(tx).await?.as_deref() != Some("owner") {
        return Err(forbidden("Seul un propriétaire peut nommer ou remplacer un propriétaire."));
    }
    check_grant(tx, &role.permissions, Visibility::from_stored(&role.visibility))?;
    if member.role_key == "owner" && store::other_owners(tx, member.user_id).await?.is_empty() {
        return Err(Problem::conflict("C’est le dernier propriétaire : transférez d’abord la propriété.").into());
    }
    Ok(())
}

/// Nobody gives a right that they do not have, nor sight of records that they do not see.
pub(crate) fn check_grant(tx: &Tx, permissions: &[String], visibility: Visibility) -> Result<(), Failure> {
    // Whoever sees their own records only may give that; a team is not theirs to give, for it may be another one.
    if tx.actor().owner_scope.is_some() && visibility != Visibility::Own {
        return Err(Problem::new(ProblemKind::Forbidden).detail("Ce rôle montre des fiches que vous ne voyez pas.").into());
    }
    let missing = permissions.iter().filter_map(|key| Permission::from_key(key)).find(|permission| !tx.actor().may(*permission));
    match missing {
        Some(permission) => Err(Problem::new(ProblemKind::Forbidden)
            .detail("Ce rôle a des droits que vous n’avez pas.")
            .with("permission", permission.key())
            .into()),
        None => Ok(()),
    }
}

/// Takes a member's access away at once; their sessions end.
#[utoipa::path(post, path = "/users/{id}/deactivate", operation_id = "deactivate_user", tag = "team", params(("id" = Uuid, Path)),
    responses((status = 200, body = UserOut), (status = 404), (status = 409)), security(("session" = ["team.manage"])))]
async fn deactivate_user(auth: Authorized<TeamManage>, Path(id): Path<Uuid>) -> ApiResult<Json<UserOut>> {
    let mut tx = auth.begin().await?;
    let member = find(&mut tx, id).await?;
    if member.role_key == "owner" {
        if own_role(&mut tx).await?.as_deref() != Some("owner") {
            return Err(forbidden("Seul un propriétaire peut désactiver un propriétaire."));
        }
        if store::other_owners(&mut tx, id).await?.is_empty() {
            return Err(Problem::conflict("Le dernier propriétaire ne peut pas partir : transférez d’abord la propriété.").into());
        }
    }
    store::set_active(&mut tx, id, false).await?;
    tx.emit(&CompanyEvent { name: "user.deactivated", kind: "user", id, label: member.full_name, changes: Vec::new() });
    let after = find(&mut tx, id).await?;
    tx.commit().await?;
    // Authentication refuses deactivated members already; ending the sessions keeps the list of devices true.
    let mut system = auth.app.db.system().await?;
    session_store::revoke_in_tenant(&mut system, auth.actor.tenant_id, id, "member deactivated").await?;
    system.commit().await?;
    Ok(Json(after.into()))
}

/// Gives a member their access back.
#[utoipa::path(post, path = "/users/{id}/reactivate", operation_id = "reactivate_user", tag = "team", params(("id" = Uuid, Path)),
    responses((status = 200, body = UserOut), (status = 404), (status = 409)), security(("session" = ["team.manage"])))]
async fn reactivate_user(auth: Authorized<TeamManage>, Path(id): Path<Uuid>) -> ApiResult<Json<UserOut>> {
    let mut tx = auth.begin().await?;
    let member = find(&mut tx, id).await?;
    if member.role_key == "owner" && own_role(&mut tx).await?.as_deref() != Some("owner") {
        return Err(forbidden("Seul un propriétaire peut réactiver un propriétaire."));
    }
    // Members who came with an archive of the company have no way in: an account accepts an invitation first.
    let mut system = auth.app.db.system().await?;
    let has_account: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM user_tenants WHERE user_id = $1 AND member_of = $2)")
        .bind(id)
        .bind(auth.actor.tenant_id)
        .fetch_one(system.conn())
        .await?;
    drop(system);
    if !has_account {
        return Err(Problem::conflict("Cette personne vient d’une archive et n’a pas d’accès ici : envoyez-lui une invitation.").into());
    }
    store::set_active(&mut tx, id, true).await?;
    tx.emit(&CompanyEvent { name: "user.reactivated", kind: "user", id, label: member.full_name, changes: Vec::new() });
    let after = find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(after.into()))
}

/// Who becomes the owner.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TransferIn {
    user_id: Uuid,
    /// The present owner's password.
    password: String,
}

/// Makes another active member the owner; the present one becomes an administrator.
#[utoipa::path(post, path = "/tenant/transfer-ownership", operation_id = "transfer_ownership", tag = "team", request_body = TransferIn,
    responses((status = 204), (status = 403), (status = 404), (status = 422)), security(("session" = ["team.manage"])))]
async fn transfer_ownership(auth: Authorized<TeamManage>, client: Client, Json(input): Json<TransferIn>) -> ApiResult<StatusCode> {
    let user_id = person(&auth)?;
    let mut tx = auth.begin().await?;
    if own_role(&mut tx).await?.as_deref() != Some("owner") {
        return Err(forbidden("Seul un propriétaire peut transférer la propriété."));
    }
    let heir = find(&mut tx, input.user_id).await?;
    if heir.deactivated_at.is_some() || heir.user_id == user_id {
        return Err(Problem::field("/user_id", "invalid", "Choisissez un autre membre actif.").into());
    }
    drop(tx);
    signin::confirm_password(&auth.app, user_id, input.password, "/password", &client).await?;
    let mut tx = auth.begin().await?;
    let roles = store::roles(&mut tx).await?;
    let role = |key: &str| roles.iter().find(|role| role.key == key).map(|role| role.id).ok_or_else(Problem::not_found);
    let me = find(&mut tx, user_id).await?;
    store::update_member(&mut tx, heir.user_id, role("owner")?, heir.team.as_deref()).await?;
    store::update_member(&mut tx, user_id, role("admin")?, me.team.as_deref()).await?;
    let changes = Change::between("owner", &me.full_name, &heir.full_name).into_iter().collect();
    tx.emit(&CompanyEvent { name: "tenant.ownership_transferred", kind: "user", id: heir.user_id, label: heir.full_name, changes });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
