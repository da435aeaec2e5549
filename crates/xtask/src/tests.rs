//! The tests, by part, with the runners' own output.

use crate::run::{Done, command, has_cargo, run, say};
use crate::workspace::{root, web};
use crate::{browser, judge, setup};
use std::process::Command;

/// Runs the named parts, or all of them. What comes after `--` goes to the runner of the one part that was named.
pub(crate) fn chosen(arguments: &[&str]) -> Done {
    let split = arguments.iter().position(|word| *word == "--").unwrap_or(arguments.len());
    let (parts, extra) = arguments.split_at(split);
    let extra = extra.get(1..).unwrap_or_default();
    if !extra.is_empty() && parts.len() != 1 {
        return Err("name the one part that the arguments after -- are for".into());
    }
    let parts = if parts.is_empty() { &["rust", "judge", "web", "browser"] } else { parts };
    // All parts run: one that fails does not hide another.
    let mut failed = Vec::new();
    for part in parts {
        let done = match *part {
            "rust" => rust(extra),
            // The Rust tests have written the cases.
            "judge" if parts.contains(&"rust") => judge::written(),
            "judge" => judge::golden(),
            "web" => web_tests(extra),
            "browser" => browser::tests(extra),
            other => return Err(format!("`{other}` is not a part: rust, judge, web, browser")),
        };
        if let Err(error) = done {
            say(&format!("✗ {error}"));
            failed.push(*part);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

/// The Rust tests: units, HTTP over a real database, the process.
pub(crate) fn rust(extra: &[&str]) -> Done {
    // The database of the tests comes with the npm packages where the system has none.
    setup::packages()?;
    let runner: &[&str] = if has_cargo("nextest") { &["nextest", "run", "--workspace"] } else { &["test", "--workspace"] };
    let done = run(command(&root(), "cargo", runner).args(extra));
    stop_test_database();
    done
}

/// The tests share one PostgreSQL server below `target/`, which each of them adopts; nobody but this ends it.
fn stop_test_database() {
    let Ok(majors) = std::fs::read_dir(root().join("target/test-postgres/pg")) else { return };
    for folder in majors.flatten() {
        let pid = std::fs::read_to_string(folder.path().join("data/postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid.lines().next().filter(|pid| pid.parse::<u32>().is_ok()) {
            drop(Command::new("kill").args(["-INT", pid]).status());
        }
    }
}

/// Types, style and unit tests of the web app.
pub(crate) fn web_tests(extra: &[&str]) -> Done {
    setup::packages()?;
    run(&mut command(&web(), "npm", &["run", "--silent", "check"]))?;
    run(command(&web(), "npm", &["run", "--silent", "test", "--"]).args(extra))
}

/// The load test.
pub(crate) fn bench(more: &[&str]) -> Done {
    setup::packages()?;
    run(command(&root(), "cargo", &["run", "--release", "-q", "-p", "vision-testkit", "--bin", "bench", "--"]).args(more))
}
