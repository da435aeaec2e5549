//! The HTTP edge that every route shares: identity, limits, problems, security headers, idempotency, JSON.

pub mod edge;
pub mod idempotency;
pub mod json;
pub mod problem;
pub mod ratelimit;
pub mod sse;
pub mod version;

pub use json::{Created, Json};
pub use version::{Versioned, expected_version};

use vision_kernel::{Cursor, Problem};

/// The page size asked for, between 1 and 100.
pub fn page_limit(asked: Option<u32>, default: usize) -> usize {
    asked.map_or(default, |limit| usize::try_from(limit).unwrap_or(default)).clamp(1, 100)
}

/// Reads a cursor from the query; one that we did not make is an error, not an empty page.
pub fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Problem> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => {
            Cursor::decode(text).map(Some).ok_or_else(|| Problem::field("?cursor", "invalid", "Ce repère de page n’est pas valable."))
        }
    }
}
