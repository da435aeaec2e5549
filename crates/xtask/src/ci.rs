//! Everything that must hold before a change lands. All checks run, so that one failure does not hide the next.

use crate::run::{Done, command, run, say};
use crate::workspace::{root, web};
use crate::{browser, deny, judge, lint, openapi, setup, tests};
use std::time::Instant;

type Check = (&'static str, fn() -> Done);

/// Cheap ones first. The development profile is built once: tests and browser tests share it.
const CHECKS: [Check; 11] = [
    ("packages", setup::everything),
    ("format", format),
    ("lint", lint::all),
    ("dependencies", deny::check),
    ("web build and sizes", sizes),
    ("web tests", web_tests),
    ("clippy", clippy),
    ("openapi and types", openapi::check),
    ("rust tests", rust),
    ("factur-x judge", judge::written),
    ("browser tests", browser_tests),
];

/// Runs every check and sums up.
pub(crate) fn all() -> Done {
    let mut summary = Vec::new();
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        say(&format!("\n━━ {name}"));
        let began = Instant::now();
        let done = check();
        if let Err(error) = &done {
            say(&format!("✗ {error}"));
            failed.push(name);
        }
        summary.push(format!("{} {name:<22} {:>5} s", if done.is_ok() { "✓" } else { "✗" }, began.elapsed().as_secs()));
    }
    say(&format!("\n{}", summary.join("\n")));
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn format() -> Done {
    run(&mut command(&root(), "cargo", &["fmt", "--all", "--check"]))
}

fn clippy() -> Done {
    run(&mut command(&root(), "cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
}

fn sizes() -> Done {
    setup::web_app()?;
    run(&mut command(&web(), "npm", &["run", "--silent", "sizes"]))
}

fn web_tests() -> Done {
    tests::web_tests(&[])
}

fn rust() -> Done {
    tests::rust(&[])
}

fn browser_tests() -> Done {
    browser::tests(&[])
}
