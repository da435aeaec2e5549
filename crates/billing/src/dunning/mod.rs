//! Reminders of what is due, by plans that follow the law: nothing that is not about the debt, no fees to consumers (QI-38).
//!
//! Invariants: a step of an invoice is sent once; nothing is sent for what is paid, paused, or older than the plan, and that is looked at again,
//! with the invoice locked, by the job that sends; nothing leaves on a weekend or a public holiday.

mod fees;
pub mod http;
pub mod jobs;
mod letter;
mod model;
mod ops;
mod store;
mod texts;

pub use http::routes;
