//! The chain that proves that nothing was changed (IS-05, IS-06): one a series and till.
//!
//! Invariants: records are numbered from one without a gap; the hash of each covers the one before and its own text; each is signed with a
//! key of the instance's that no tenant holds; the last link is kept apart, so that records cut off the end are missed.

mod chain;
pub mod http;
mod store;
mod verify;

pub(crate) use chain::{Key, append, lock_head};
pub use http::routes;
pub(crate) use http::{hexadecimal, whole_company};
pub(crate) use store::{ChainRecord, bounds, chain_names, file_hashes, sealed};
pub use verify::{Fault, Verdict, verify};
