//! Importing records from a file: upload, mapping, dry run, run, undo.
//!
//! Invariants: the dry run and the run apply the same rules to the same rows; a batch of rows commits with the progress it makes,
//! so a killed import goes on after its last batch without losing or doubling a row; what an import did can be undone for 30 days.

pub(crate) mod contacts;
mod custom;
pub mod engine;
mod entities;
pub mod fields;
pub mod http;
pub(crate) mod jobs;
mod people;
pub(crate) mod reader;
mod rejects;
mod report;
mod samples;
pub(crate) mod store;
pub(crate) mod target;
mod tasks;

pub use http::routes;
