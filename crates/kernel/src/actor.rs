//! Who does something: the identity that a transaction, an event and an audit line carry.

use crate::Permission;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The sort of identity behind an [`Actor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A member of the tenant's staff, through the browser or a bearer token.
    User,
    /// A program that holds an API key of the tenant.
    ApiKey,
    /// An import, on behalf of the user whose id the actor carries.
    Import,
    /// A customer of the tenant, on a public page: a quote, a payment, a booking.
    Customer,
    /// The product itself: scheduled work, migrations of data.
    System,
}

impl ActorKind {
    /// The name stored in the audit log and the timeline.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey => "api_key",
            Self::Import => "import",
            Self::Customer => "customer",
            Self::System => "system",
        }
    }
}

/// Whose records a member sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Only records that the member owns.
    Own,
    /// Records owned by somebody of the same team.
    Team,
    /// Every record of the tenant.
    All,
}

impl Visibility {
    /// The name stored in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }

    /// Reads the stored name; an unknown one is the narrowest right.
    pub fn from_stored(name: &str) -> Self {
        match name {
            "all" => Self::All,
            "team" => Self::Team,
            _ => Self::Own,
        }
    }
}

/// One try of a request that carries an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The key, as sent.
    pub key: String,
    /// This try.
    pub id: Uuid,
}

/// An authenticated identity within one tenant.
#[derive(Debug, Clone)]
pub struct Actor {
    /// What kind of identity this is.
    pub kind: ActorKind,
    /// The user, or the API key.
    pub id: Uuid,
    /// The name shown in the timeline and the audit log.
    pub name: String,
    /// The tenant in which the actor acts.
    pub tenant_id: Uuid,
    /// What the actor may do.
    pub permissions: Vec<Permission>,
    /// Owners whose records the actor sees; `None` means all.
    pub owner_scope: Option<Vec<Uuid>>,
    /// The browser or API session, when there is one.
    pub session_id: Option<Uuid>,
    /// The address of the caller, for the audit log.
    pub ip: Option<String>,
    /// The plan of the tenant, for rate limits.
    pub plan: String,
    /// The request's idempotency key: what it writes is marked with it in the same transaction.
    pub attempt: Option<Attempt>,
}

impl Actor {
    /// True when the actor holds `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// A customer on a public page of a tenant: known by the link they hold, with no right of the staff's.
    pub fn customer(tenant_id: Uuid, name: String, ip: Option<String>) -> Self {
        Self { kind: ActorKind::Customer, name, ip, permissions: Vec::new(), ..Self::system(tenant_id) }
    }

    /// The product itself, acting in a tenant with every right.
    pub fn system(tenant_id: Uuid) -> Self {
        Self {
            kind: ActorKind::System,
            id: Uuid::nil(),
            name: "Vision CRM".to_owned(),
            tenant_id,
            permissions: Permission::ALL.to_vec(),
            owner_scope: None,
            session_id: None,
            ip: None,
            plan: "free".to_owned(),
            attempt: None,
        }
    }
}
