//! What people agreed to and objected to, by channel and purpose, with proof (MK-16), and the list of objections (MK-17).
//!
//! Invariants: a decision is a row that never changes; the last one counts; a contact without a decision has agreed to nothing, and an
//! import brings none; whoever withdraws is put on the list of objections, by the hash of each address, and the list outlives the
//! contact: the same address comes back as somebody who objected.

pub mod demo;
pub mod http;
pub mod model;
mod oppositions;
pub mod ops;
mod store;

pub use http::routes;
