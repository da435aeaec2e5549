//! Running programs visibly: what runs is printed first, and its own output is never hidden.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The outcome of a step; the text says what to do.
pub(crate) type Done = Result<(), String>;

/// Tells the person at the terminal.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout();
    // A closed pipe is not worth an error.
    drop(writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()));
}

/// What cargo tells a program that it runs about that program's own crate. Handed on to another cargo, it looks like a changed
/// environment to build scripts that watch it, and nearly every dependency would be built again.
const OWN_CRATE: [&str; 5] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// A command in a folder.
pub(crate) fn command(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if OWN_CRATE.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Prints and runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Done {
    let line = shown(command);
    say(&format!("→ {line}"));
    let status = command.status().map_err(|error| format!("`{line}` cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})")) }
}

/// Runs a command quietly and gives its standard output; its errors stay visible.
pub(crate) fn capture(command: &mut Command) -> Result<Vec<u8>, String> {
    let line = shown(command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("`{line}` cannot be run: {error}"))?;
    if output.status.success() { Ok(output.stdout) } else { Err(format!("`{line}` failed ({})", output.status)) }
}

/// The same, as text.
pub(crate) fn capture_text(command: &mut Command) -> Result<String, String> {
    String::from_utf8(capture(command)?).map_err(|error| format!("`{}`: {error}", shown(command)))
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    std::iter::once(name).chain(command.get_args().map(|part| part.to_string_lossy().into_owned())).collect::<Vec<_>>().join(" ")
}

/// Where the search path has a program.
pub(crate) fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Whether it has it.
pub(crate) fn has(program: &str) -> bool {
    found(program).is_some()
}

/// Whether a cargo subcommand is installed.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
    let quiet =
        Command::new("cargo").args([subcommand, "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}
