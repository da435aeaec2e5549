//! A company's data taken along whole, in open formats, and brought back into an empty company (GD-20). The archive is a ZIP: JSON Lines per
//! table, the files as they are, a manifest with a checksum of each.
//!
//! Invariants: every table of a company either travels or stays behind for a reason that is written down; an archive is checked whole before
//! anything of it is written, and written in one transaction; nothing of it reaches another company.

mod export;
pub mod http;
mod read;
mod restore;
mod rows;
mod store;
mod tables;

pub use export::ExportCompany;
pub use http::routes;
pub use restore::RestoreCompany;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What an archive calls itself.
const FORMAT: &str = "vision-company/1";
/// Name of the manifest in the archive.
const MANIFEST: &str = "manifest.json";

/// What is in an archive.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: String,
    /// The last migration of the database that it comes from.
    schema: i64,
    exported_at: String,
    company: String,
    tables: Vec<TableEntry>,
    files: Vec<FileEntry>,
    /// Files that a row names and that the store did not have.
    #[serde(default)]
    missing: Vec<String>,
}

/// A table in an archive: `tables/<name>.jsonl`, a row each line.
#[derive(Debug, Serialize, Deserialize)]
struct TableEntry {
    name: String,
    rows: u64,
    /// Of the lines, in hexadecimal.
    sha256: String,
}

/// A file in an archive: `files/<path>`.
#[derive(Debug, Serialize, Deserialize)]
struct FileEntry {
    path: String,
    size: u64,
    sha256: String,
}

fn table_path(name: &str) -> String {
    format!("tables/{name}.jsonl")
}

fn file_path(path: &str) -> String {
    format!("files/{path}")
}

/// A checksum as the manifest writes it.
fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
