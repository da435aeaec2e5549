//! The `vision` binary.

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    vision_server::cli::run(vision_server::cli::Cli::parse())
}
