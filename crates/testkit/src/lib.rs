//! What tests stand on: a real PostgreSQL database per test, an instance of the product on it, personas that speak HTTP.
//!
//! The server is one managed cluster below `target/`, shared by all tests and by all test processes; a template database is
//! migrated once per set of migrations and cloned for each test, in about a tenth of a second. The clone is dropped when the test
//! succeeds and kept for a look when it fails.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a broken test set-up should stop the test with its cause")]
#![expect(clippy::missing_panics_doc, reason = "every function here panics when the set-up is broken")]

pub mod db;
pub mod http;

pub use db::TestDb;
pub use http::{Answer, Persona, TestApp};
