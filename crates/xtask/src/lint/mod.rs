//! Rules of the project that no compiler checks: who imports whom, who writes which table, how long a file may be.

mod files;
mod imports;
mod tables;

use crate::run::{Done, say};

/// Runs every rule and lists what breaks one.
pub(crate) fn all() -> Done {
    let mut findings = imports::check()?;
    findings.extend(tables::check()?);
    findings.extend(files::check()?);
    if findings.is_empty() {
        say("imports, tables, files: in order");
        return Ok(());
    }
    Err(format!("{} found\n  {}", findings.len(), findings.join("\n  ")))
}

/// Where in a text an offset lies: its line, counted from one.
fn line_of(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1)
}
