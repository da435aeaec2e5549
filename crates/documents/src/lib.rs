//! Files that people take away: tables for spreadsheets (CSV as a French Excel opens it, XLSX), vCards, PDFs.
//!
//! Everything is written to disk as it comes, in bounded memory, and blocks: call it from a blocking task. A file is complete
//! only after `finish`; one that was not finished is of no use and is the caller's to remove.

mod archive;
pub mod commercial;
mod layout;
pub mod pdf;
mod table;
mod vcard;
pub mod words;

pub use archive::{ArchiveReader, ArchiveWriter, create_private};
pub use table::{Cell, Summary, TableWriter};
pub use vcard::{Card, CardAddress, VcardWriter};

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The disk, the folder, its permissions.
    #[error("the file cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// More rows than a sheet of Excel holds (1,048,575 below the header).
    #[error("a sheet of Excel holds no more than 1,048,575 rows")]
    TooManyRows,
    /// A row of another width than the header: a fault of the program.
    #[error("a row has {found} cells where there are {expected} columns")]
    Width {
        /// Columns.
        expected: usize,
        /// Cells.
        found: usize,
    },
    /// An archive cannot be written or read.
    #[error("the archive: {0}")]
    Archive(String),
    /// The layout failed: a fault of the program.
    #[error("the document cannot be laid out: {0}")]
    Pdf(String),
    /// The workbook refused something.
    #[error("the workbook cannot be written: {0}")]
    Workbook(String),
}
