//! How the company invoices, and who it is on its documents.
//!
//! Invariant: nothing is issued before the profile is complete (QI-03): [`Seller::missing`] says what is lacking, in words.

mod http;
mod model;
mod store;

pub use http::routes;
pub(crate) use model::Seller;
pub(crate) use store::seller;
