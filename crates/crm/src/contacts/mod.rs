//! A contact is a person or a company that the tenant deals with.
//!
//! Invariants: a contact has at least a name, an e-mail or a phone; its status is derived, never typed; only an archived contact
//! can be deleted; `contact_keys` holds what identifies it, in normal form, and changes in the same transaction.

pub mod buyers;
pub(crate) mod events;
pub mod filter;
pub mod http;
pub(crate) mod links;
pub mod model;
pub(crate) mod ops;
pub(crate) mod search;
pub(crate) mod store;

pub use http::routes;
pub use model::{Contact, Draft};
