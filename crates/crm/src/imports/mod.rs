//! Importing contacts from a file: upload, mapping, dry run, run, undo.
//!
//! Invariants: the dry run and the run apply the same rules to the same rows; a batch of rows commits with the progress it makes,
//! so a killed import goes on after its last batch without losing or doubling a row; what an import did can be undone for 30 days.

pub mod engine;
pub mod http;
pub(crate) mod jobs;
pub(crate) mod matcher;
pub(crate) mod reader;
pub(crate) mod run;
pub(crate) mod store;
pub(crate) mod undo;

pub use http::routes;
