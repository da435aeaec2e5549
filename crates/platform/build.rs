//! Migrations are embedded at compile time: a new file must rebuild this crate.

use std::io::Write;

fn main() {
    drop(writeln!(std::io::stdout(), "cargo:rerun-if-changed=../../migrations"));
}
