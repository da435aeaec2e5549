//! How the company invoices, and who it is on its documents.
//!
//! Invariant: nothing is issued before the profile is complete (QI-03): [`Seller::missing`] says what is lacking, in words.

pub mod http;
mod model;
mod store;

pub use http::routes;
pub(crate) use model::Seller;
pub(crate) use store::seller;

use vision_platform::{Failure, Tx};

/// The way of invoicing of a demo company.
pub(crate) async fn demo(tx: &mut Tx, city: &str) -> Result<(), Failure> {
    let seller = seller(tx).await?;
    let profile = model::Profile {
        share_capital: Some("10 000 €".to_owned()),
        rcs_city: Some(city.to_owned()),
        iban: Some("FR7630006000011234567890189".to_owned()),
        bic: Some("AGRIFRPP".to_owned()),
        ..seller.profile
    };
    Ok(store::put(tx, &profile).await?)
}
