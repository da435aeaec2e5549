//! Registers of French companies: none, an invented one without network, and the public one.

pub mod gouv;
pub mod offline;

pub use gouv::Gouv;
pub use offline::{NoRegister, Offline};
