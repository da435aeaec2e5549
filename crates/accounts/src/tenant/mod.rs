//! The company's own profile: identity, address, look, onboarding.

pub mod http;
pub(crate) mod model;
pub(crate) mod store;
