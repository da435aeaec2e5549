//! Archives of a closed period, readable and checkable without this product (IS-09), and the attestation of the law against VAT fraud (IS-03).
//!
//! Invariants: an archive holds every record that was sealed in its period, as it was sealed, the documents that they seal, the hash of every
//! file and a signature over all of it; nothing is deleted because it was archived.

mod attestation;
pub mod http;
mod pack;
mod store;

pub use http::routes;
pub use pack::MakeArchive;
