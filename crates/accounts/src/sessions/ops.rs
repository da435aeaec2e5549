//! Opening, refreshing and ending sessions.

use super::store::{self, NewSession};
use crate::events::{self, AccountEvent};
use crate::mails::{self, Lang};
use crate::tokens::{self, ACCESS_SECONDS, Located, SESSION_DAYS};
use jiff::SignedDuration;
use uuid::Uuid;
use vision_kernel::{Actor, ActorKind, Problem, ProblemKind};
use vision_platform::{App, Failure, SystemTx, crypto};

/// How long the token before the current one is forgiven: two tabs refresh at the same moment.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Address.
    pub ip: Option<String>,
    /// Browser, at most 400 characters.
    pub user_agent: Option<String>,
}

/// An open session and its tokens.
pub(crate) struct Opened {
    pub user_id: Uuid,
    pub email: String,
    pub full_name: String,
    pub tenant_id: Uuid,
    pub slug: String,
    pub tenant_name: String,
    pub session_id: Uuid,
    pub access_token: String,
    /// `None` when the caller keeps the refresh token that it has.
    pub refresh_token: Option<String>,
}

pub(crate) fn actor(tenant_id: Uuid, user_id: Uuid, name: &str, client: &Client) -> Actor {
    Actor {
        kind: ActorKind::User,
        id: user_id,
        name: name.to_owned(),
        ip: client.ip.clone(),
        permissions: Vec::new(),
        ..Actor::system(tenant_id)
    }
}

/// Opens a session of a person in a tenant. The caller has verified who they are.
pub(crate) async fn open(app: &App, tx: &mut SystemTx, tenant_id: Uuid, user_id: Uuid, client: &Client) -> Result<Opened, Failure> {
    let known = store::knows_device(tx, user_id, client.user_agent.as_deref()).await?;
    let token = Located::new(tenant_id, tx.new_id());
    let expires_at = tx.now() + SignedDuration::from_hours(24 * SESSION_DAYS);
    let new = NewSession {
        tenant_id,
        id: token.id,
        user_id,
        refresh_hash: &token.hash(),
        expires_at,
        ip: client.ip.as_deref(),
        user_agent: client.user_agent.as_deref(),
    };
    store::insert(tx, &new).await?;
    let holder = store::holder(tx, tenant_id, user_id).await?;
    let who = actor(tenant_id, user_id, &holder.full_name, client);
    tx.audit(&who, &AccountEvent { name: events::SIGNED_IN, user_id, email: holder.email.clone() }).await?;
    if !known {
        let notice = mails::security_notice(app, Lang::from_stored(&holder.locale), events::SIGNED_IN);
        let mail = notice.to(app, tx.new_id(), &holder.email);
        tx.enqueue(tenant_id, &mail, None).await?;
    }
    Ok(Opened {
        user_id,
        email: holder.email,
        full_name: holder.full_name,
        tenant_id,
        slug: holder.slug,
        tenant_name: holder.tenant_name,
        session_id: token.id,
        access_token: tokens::sign_access(app, user_id, tenant_id, token.id),
        refresh_token: Some(token.encode()),
    })
}

/// Exchanges a refresh token. A token that was rotated away ends its family, which is committed even though the answer is a refusal.
pub(crate) async fn refresh(app: &App, presented: &str, client: &Client) -> Result<Opened, Failure> {
    let refused = || Failure::from(Problem::new(ProblemKind::Unauthenticated));
    let token = Located::decode(presented).ok_or_else(refused)?;
    let mut tx = app.db.system().await?;
    let row = store::lock(&mut tx, token.tenant, token.id).await?.ok_or_else(refused)?;
    let hash = token.hash();
    let current = crypto::equal(&hash, &row.refresh_hash);
    let previous = row.previous_refresh_hash.as_deref().is_some_and(|old| crypto::equal(&hash, old));
    let graceful = previous && tx.now().duration_since(row.rotated_at.to_jiff()) <= GRACE;
    if !current && !graceful {
        store::revoke(&mut tx, token.tenant, token.id, row.user_id, "refresh token reused").await?;
        let holder = store::holder(&mut tx, token.tenant, row.user_id).await?;
        let who = actor(token.tenant, row.user_id, &holder.full_name, client);
        tx.audit(&who, &AccountEvent { name: events::REFRESH_REUSED, user_id: row.user_id, email: holder.email }).await?;
        tx.commit().await?;
        return Err(refused());
    }
    let refresh_token = if current {
        let next = Located::new(token.tenant, token.id);
        let expires_at = tx.now() + SignedDuration::from_hours(24 * SESSION_DAYS);
        store::rotate(&mut tx, token.tenant, token.id, &next.hash(), expires_at).await?;
        Some(next.encode())
    } else {
        None
    };
    let holder = store::holder(&mut tx, token.tenant, row.user_id).await?;
    tx.commit().await?;
    Ok(Opened {
        user_id: row.user_id,
        email: holder.email,
        full_name: holder.full_name,
        tenant_id: token.tenant,
        slug: holder.slug,
        tenant_name: holder.tenant_name,
        session_id: token.id,
        access_token: tokens::sign_access(app, row.user_id, token.tenant, token.id),
        refresh_token,
    })
}

/// Ends every session of a person, but for one.
pub async fn revoke_all(tx: &mut SystemTx, user_id: Uuid, except: Option<Uuid>, reason: &str) -> Result<(), Failure> {
    Ok(store::revoke_all(tx, user_id, except, reason).await?)
}

/// Seconds that an access token lives.
pub(crate) const fn access_seconds() -> i64 {
    ACCESS_SECONDS
}
