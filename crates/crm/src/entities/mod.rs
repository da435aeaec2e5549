//! An entity is a thing that a contact owns and the tenant serves: a vehicle, an animal, equipment, a property, or a kind of the tenant's own.
//!
//! Invariants: at most one present owner; mileage never falls without a stated reason (GA-10); the history follows the thing and names no
//! owner, so that a change of owner leaves nothing of the previous one in sight (GA-14); who may see an entity is who may see its owner.

pub mod bulk;
pub(crate) mod events;
pub mod export;
pub mod filter;
pub mod history;
pub mod http;
pub mod kinds;
pub mod model;
pub(crate) mod ops;
pub(crate) mod store;

use utoipa_axum::router::OpenApiRouter;
use vision_platform::App;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(http::routes()).merge(history::routes()).merge(kinds::routes()).merge(export::routes()).merge(bulk::routes())
}
