//! Credentials → actor, by one look-up a request. Nothing is cached: what is revoked is refused from the next request on.

use crate::tokens::{self, API_KEY_PREFIX, Located};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_kernel::{Actor, ActorKind, Permission, Visibility};
use vision_platform::auth::{Authenticator, Credentials};
use vision_platform::{App, Failure, crypto};

/// How often `last_seen_at` is written, at most.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Sessions and API keys as authentication.
#[derive(Debug, Default)]
pub struct Sessions;

#[derive(sqlx::FromRow)]
struct SessionRow {
    full_name: String,
    permissions: Vec<String>,
    visibility: String,
    plan: String,
    last_seen_at: jiff_sqlx::Timestamp,
    teammates: Option<Vec<Uuid>>,
}

#[async_trait::async_trait]
impl Authenticator for Sessions {
    async fn authenticate(&self, app: &App, credentials: &Credentials, ip: Option<&str>) -> Result<Option<Actor>, Failure> {
        let token = match credentials {
            Credentials::Bearer(token) => match token.strip_prefix(API_KEY_PREFIX) {
                Some(key) => return api_key(app, key, ip).await,
                None => token,
            },
            Credentials::Cookie(token) => token,
        };
        session(app, token, ip).await
    }

    fn csrf_token(&self, app: &App, session: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(crypto::keyed_hash(&app.crypto.purpose_key("csrf"), session.as_bytes()))
    }
}

fn permissions(keys: &[String]) -> Vec<Permission> {
    keys.iter().filter_map(|key| Permission::from_key(key)).collect()
}

async fn session(app: &App, token: &str, ip: Option<&str>) -> Result<Option<Actor>, Failure> {
    let Some(claims) = tokens::read_access(app, token) else { return Ok(None) };
    let now = app.clock.now();
    let row: Option<SessionRow> = sqlx::query_as(
        "SELECT m.full_name, r.permissions, r.visibility, t.plan, s.last_seen_at,
                CASE WHEN r.visibility = 'team' AND m.team IS NOT NULL THEN
                  (SELECT array_agg(x.user_id) FROM memberships x WHERE x.tenant_id = m.tenant_id AND x.team = m.team) END AS teammates
         FROM sessions s
         JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id AND m.deactivated_at IS NULL
         JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
         JOIN tenants t ON t.id = s.tenant_id
         WHERE s.tenant_id = $1 AND s.id = $2 AND s.user_id = $3 AND s.revoked_at IS NULL AND s.expires_at > $4",
    )
    .bind(claims.tid)
    .bind(claims.sid)
    .bind(claims.sub)
    .bind(now.to_sqlx())
    .fetch_optional(app.db.system_lookup())
    .await?;
    let Some(row) = row else { return Ok(None) };
    if now.duration_since(row.last_seen_at.to_jiff()) > SEEN_EVERY {
        sqlx::query(
            "WITH s AS (UPDATE sessions SET last_seen_at = $3, ip = coalesce($4, ip) WHERE tenant_id = $1 AND id = $2 RETURNING user_id)
             UPDATE memberships m SET last_seen_at = $3 FROM s WHERE m.tenant_id = $1 AND m.user_id = s.user_id",
        )
        .bind(claims.tid)
        .bind(claims.sid)
        .bind(now.to_sqlx())
        .bind(ip)
        .execute(app.db.system_lookup())
        .await?;
    }
    let owner_scope = match Visibility::from_stored(&row.visibility) {
        Visibility::All => None,
        Visibility::Team => Some(row.teammates.unwrap_or_else(|| vec![claims.sub])),
        Visibility::Own => Some(vec![claims.sub]),
    };
    Ok(Some(Actor {
        kind: ActorKind::User,
        id: claims.sub,
        name: row.full_name,
        tenant_id: claims.tid,
        permissions: permissions(&row.permissions),
        owner_scope,
        session_id: Some(claims.sid),
        ip: ip.map(str::to_owned),
        plan: row.plan,
        attempt: None,
    }))
}

/// (hash, name, permissions, plan, last use)
type KeyRow = (Vec<u8>, String, Vec<String>, String, Option<jiff_sqlx::Timestamp>);

async fn api_key(app: &App, key: &str, ip: Option<&str>) -> Result<Option<Actor>, Failure> {
    let Some(located) = Located::decode(key) else { return Ok(None) };
    let now = app.clock.now();
    let row: Option<KeyRow> = sqlx::query_as(
        "SELECT k.key_hash, k.name, k.permissions, t.plan, k.last_used_at FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
         WHERE k.tenant_id = $1 AND k.id = $2 AND k.revoked_at IS NULL",
    )
    .bind(located.tenant)
    .bind(located.id)
    .fetch_optional(app.db.system_lookup())
    .await?;
    let Some((hash, name, granted, plan, last_used)) = row else { return Ok(None) };
    if !crypto::equal(&hash, &located.hash()) {
        return Ok(None);
    }
    if last_used.is_none_or(|at| now.duration_since(at.to_jiff()) > SEEN_EVERY) {
        sqlx::query("UPDATE api_keys SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2")
            .bind(located.tenant)
            .bind(located.id)
            .bind(now.to_sqlx())
            .execute(app.db.system_lookup())
            .await?;
    }
    Ok(Some(Actor {
        kind: ActorKind::ApiKey,
        id: located.id,
        name,
        tenant_id: located.tenant,
        permissions: permissions(&granted),
        owner_scope: None,
        session_id: None,
        ip: ip.map(str::to_owned),
        plan,
        attempt: None,
    }))
}
