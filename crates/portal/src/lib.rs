//! What the tenants' customers see: pages rendered here, that work without JavaScript, at 360 px, and for those who hold a link.
//!
//! Nobody signs in. A link names its tenant and what it opens (`platform::public_link`); a page shows that one thing and nothing else of
//! the tenant. GET never changes what a link stands for: mail scanners follow links.

mod quotes;
mod shell;
mod verify;
mod visitor;

use axum::{Router, middleware};
use vision_platform::App;

/// Every page of the customers' side, from the root of the site.
pub fn routes(app: &App) -> Router<App> {
    Router::new()
        .merge(shell::routes())
        .merge(quotes::routes())
        .merge(verify::routes())
        .layer(middleware::from_fn_with_state(app.clone(), visitor::layer))
}

/// Where the deposit of an accepted quote is paid; empty: nothing is asked, or it is paid already.
async fn deposit_address(_app: &App, _tenant: uuid::Uuid, _order: uuid::Uuid) -> Result<String, vision_platform::Failure> {
    Ok(String::new())
}
