//! Tags: short names with a tone, shared by the tenant. Two spellings that differ only by case or accents are one tag.

pub mod http;
pub(crate) mod ops;

pub use http::routes;
