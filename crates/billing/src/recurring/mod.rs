//! Invoices that come again.
//!
//! Invariants: each occurrence comes once, whatever runs twice; what was missed comes once, dated the day on which it is caught up; what cannot
//! be issued stays as a draft that says why, and somebody is told.

pub mod http;
pub mod jobs;
mod model;
mod ops;
mod store;

pub use http::routes;
