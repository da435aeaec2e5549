//! Sign-up, verification of the address, forgotten passwords. Nothing here tells whether an address has an account.

pub mod http;
pub(crate) mod ops;
pub(crate) mod store;
