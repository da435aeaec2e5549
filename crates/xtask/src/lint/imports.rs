//! The import graph: edges between crates are those of the table in ARCHITECTURE.md and no others.

use crate::workspace::{Manifest, crates, read, root};
use std::collections::BTreeMap;

/// Title of the table's first column; the table ends at the first line that is no row.
const TABLE: &str = "| crate |";
/// The crate that every test may use.
const TESTKIT: &str = "testkit";

pub(super) fn check() -> Result<Vec<String>, String> {
    let table = table(&read(&root().join("ARCHITECTURE.md"))?);
    if table.is_empty() {
        return Err(format!("ARCHITECTURE.md has no table that starts with `{TABLE}`"));
    }
    Ok(compare(&table, &crates()?))
}

fn table(text: &str) -> BTreeMap<String, Vec<String>> {
    let rows = text.lines().skip_while(|line| !line.starts_with(TABLE)).skip(2).take_while(|line| line.starts_with('|'));
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    rows.filter_map(|row| {
        let mut cells = row.trim_matches('|').split('|');
        let name = cell(cells.next()?);
        let imports = cells.next()?.split(',').map(cell).filter(|name| !matches!(name.as_str(), "" | "—")).collect();
        Some((name, imports))
    })
    .collect()
}

fn compare(table: &BTreeMap<String, Vec<String>>, crates: &[(String, Manifest)]) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, manifest) in crates {
        let Some(allowed) = table.get(name) else {
            findings.push(format!("ARCHITECTURE.md: the import table has no row for crate {name}"));
            continue;
        };
        let edge = |other: &String| format!("crates/{name}/Cargo.toml: {name} → {other} is not in the import table of ARCHITECTURE.md");
        findings.extend(manifest.normal.iter().filter(|other| !allowed.contains(other)).map(edge));
        findings.extend(manifest.dev.iter().filter(|other| !allowed.contains(other) && *other != TESTKIT && *other != name).map(edge));
        let unused = allowed.iter().filter(|other| !manifest.normal.contains(other));
        findings
            .extend(unused.map(|other| format!("ARCHITECTURE.md: {name} → {other} is in the import table, but {name} does not import it")));
    }
    let gone = table.keys().filter(|name| !crates.iter().any(|(other, _)| other == *name));
    findings.extend(gone.map(|name| format!("ARCHITECTURE.md: the import table names {name}, which is no crate")));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "words\n\n| crate | may import | why |\n|---|---|---|\n| `kernel` | — | |\n| `crm` | kernel | |\n\n| crate | no | other |\n";

    fn krate(name: &str, normal: &[&str], dev: &[&str]) -> (String, Manifest) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        (name.to_owned(), Manifest { normal: owned(normal), dev: owned(dev) })
    }

    #[test]
    fn the_first_table_is_read() {
        let table = table(TEXT);
        assert_eq!(table.len(), 2);
        assert_eq!(table["crm"], ["kernel"]);
        assert!(table["kernel"].is_empty());
    }

    #[test]
    fn a_new_edge_and_a_forgotten_row_are_found_and_tests_may_use_the_testkit() {
        let fine = [krate("crm", &["kernel"], &["testkit"]), krate("kernel", &[], &[])];
        assert!(compare(&table(TEXT), &fine).is_empty());
        let wrong = [krate("crm", &["kernel", "billing"], &[]), krate("kernel", &[], &["crm"]), krate("billing", &[], &[])];
        let findings = compare(&table(TEXT), &wrong);
        assert_eq!(findings.len(), 3);
        assert!(findings[0].contains("crm → billing") && findings[1].contains("kernel → crm") && findings[2].contains("crate billing"));
    }
}
