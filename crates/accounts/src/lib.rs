//! Who may come in, and as what: people, tenants, roles, sessions, keys.
//!
//! A person (`users`) belongs to tenants through memberships. A sign-in makes a session in one tenant; every request looks the
//! session up, so that a revocation holds at once. Sign-in work runs as the cross-tenant role; all the rest runs in the tenant.

pub mod api_keys;
pub mod audit;
pub mod authenticator;
pub mod events;
pub mod housekeeping;
pub mod mails;
pub mod me;
pub mod password;
pub mod provision;
pub mod sessions;
pub mod signin;
pub mod signup;
pub mod team;
pub mod tenant;
pub mod tokens;

pub use authenticator::Sessions;

use utoipa_axum::router::OpenApiRouter;
use vision_platform::App;
use vision_platform::jobs::JobRegistry;

/// Every route of the context, relative to the API's base.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(signup::http::routes())
        .merge(signin::http::routes())
        .merge(signin::passkey_http::routes())
        .merge(sessions::http::routes())
        .merge(me::http::routes())
        .merge(me::passkeys::routes())
        .merge(tenant::http::routes())
        .merge(team::http::routes())
        .merge(team::invitations::routes())
        .merge(team::roles::routes())
        .merge(audit::routes())
        .merge(api_keys::routes())
}

/// Every job of the context.
pub fn jobs(registry: JobRegistry) -> JobRegistry {
    registry.with::<audit::RunAuditExport>()
}
