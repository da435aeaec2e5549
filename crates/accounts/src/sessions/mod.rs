//! Sessions: made at sign-in, kept alive by rotating refresh tokens, revoked one by one or all at once.
//!
//! Invariant: a refresh token is good once. The one before it is forgiven for ten seconds, because two tabs may refresh at the
//! same moment; later, its return means that it was stolen, and the whole family ends.

pub mod http;
pub(crate) mod ops;
pub(crate) mod store;

pub use http::SessionOut;
pub use ops::{Client, revoke_all};
