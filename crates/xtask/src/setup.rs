//! From a fresh clone to a running product: install what is missing, build what is stale, serve.

use crate::run::{Done, command, found, has, run, say};
use crate::workspace::{root, stale, web};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Oldest Node whose npm reads the lock file.
const NODE: u32 = 20;

/// Everything that work on the product needs.
pub(crate) fn everything() -> Done {
    packages()?;
    browser();
    Ok(())
}

/// The npm packages, which bring PostgreSQL too.
pub(crate) fn packages() -> Done {
    let web = web();
    if !stale(&web.join("node_modules/.package-lock.json"), &[web.join("package-lock.json")]) {
        return Ok(());
    }
    if !has("npm") {
        return Err(format!("npm is missing: install Node.js {NODE} or newer, then try again"));
    }
    let version = Command::new("node")
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE) {
        return Err(format!("Node.js {NODE} or newer is needed; this is {}", version.trim()));
    }
    say("Installing the web packages (about a minute the first time)");
    // Not `npm ci`: it wants every optional package of every platform in the lock file, and a registry may hold only some of them.
    run(&mut command(&web, "npm", &["install", "--no-save", "--no-audit", "--no-fund"]))
}

/// The names under which a system has Chromium.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser for the tests: the one that `CHROMIUM` names, else the first on the search path.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|path| path.is_file());
    named.or_else(|| BROWSERS.iter().find_map(|name| found(name)))
}

/// A browser and a font for the tests. Missing ones cost the browser tests, not the product.
pub(crate) fn browser() {
    if chromium().is_some() {
        return;
    }
    if !(is_root() && has("apt-get")) {
        say("Chromium is missing, so the browser tests cannot run. On Debian: apt-get install chromium fonts-liberation");
        return;
    }
    say("Installing Chromium for the browser tests");
    let debian = |arguments: &[&str]| {
        let mut command = command(&root(), "apt-get", arguments);
        command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        run(&mut command)
    };
    let installed = debian(&["update", "-q"])
        .and_then(|()| debian(&["install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-liberation"]));
    if let Err(error) = installed {
        say(&format!("Chromium could not be installed ({error}); the browser tests cannot run until it is there"));
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// Builds the web app when a source is newer than what was built.
pub(crate) fn web_app() -> Done {
    let web = web();
    let sources: Vec<_> = ["app", "scripts", "package-lock.json", "tsconfig.json"].iter().map(|name| web.join(name)).collect();
    if !stale(&web.join("app/dist/index.html"), &sources) {
        return Ok(());
    }
    say("Building the web app");
    run(&mut command(&web, "npm", &["run", "--silent", "build"]))
}

/// Builds what is stale, then becomes the server, so that signals and the exit status are its own.
pub(crate) fn up(more: &[&str]) -> Done {
    packages()?;
    web_app()?;
    let binary = root().join("target/release/vision");
    if !binary.exists() {
        say("Building the server (several minutes the first time, seconds afterwards)");
    }
    run(&mut command(&root(), "cargo", &["build", "--release", "-p", "vision-server", "--bin", "vision"]))?;
    let binary = release_binary(&binary);
    let error = Command::new(&binary).args(["serve", "--demo"]).args(more).current_dir(root()).exec();
    Err(format!("{}: {error}", binary.display()))
}

/// The built binary, wherever cargo was told to put it.
fn release_binary(usual: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| usual.to_owned(), |folder| root().join(folder).join("release/vision"))
}

/// Builds everything in the profile of the tests, once for all parts of a run, and gives the binary.
///
/// The whole workspace with its tests: asking for one package would choose other features of the libraries and build them again.
pub(crate) fn debug_binary() -> Result<PathBuf, String> {
    run(&mut command(&root(), "cargo", &["build", "--workspace", "--all-targets"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder));
    Ok(target.join("debug/vision"))
}
