//! Quotes, from the draft to the answer: "orders" to the API.
//!
//! Invariants: a draft has no number; what is sent is frozen as a version with the bytes of its PDF, and a later version ends the answers
//! to it (QI-06); a version is answered once; an acceptance is written with its evidence and its sealed paper in one transaction (QI-07);
//! what is invoiced of a quote never exceeds what was accepted (QI-14).

pub mod answer;
pub(crate) mod demo;
mod document;
mod events;
mod evidence;
pub mod http;
mod invoicing;
pub(crate) mod jobs;
pub mod model;
mod ops;
mod settings;
mod store;

pub use crate::invoices::issue::logo;
pub use http::routes;
pub use invoicing::ask_for_deposit;
