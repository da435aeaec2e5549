//! Licences, banned crates and sources of the dependencies, as `deny.toml` says.
//!
//! `cargo deny` does it where it is installed. It takes longer to build than the product's own tests, so that elsewhere the
//! same lists are checked here with cargo alone; only the advisories, which need the network, are left to `cargo deny`.

use crate::run::{Done, capture_text, command, has_cargo, run, say};
use crate::workspace::{read, root};
use std::collections::BTreeSet;

/// Checks the dependencies.
pub(crate) fn check() -> Done {
    if has_cargo("deny") {
        return run(&mut command(&root(), "cargo", &["deny", "--workspace", "check", "bans", "licenses", "sources"]));
    }
    let rules = read(&root().join("deny.toml"))?;
    let (licences, banned) = (list(&rules, "allow"), list(&rules, "deny"));
    if licences.is_empty() {
        return Err("deny.toml allows no licence".into());
    }
    let tree = ["tree", "--workspace", "--locked", "--prefix", "none", "--edges", "normal,build,dev", "--format", "{p}\t{l}"];
    let packages: BTreeSet<String> =
        capture_text(&mut command(&root(), "cargo", &tree))?.lines().map(|line| line.replace(" (*)", "")).collect();
    let mut findings = Vec::new();
    for line in &packages {
        let Some((package, licence)) = line.split_once('\t') else { continue };
        let name = package.split(' ').next().unwrap_or(package);
        if banned.iter().any(|other| other == name) {
            findings.push(format!("{package} is banned by deny.toml"));
        }
        // Our own crates are in the workspace: cargo shows their folder.
        if !package.contains(" (/") && !permitted(licence, &licences) {
            findings.push(format!("{package}: the licence `{licence}` is not in deny.toml"));
        }
    }
    findings.extend(foreign_sources(&read(&root().join("Cargo.lock"))?));
    if !findings.is_empty() {
        return Err(format!("\n  {}", findings.join("\n  ")));
    }
    say(&format!("{} packages: licences, bans and sources hold", packages.len()));
    Ok(())
}

/// The quoted words of the first array under a key.
fn list(toml: &str, key: &str) -> Vec<String> {
    let mut lines =
        toml.lines().map(|line| line.split('#').next().unwrap_or(line)).skip_while(|line| !line.starts_with(&format!("{key} = [")));
    let mut text = String::new();
    for line in lines.by_ref() {
        text.push_str(line);
        if line.contains(']') {
            break;
        }
    }
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be satisfied by the allowed licences: every part joined by AND needs one of those joined by OR.
fn permitted(expression: &str, allowed: &[String]) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    let one = |name: &str| allowed.iter().any(|licence| licence == name.trim());
    // `A OR B AND C` is read as `(A OR B) AND C`: stricter than SPDX, never laxer with these lists.
    flat.split(" AND ").all(|part| part.split(" OR ").any(one))
}

/// Packages from elsewhere than the public registry.
fn foreign_sources(lock: &str) -> Vec<String> {
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let foreign: BTreeSet<&str> = sources.filter(|source| !source.contains("crates.io-index")).collect();
    foreign.into_iter().map(|source| format!("Cargo.lock has packages from {source}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_satisfied_part_by_part() {
        let allowed = ["MIT".to_owned(), "Apache-2.0".to_owned()];
        assert!(permitted("MIT", &allowed) && permitted("GPL-3.0 OR MIT", &allowed) && permitted("MIT/Apache-2.0", &allowed));
        assert!(permitted("(MIT OR GPL-3.0) AND Apache-2.0", &allowed));
        assert!(!permitted("GPL-3.0", &allowed) && !permitted("MIT AND GPL-3.0", &allowed) && !permitted("", &allowed));
    }

    #[test]
    fn arrays_are_read_over_several_lines() {
        assert_eq!(list("x = 1\nallow = [\n  \"MIT\", # reason\n  \"ISC\",\n]\n", "allow"), ["MIT", "ISC"]);
        assert!(list("", "allow").is_empty());
    }

    #[test]
    fn another_registry_is_found() {
        assert!(foreign_sources("source = \"registry+https://github.com/rust-lang/crates.io-index\"\n").is_empty());
        assert_eq!(foreign_sources("source = \"git+https://example.org/x\"\n").len(), 1);
    }
}
