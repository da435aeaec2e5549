//! From the draft to the money: invoices with numbers without a gap, the chain that proves them, payments and closings.

mod day;
pub mod demo;
pub mod invoices;
mod letters;
pub mod orders;
pub mod payments;
pub mod profiles;
pub mod seal;

use utoipa_axum::router::OpenApiRouter;
use vision_platform::App;
use vision_platform::jobs::JobRegistry;
use vision_platform::schedule::Beat;

/// Every route of the context, relative to the API's base.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(profiles::routes())
        .merge(orders::routes())
        .merge(invoices::routes())
        .merge(payments::routes())
        .merge(seal::routes())
}

/// Every job of the context.
pub fn jobs(registry: JobRegistry) -> JobRegistry {
    registry.with::<orders::jobs::StampAnswer>().with::<orders::jobs::RemindOrder>()
}

/// What a clock looks for.
pub fn beats() -> Vec<Beat> {
    vec![orders::jobs::beat]
}
