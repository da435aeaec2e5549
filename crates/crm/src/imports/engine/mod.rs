//! The import engine: from a file of any usual kind to candidates, without a database, a network or a clock.
//!
//! The way of a file: [`sniff_path`] tells what it is, [`Table`] yields its rows one by one, [`guess_mapping`] says which
//! column holds what, [`parse_row`] turns a row into a [`Candidate`] or a reason to refuse it, [`MatchKeys`] says whether
//! the candidate is somebody already known.
//!
//! Invariants:
//! - Memory is bounded by one row, whatever the file's length (XLSX: plus its table of shared texts).
//! - Nothing is lost silently: what a row holds ends in its candidate, in a warning, or in the reason of its refusal.
//! - The same file gives the same rows with the same numbers each time, so that an interrupted import can go on.

mod address;
mod birthday;
mod candidate;
mod decode;
mod duplicates;
mod error;
mod field;
mod headers;
mod mapping;
mod name;
mod row;
mod sheet;
mod sniff;
mod table;
mod values;
mod vcard;
mod zip;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use address::{Address, country_code};
pub use birthday::read_date;
pub use candidate::{Candidate, Kind};
pub use duplicates::{Match, MatchKeys, keys, matches};
pub use error::FileError;
pub use field::{Field, FieldGroup};
pub use headers::normal as normal_header;
pub use mapping::{Source, guess_mapping};
pub use name::{FullName, split_full_name};
pub use row::{Parsed, Reason, Warning, WarningCode, cell_text, parse_row};
pub use sniff::{Encoding, Format, sniff, sniff_path};
pub use table::{CELL_MAX, COLUMNS_MAX, ROWS_MAX, Row, Table};
