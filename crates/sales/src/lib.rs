//! What the company sells: the catalogue with its prices, and the VAT rates in force.

pub mod catalog;
pub mod vat;

use utoipa_axum::router::OpenApiRouter;
use vision_platform::App;

/// Every route of the context, relative to the API's base.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(catalog::routes())
}
