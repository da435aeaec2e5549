//! Invitations by mail, valid 7 days, single use.

use super::http::{RoleRef, check_grant};
use super::store;
use crate::events::CompanyEvent;
use crate::mails::{self, Lang};
use crate::me::http::valid_name;
use crate::sessions::{Client, SessionOut, http::respond};
use crate::signin::ops as signin;
use crate::signup::store as people;
use crate::tokens::Located;
use crate::{password, provision};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Email, Problem, Visibility};
use vision_platform::http::{Created, Json};
use vision_platform::permits::{TeamManage, TeamRead};
use vision_platform::{ApiResult, App, Authorized, Failure, OnUnique, SystemTx, Tx, throttle};

const VALID: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, invite))
        .routes(routes!(revoke_invitation))
        .routes(routes!(resend_invitation))
        .routes(routes!(preview_invitation))
        .routes(routes!(accept_invitation))
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    id: Uuid,
    email: String,
    invited_by_name: String,
    created_at: jiff_sqlx::Timestamp,
    expires_at: jiff_sqlx::Timestamp,
    role_id: Uuid,
    role_key: String,
    role_name: String,
}

const INVITATION: &str =
    "SELECT i.id, i.email, i.invited_by_name, i.created_at, i.expires_at, r.id AS role_id, r.key AS role_key, r.name AS role_name
    FROM invitations i JOIN roles r ON r.tenant_id = i.tenant_id AND r.id = i.role_id WHERE i.tenant_id = $1 AND i.accepted_at IS NULL";

/// A pending invitation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationOut {
    id: Uuid,
    email: String,
    role: RoleRef,
    invited_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<InvitationRow> for InvitationOut {
    fn from(row: InvitationRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            role: RoleRef { id: row.role_id, key: row.role_key, name: row.role_name },
            invited_by: row.invited_by_name,
            created_at: row.created_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
        }
    }
}

/// At most five hundred invitations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvitationList {
    items: Vec<InvitationOut>,
}

/// Whom to invite, as what.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct InvitationIn {
    email: String,
    role_id: Uuid,
}

async fn find(tx: &mut Tx, id: Uuid) -> Result<InvitationRow, Failure> {
    let tenant = tx.tenant();
    let row =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{INVITATION} AND i.id = $2"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await?;
    row.ok_or_else(|| Problem::not_found().into())
}

/// The language of the one who invites.
async fn language(auth: &Authorized<TeamManage>) -> Result<Lang, Failure> {
    let locale: Option<String> = sqlx::query_scalar("SELECT locale FROM users WHERE id = $1")
        .bind(auth.actor.id)
        .fetch_optional(auth.app.db.system_lookup())
        .await?;
    Ok(locale.map_or(Lang::Fr, |locale| Lang::from_stored(&locale)))
}

async fn mail(app: &App, tx: &mut Tx, lang: Lang, token: &Located, to: &str) -> Result<(), Failure> {
    let tenant = tx.tenant();
    let company: String = sqlx::query_scalar("SELECT name FROM tenants WHERE id = $1").bind(tenant).fetch_one(tx.conn()).await?;
    let inviter = tx.actor().name.clone();
    let letter = mails::invitation(app, lang, &token.encode(), &company, &inviter).to(app, tx.new_id(), to);
    tx.enqueue(&letter).await
}

/// Pending invitations, newest first.
#[utoipa::path(get, path = "/invitations", operation_id = "list_invitations", tag = "team", responses((status = 200, body = InvitationList)), security(("session" = ["team.read"])))]
async fn list_invitations(auth: Authorized<TeamRead>) -> ApiResult<Json<InvitationList>> {
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let rows: Vec<InvitationRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{INVITATION} ORDER BY i.id DESC LIMIT 500"))).bind(tenant).fetch_all(tx.conn()).await?;
    Ok(Json(InvitationList { items: rows.into_iter().map(InvitationOut::from).collect() }))
}

/// Invites somebody by mail.
#[utoipa::path(post, path = "/invitations", operation_id = "invite", tag = "team", request_body = InvitationIn,
    responses((status = 201, body = InvitationOut), (status = 403), (status = 422)), security(("session" = ["team.manage"])))]
async fn invite(auth: Authorized<TeamManage>, Json(input): Json<InvitationIn>) -> ApiResult<Created<InvitationOut>> {
    let email = Email::parse(&input.email).ok_or_else(|| Problem::field("/email", "invalid", "Cette adresse e-mail n’est pas valable."))?;
    let lang = language(&auth).await?;
    let mut tx = auth.begin().await?;
    let role = store::role(&mut tx, input.role_id).await?.ok_or_else(|| Problem::field("/role_id", "unknown", "Ce rôle n’existe pas."))?;
    if role.key == "owner" {
        return Err(
            Problem::field("/role_id", "invalid", "La propriété se transfère à un membre, elle ne s’offre pas par invitation.").into()
        );
    }
    check_grant(&tx, &role.permissions, Visibility::from_stored(&role.visibility))?;
    let members = store::members(&mut tx).await?;
    if members.iter().any(|member| member.deactivated_at.is_none() && member.email.to_lowercase() == email.normalized()) {
        return Err(Problem::field("/email", "taken", "Cette personne fait déjà partie de l’équipe.").into());
    }
    let (tenant, now) = (tx.tenant(), tx.now());
    let token = Located::new(tenant, tx.new_id());
    let actor = tx.actor().clone();
    sqlx::query(
        "INSERT INTO invitations (tenant_id, id, email, email_norm, role_id, token_hash, invited_by, invited_by_name, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant)
    .bind(token.id)
    .bind(email.as_str())
    .bind(email.normalized())
    .bind(role.id)
    .bind(token.hash())
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now.to_sqlx())
    .bind((now + VALID).to_sqlx())
    .execute(tx.conn())
    .await
    .on_unique("invitations_pending_idx", || Problem::field("/email", "taken", "Cette personne est déjà invitée."))?;
    mail(&auth.app, &mut tx, lang, &token, email.as_str()).await?;
    tx.emit(&CompanyEvent { name: "invitation.sent", kind: "invitation", id: token.id, label: email.to_string(), changes: Vec::new() });
    let row = find(&mut tx, token.id).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/invitations/{}", token.id), row.into()))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/invitations/{id}", operation_id = "revoke_invitation", tag = "team", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["team.manage"])))]
async fn revoke_invitation(auth: Authorized<TeamManage>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let row = find(&mut tx, id).await?;
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM invitations WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    tx.emit(&CompanyEvent { name: "invitation.revoked", kind: "invitation", id, label: row.email, changes: Vec::new() });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends an invitation again, with a new link; the old one stops working.
#[utoipa::path(post, path = "/invitations/{id}/resend", operation_id = "resend_invitation", tag = "team", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvitationOut), (status = 404), (status = 429)), security(("session" = ["team.manage"])))]
async fn resend_invitation(auth: Authorized<TeamManage>, Path(id): Path<Uuid>) -> ApiResult<Json<InvitationOut>> {
    let mut system = auth.app.db.system().await?;
    let allowed = throttle::hit(&mut system, &format!("invite:{id}"), 5, SignedDuration::from_hours(1)).await;
    system.commit().await?;
    allowed?;
    let lang = language(&auth).await?;
    let mut tx = auth.begin().await?;
    let row = find(&mut tx, id).await?;
    let (tenant, now) = (tx.tenant(), tx.now());
    let token = Located::new(tenant, id);
    sqlx::query("UPDATE invitations SET token_hash = $3, expires_at = $4 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(token.hash())
        .bind((now + VALID).to_sqlx())
        .execute(tx.conn())
        .await?;
    mail(&auth.app, &mut tx, lang, &token, &row.email).await?;
    let row = find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// What an invitation says to the one who holds its link.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvitationPreview {
    tenant_name: String,
    email: String,
    role_name: String,
    inviter_name: String,
    /// True: sign in with the existing password; false: choose one.
    account_exists: bool,
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    email: String,
    email_norm: String,
    role_id: Uuid,
    invited_by_name: String,
    tenant_name: String,
    role_name: String,
}

async fn held(tx: &mut SystemTx, token: &str) -> Result<(Located, HeldRow), Failure> {
    let located = Located::decode(token).ok_or_else(Problem::not_found)?;
    let now = tx.now_sql();
    let row: Option<HeldRow> = sqlx::query_as(
        "SELECT i.email, i.email_norm, i.role_id, i.invited_by_name, t.name AS tenant_name, r.name AS role_name
         FROM invitations i JOIN tenants t ON t.id = i.tenant_id JOIN roles r ON r.tenant_id = i.tenant_id AND r.id = i.role_id
         WHERE i.tenant_id = $1 AND i.id = $2 AND i.token_hash = $3 AND i.accepted_at IS NULL AND i.expires_at > $4 FOR UPDATE OF i",
    )
    .bind(located.tenant)
    .bind(located.id)
    .bind(located.hash())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    Ok((located, row.ok_or_else(Problem::not_found)?))
}

/// What the invitation behind a link is about.
#[utoipa::path(get, path = "/auth/invitations/{token}", operation_id = "preview_invitation", tag = "auth", params(("token" = String, Path)),
    responses((status = 200, body = InvitationPreview), (status = 404)))]
async fn preview_invitation(State(app): State<App>, Path(token): Path<String>) -> ApiResult<Json<InvitationPreview>> {
    let mut tx = app.db.system().await?;
    let (_, row) = held(&mut tx, &token).await?;
    let account_exists = people::user_by_email(&mut tx, &row.email_norm).await?.is_some();
    Ok(Json(InvitationPreview {
        tenant_name: row.tenant_name,
        email: row.email,
        role_name: row.role_name,
        inviter_name: row.invited_by_name,
        account_exists,
    }))
}

/// A new person's name and password, or an existing person's password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AcceptIn {
    full_name: Option<String>,
    password: String,
}

/// Joins the team and opens a session; 401 `mfa_required` as on sign-in when the account has a second factor: the person has joined.
#[utoipa::path(post, path = "/auth/invitations/{token}/accept", operation_id = "accept_invitation", tag = "auth", params(("token" = String, Path)),
    request_body = AcceptIn, responses((status = 200, body = SessionOut), (status = 401), (status = 404), (status = 422)))]
async fn accept_invitation(
    State(app): State<App>,
    client: Client,
    Path(token): Path<String>,
    Json(input): Json<AcceptIn>,
) -> ApiResult<Response> {
    let mut tx = app.db.system().await?;
    let (_, row) = held(&mut tx, &token).await?;
    let known = people::user_by_email(&mut tx, &row.email_norm).await?;
    drop(tx);
    let hash = if let Some(user) = &known {
        signin::confirm_password(&app, user.id, input.password, "/password", &client).await?;
        String::new()
    } else {
        password::check(&input.password, "/password", &[&row.email]).map_err(|error| Problem::validation(vec![error]))?;
        password::hash(input.password).await?
    };
    let mut tx = app.db.system().await?;
    let (located, row) = held(&mut tx, &token).await?;
    let user_id = if let Some(user) = &known {
        user.id
    } else {
        let name = valid_name(input.full_name.as_deref().unwrap_or_default(), "/full_name")?;
        provision::user(&mut tx, &row.email, &name, &hash, true).await?
    };
    // The link was mailed to this address: holding it proves the address.
    people::verify_email(&mut tx, user_id).await?;
    provision::member_with_role(&mut tx, located.tenant, user_id, row.role_id, None).await?;
    let now = tx.now_sql();
    sqlx::query("UPDATE invitations SET accepted_at = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(located.tenant)
        .bind(located.id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    // The link and the password make a member; a session still needs the second factor, where the person has one.
    let user = people::user_by_id(&mut tx, user_id).await?;
    let step = signin::proceed(&app, &mut tx, &user, Some(located.tenant), &client).await?;
    tx.commit().await?;
    Ok(respond(&app, step.opened()?))
}
