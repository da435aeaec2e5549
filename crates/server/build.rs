//! Makes the built web app an input of release builds, which embed it: also when there was none at the last build.

use std::io::Write;

fn main() {
    let mut out = std::io::stdout();
    let mut watch = |path: &str| drop(writeln!(out, "cargo:rerun-if-changed={path}"));
    watch("build.rs");
    // Development builds read it from disk at run time.
    if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        watch("../../web/app/dist/index.html");
    }
}
