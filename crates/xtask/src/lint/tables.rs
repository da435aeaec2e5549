//! Table ownership: every table names the crate that owns it, and only that crate writes it.

use super::line_of;
use crate::workspace::{files_with, read, root, shown};
use std::collections::BTreeMap;
use std::path::Path;

/// Places whose SQL may write any table: they make data as a whole.
const EXEMPT: [&str; 2] = ["/src/demo", "crates/testkit/"];
/// How a statement that writes begins.
const VERBS: [&str; 3] = ["INSERT INTO ", "UPDATE ", "DELETE FROM "];

pub(super) fn check() -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    let mut owners = BTreeMap::new();
    for path in files_with(&root().join("migrations"), &["sql"]) {
        let text = read(&path)?;
        owners.extend(owners_of(&text));
        findings.extend(
            ownerless(&text)
                .into_iter()
                .map(|table| format!("{}: table {table} has no `COMMENT ON TABLE {table} IS 'owner: …'`", shown(&path))),
        );
    }
    for path in files_with(&root().join("crates"), &["rs"]) {
        let place = shown(&path);
        let Some(krate) = crate_of(&place).filter(|_| !EXEMPT.iter().any(|exempt| place.contains(exempt))) else { continue };
        let text = read(&path)?;
        for (offset, table) in writes(&text) {
            if let Some(owner) = owners.get(table).filter(|owner| *owner != krate) {
                findings.push(format!("{place}:{}: {krate} writes {table}, which {owner} owns", line_of(&text, offset)));
            }
        }
    }
    Ok(findings)
}

/// The crate of a source file; tests may write what they like.
fn crate_of(place: &str) -> Option<&str> {
    let mut parts = Path::new(place).iter().filter_map(|part| part.to_str());
    (parts.next()? == "crates").then_some(())?;
    let name = parts.next()?;
    (parts.next()? == "src" && name != "xtask").then_some(name)
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Tables that a migration creates and nobody claims in it.
fn ownerless(sql: &str) -> Vec<String> {
    let claimed = owners_of(sql);
    let made = sql
        .lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE "))
        .map(|rest| word(rest.trim_start_matches("IF NOT EXISTS ")).to_owned());
    made.filter(|table| !claimed.contains_key(table)).collect()
}

/// The owner by table, from `COMMENT ON TABLE x IS 'owner: y'`.
fn owners_of(sql: &str) -> BTreeMap<String, String> {
    let comments = sql.lines().filter_map(|line| line.strip_prefix("COMMENT ON TABLE "));
    comments.filter_map(|rest| Some((word(rest).to_owned(), word(rest.split_once("'owner: ")?.1).to_owned()))).collect()
}

/// The tables that a source file writes, with the place of each statement.
fn writes(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for verb in VERBS {
        for (offset, _) in source.match_indices(verb) {
            let rest = source.get(offset + verb.len()..).unwrap_or_default();
            let table = word(rest.strip_prefix("ONLY ").unwrap_or(rest));
            // `FOR UPDATE OF c` and `DO UPDATE SET` go on in capitals.
            if !table.is_empty() {
                found.push((offset, table));
            }
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_an_owner_is_found() {
        let sql = "CREATE TABLE tags (\n);\nCOMMENT ON TABLE tags IS 'owner: crm';\nCREATE TABLE stray (\n);\n";
        assert_eq!(ownerless(sql), ["stray"]);
        assert_eq!(owners_of(sql)["tags"], "crm");
    }

    #[test]
    fn statements_that_write_are_told_from_locks_and_upserts() {
        let source = "INSERT INTO tags (a) VALUES (1) ON CONFLICT DO UPDATE SET a = 2\nSELECT 1 FOR UPDATE OF c\nUPDATE contacts SET x\nDELETE FROM notes WHERE";
        let tables: Vec<&str> = writes(source).into_iter().map(|(_, table)| table).collect();
        assert_eq!(tables, ["tags", "contacts", "notes"]);
    }

    #[test]
    fn only_a_crates_sources_are_held_to_ownership() {
        assert_eq!(crate_of("crates/crm/src/tags/ops.rs"), Some("crm"));
        assert_eq!(crate_of("crates/crm/tests/it/tags.rs"), None);
        assert_eq!(crate_of("crates/xtask/src/main.rs"), None);
    }
}
