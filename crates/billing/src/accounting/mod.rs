//! What the accountant takes from the invoices: journals, VAT, who owes what since when, the FEC of sales, and the lock of a period.
//!
//! Invariants: the date of a sale is its day of issue, that of a payment its day of value; totals are the sums of their rows; what lies in
//! a locked period takes nothing any more; the lock moves forward, and back only by an owner who says why.

pub mod accounts;
pub mod export;
pub mod fec;
mod fec_entries;
pub mod http;
pub mod locks;
mod settings;
mod store;

pub(crate) use http::checked_period;
pub use http::routes;
pub(crate) use locks::{guard, unlocked};
