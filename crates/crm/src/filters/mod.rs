//! Filters of any depth over contacts and over entities: groups of conditions joined by "and" or "or", read once at the edge into [`Tree`] and compiled
//! to the tests that the database knows (`record_test`, ADR 0009). A condition about something that is gone, such as a deleted field,
//! holds for nobody: a filter never matches more than was asked for.

pub(crate) mod around;
pub(crate) mod compile;
pub(crate) mod model;
mod read;
mod read_entity;
pub(crate) mod when;

pub(crate) use around::{compiled, surroundings};
pub(crate) use compile::compile;
pub use model::{FilterNode, Tree};
