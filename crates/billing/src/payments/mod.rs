//! Money that comes in, allocated to invoices by VAT rate (EI-16), and the closings of the till (IS-07).
//!
//! Invariants: an entry is never changed, a mistake is reversed by an entry that names it (IS-05); every entry is a link of its till's chain;
//! a closed day takes no entry; the perpetual total only grows.

mod closings;
pub(crate) mod demo;
pub mod http;
pub mod model;
mod ops;
mod store;

pub use closings::CloseTill;
pub(crate) use closings::{beat, close_due};
pub use http::routes;
pub(crate) use store::first_day;
