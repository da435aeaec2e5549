//! Customers: people and companies, their tags, notes and history, imports and exports.

use std::collections::BTreeMap;
use utoipa_axum::router::OpenApiRouter;
use vision_platform::App;
use vision_platform::background::Runner;
use vision_platform::jobs::JobRegistry;
use vision_platform::outbox::Subscriber;

/// Every route of the context, relative to the API's base.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// Every job of the context.
pub fn jobs(registry: JobRegistry) -> JobRegistry {
    registry
}

/// Who reacts to events.
pub fn subscribers() -> Vec<Subscriber> {
    Vec::new()
}

/// How background jobs are undone.
pub fn runners() -> BTreeMap<&'static str, Runner> {
    BTreeMap::new()
}
