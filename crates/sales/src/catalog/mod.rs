//! What the company sells: goods, services, parts, and packages made of them.
//!
//! Invariants: a reference and a barcode name one item; a package holds no package and is priced by itself; an item that was archived
//! stays on the documents that name it, because they carry copies.

pub mod demo;
mod events;
pub mod http;
pub mod model;
mod ops;
mod store;

pub use http::routes;
