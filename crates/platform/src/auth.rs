//! Identity at the edge: credentials → [`Actor`], and the permission that a handler's signature demands.

use crate::app::App;
use crate::db::Tx;
use crate::failure::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::marker::PhantomData;
use vision_kernel::{Actor, Permission, Problem, ProblemKind};

/// Name of the cookie that carries the access token.
pub const ACCESS_COOKIE: &str = "__Host-vision_access";
/// Name of the cookie that carries the refresh token.
pub const REFRESH_COOKIE: &str = "__Host-vision_refresh";
/// Name of the cookie that scripts read and send back as `X-CSRF-Token`.
pub const CSRF_COOKIE: &str = "__Host-vision_csrf";

/// What a request presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer`.
    Bearer(String),
    /// The access cookie; unsafe methods need the CSRF token as well.
    Cookie(String),
}

/// Turns credentials into an actor. Implemented by `accounts`, which owns sessions and keys; nothing is cached, so a
/// revocation holds from the next request on.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync {
    /// `Ok(None)` when the credentials are unknown, expired or revoked.
    async fn authenticate(&self, app: &App, credentials: &Credentials, ip: Option<&str>) -> Result<Option<Actor>, Failure>;
    /// The CSRF token that belongs to a session.
    fn csrf_token(&self, app: &App, session: uuid::Uuid) -> String;
}

/// The outcome of authentication, put into the request by the edge layer.
#[derive(Debug, Clone)]
pub struct Identity(pub Option<Actor>);

/// A marker that names the permission a handler needs.
pub trait Permit: Send + Sync + 'static {
    /// `None`: being signed in is enough.
    const PERMISSION: Option<Permission>;
}

/// Marker types, one per permission.
pub mod permits {
    use super::{Permission, Permit};
    macro_rules! permits {
        ($($(#[$doc:meta])* $name:ident => $value:expr),+ $(,)?) => {$(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl Permit for $name { const PERMISSION: Option<Permission> = $value; }
        )+};
    }
    permits! {
        /// Any signed-in actor.
        SignedIn => None,
        /// `contacts.read`
        ContactsRead => Some(Permission::ContactsRead),
        /// `contacts.write`
        ContactsWrite => Some(Permission::ContactsWrite),
        /// `contacts.delete`
        ContactsDelete => Some(Permission::ContactsDelete),
        /// `contacts.export`
        ContactsExport => Some(Permission::ContactsExport),
        /// `contacts.import`
        ContactsImport => Some(Permission::ContactsImport),
        /// `company.manage`
        CompanyManage => Some(Permission::CompanyManage),
        /// `team.read`
        TeamRead => Some(Permission::TeamRead),
        /// `team.manage`
        TeamManage => Some(Permission::TeamManage),
        /// `roles.manage`
        RolesManage => Some(Permission::RolesManage),
        /// `audit.read`
        AuditRead => Some(Permission::AuditRead),
        /// `api_keys.manage`
        ApiKeysManage => Some(Permission::ApiKeysManage),
        /// `tasks.read`
        TasksRead => Some(Permission::TasksRead),
        /// `tasks.write`
        TasksWrite => Some(Permission::TasksWrite),
        /// `catalog.read`
        CatalogRead => Some(Permission::CatalogRead),
        /// `catalog.write`
        CatalogWrite => Some(Permission::CatalogWrite),
        /// `orders.read`
        OrdersRead => Some(Permission::OrdersRead),
        /// `orders.write`
        OrdersWrite => Some(Permission::OrdersWrite),
        /// `orders.send`
        OrdersSend => Some(Permission::OrdersSend),
        /// `invoices.read`
        InvoicesRead => Some(Permission::InvoicesRead),
        /// `invoices.write`
        InvoicesWrite => Some(Permission::InvoicesWrite),
        /// `invoices.issue`
        InvoicesIssue => Some(Permission::InvoicesIssue),
        /// `payments.write`
        PaymentsWrite => Some(Permission::PaymentsWrite),
        /// `billing.manage`
        BillingManage => Some(Permission::BillingManage),
        /// `accounting.export`
        AccountingExport => Some(Permission::AccountingExport),
        /// `accounting.manage`
        AccountingManage => Some(Permission::AccountingManage),
    }
}

/// A request whose actor holds the permission `P`: the check, made by being an argument.
pub struct Authorized<P> {
    /// Who asks.
    pub actor: Actor,
    /// The instance.
    pub app: App,
    permit: PhantomData<P>,
}

impl<P> Authorized<P> {
    /// A transaction that may write.
    pub async fn begin(&self) -> Result<Tx, Failure> {
        self.app.db.begin(self.actor.clone()).await
    }

    /// A transaction that only reads; end it by dropping it.
    pub async fn read(&self) -> Result<Tx, Failure> {
        self.app.db.read(self.actor.clone()).await
    }
}

impl<P: Permit> FromRequestParts<App> for Authorized<P> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let actor = parts
            .extensions
            .get::<Identity>()
            .and_then(|identity| identity.0.clone())
            .ok_or_else(|| Problem::new(ProblemKind::Unauthenticated))?;
        if let Some(permission) = P::PERMISSION
            && !actor.may(permission)
        {
            return Err(Problem::new(ProblemKind::Forbidden).with("permission", permission.key()).into());
        }
        Ok(Self { actor, app: app.clone(), permit: PhantomData })
    }
}
