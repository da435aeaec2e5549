//! What a signed-in person may do with their own account.

pub mod http;
pub mod passkeys;
