//! Signing in: password, then a second factor if there is one; or a passkey alone. Throttled by address and by account, with one
//! answer for every failure.

pub mod http;
pub(crate) mod ops;
pub mod passkey_http;
pub(crate) mod passkeys;
pub(crate) mod totp;
