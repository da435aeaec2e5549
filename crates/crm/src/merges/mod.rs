//! Duplicates: finding them, making one contact of two, and taking that back.

pub mod http;
pub mod jobs;
pub(crate) mod model;
pub(crate) mod ops;
pub mod references;
pub(crate) mod store;

pub use http::{redirect, routes};
pub use ops::sweep;
