//! Files: none too long to read in one go, every Rust module says what it is, no word that was meant to be temporary.

use crate::workspace::{files_with, read, root, shown};

/// Most lines of a file written by hand.
const MAX_LINES: usize = 600;
/// Made by a tool.
const GENERATED: [&str; 1] = ["web/app/src/api/schema.d.ts"];
/// Words that do not land, by extension; the third part says why. Written in halves, so that this file may land.
const FORBIDDEN: [(&str, &str, &str); 9] = [
    ("rs", concat!("todo", "!("), "finish it or leave it out"),
    ("rs", concat!("unimplemented", "!("), "finish it or leave it out"),
    ("rs", concat!("dbg", "!("), "a leftover of debugging"),
    ("rs", concat!("#[", "allow("), "use #[expect(…, reason = \"…\")]"),
    ("rs", concat!("#[", "ignore]"), "a test runs, or says why not: #[ignore = \"…\"]"),
    ("ts", concat!("test", ".only("), "the other tests would not run"),
    ("ts", concat!("test", ".skip("), "a test runs or goes"),
    ("ts", concat!("@ts", "-ignore"), "say what the type is"),
    ("ts", concat!("console", ".log("), "a leftover of debugging"),
];

pub(super) fn check() -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for folder in ["crates", "migrations", "web/app/src", "web/e2e"] {
        for path in files_with(&root().join(folder), &["rs", "sql", "ts", "tsx", "css"]) {
            let place = shown(&path);
            if GENERATED.contains(&place.as_str()) {
                continue;
            }
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            let is_module = extension == "rs" && !place.ends_with("_tests.rs");
            findings
                .extend(of(&read(&path)?, extension, is_module).into_iter().map(|(line, finding)| format!("{place}:{line}: {finding}")));
        }
    }
    Ok(findings)
}

fn of(text: &str, extension: &str, is_module: bool) -> Vec<(usize, String)> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        findings.push((lines, format!("{lines} lines: split the file, {MAX_LINES} is the most")));
    }
    if is_module && !text.starts_with("//!") {
        findings.push((1, "a module starts with `//!`: what it is and what always holds".to_owned()));
    }
    for (number, line) in text.lines().enumerate() {
        let words = FORBIDDEN.iter().filter(|(kind, word, _)| extension.starts_with(kind) && line.contains(word));
        findings.extend(words.map(|(_, word, why)| (number + 1, format!("`{word}`: {why}"))));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_and_temporary_words_are_found() {
        assert!(of("//! A module.\nfn main() {}\n", "rs", true).is_empty());
        assert_eq!(of("fn main() {}\n", "rs", true).len(), 1);
        assert_eq!(of(&format!("//! A module.\n{}", "x\n".repeat(600)), "rs", true).len(), 1);
        let leftover = format!("//! A module.\n{}", concat!("dbg", "!(1);"));
        assert_eq!(of(&leftover, "rs", true).first().map(|(line, _)| *line), Some(2));
        assert_eq!(of(concat!("test", ".only('x')"), "tsx", false).len(), 1);
    }
}
