//! Invoices and credit notes, from the draft to the sealed document.
//!
//! Invariants: a draft has no number and may be thrown away; issuing takes the number, writes the document, seals it and tells the timeline
//! in one transaction (QI-24); what is issued is never changed, only credited or corrected (QI-28); a credit note never exceeds what it
//! credits, rate by rate (QI-29).

mod automatic;
mod contract;
pub mod credit;
pub(crate) mod demo;
mod deposits;
pub(crate) mod document;
mod events;
pub mod http;
pub(crate) mod issue;
pub mod model;
pub(crate) mod numbers;
mod ops;
mod prints;
pub mod sendings;
pub(crate) mod store;

pub(crate) use automatic::{InvoiceDraft, checked_content, content_of, draft, gross_of, issue_draft};
pub use http::routes;
pub(crate) use issue::logo;
pub(crate) use ops::from_order;
pub(crate) use prints::issued_files;
pub(crate) use store::{Due, due, files, lock_due, original, paid, shown};
