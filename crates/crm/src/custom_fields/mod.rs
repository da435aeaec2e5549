//! Fields that a tenant adds to its records. Definitions live in `custom_fields`, values in the record's `custom` object.

pub mod http;
pub mod index;
pub mod jobs;
pub(crate) mod model;
pub(crate) mod ops;
pub(crate) mod sort;
pub(crate) mod store;

pub use http::routes;
