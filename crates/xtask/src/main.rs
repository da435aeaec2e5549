//! The project's own commands: `cargo xtask help`. Standard library only, so that they build in a second.
//!
//! Everything that would need an `if` in the Makefile lives here.

mod browser;
mod ci;
mod deny;
mod judge;
mod lint;
mod new_domain;
mod openapi;
mod run;
mod setup;
mod tests;
mod workspace;

use run::Done;
use std::io::Write;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  setup                       install what is missing: npm packages, a browser for the tests
  up                          build what is stale and serve the product with its demo data
  test [rust|judge|web|browser]  run all tests, or some; arguments after -- go to the runner
  judge                       the golden invoices before the official rules of Factur-X
  ci                          everything that must hold before a change lands
  lint                        imports, table ownership, file sizes, forbidden words
  deny                        licences, banned crates and sources of the dependencies
  openapi [--check]           write docs/api/openapi.json and the web types, or fail when they are stale
  new-domain <crate> <names>  write the skeleton of a domain, such as `new-domain crm loyalty_cards`
  bench [arguments]           measure the product under load
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = arguments.iter().map(String::as_str);
    let command = words.next().unwrap_or("help");
    let rest: Vec<&str> = words.collect();
    match dispatch(command, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "xtask {command}: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, rest: &[&str]) -> Done {
    match (command, rest) {
        ("help" | "--help" | "-h", _) => {
            run::say(HELP);
            Ok(())
        }
        ("setup", []) => setup::everything(),
        ("up", more) => setup::up(more),
        ("test", parts) => tests::chosen(parts),
        ("judge", []) => judge::golden(),
        ("ci", []) => ci::all(),
        ("lint", []) => lint::all(),
        ("deny", []) => deny::check(),
        ("openapi", []) => openapi::write(),
        ("openapi", ["--check"]) => openapi::check(),
        ("new-domain", [krate, names]) => new_domain::write(krate, names),
        ("bench", more) => tests::bench(more),
        _ => Err(format!("unknown command or arguments\n\n{HELP}")),
    }
}
