//! Views: what a list shows, kept under a name. Its filter makes a segment, counted live; its columns and its order go with it.
//! A view is private, or shared with everybody who sees the list; it never shows a reader more than their own rights do.

pub(crate) mod filter;
pub mod http;
mod ops;
mod store;

pub use http::routes;
pub use ops::{contact_ids, filter_of};
