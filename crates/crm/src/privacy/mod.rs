//! The privacy desk: which data are held where, requests of persons with their deadlines, copies of a person's data,
//! and erasure (GD-01 to GD-03).
//!
//! Invariants: every column of every table is classified; an erased person is found nowhere but where the registry says that the law
//! keeps them; what an erasure did is certified without saying whom it was done to.

pub mod access;
pub(crate) mod alerts;
mod certificate;
pub mod erasure;
pub mod http;
mod jobs;
mod letterhead;
pub mod registry;
pub mod requests;
pub mod retention;
mod store;
mod tables;
mod tables_elsewhere;
mod tables_trade;
mod terms;

pub use access::ExportPerson;
pub use http::routes;
pub use jobs::EraseContact;
pub use retention::Sweep;
