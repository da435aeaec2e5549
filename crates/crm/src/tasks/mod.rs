//! Tasks: to-dos, calls and meetings, for one member or for nobody yet, about a record or not.
//!
//! Invariants: a task is open until it is done; `due_at` and `remind_at` follow from the day, the hour and the company's time zone and
//! change with them; completing a task of a series makes the next one, once; a deleted task can be brought back for 30 days.

pub(crate) mod events;
pub mod export;
pub mod filter;
pub mod http;
pub mod jobs;
pub mod model;
pub(crate) mod ops;
pub(crate) mod store;
pub(crate) mod subjects;
pub(crate) mod when;

pub use http::routes;
