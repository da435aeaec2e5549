//! Who works here: members, invitations, roles.
//!
//! Invariants: a tenant has at least one active owner; only an owner makes or unmakes an owner; nobody grants a permission that they lack.

pub mod http;
pub mod invitations;
pub mod roles;
pub(crate) mod store;
