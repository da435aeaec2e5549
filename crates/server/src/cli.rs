//! The commands of the binary.

use crate::boot::{self, BootError};
use crate::{demo, seal, serve, wiring};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;
use vision_platform::{Config, telemetry};

/// Vision CRM: customers, from the first contact to the paid invoice.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the product, with its worker unless told otherwise.
    Serve {
        /// Leave background jobs to `vision worker`.
        #[arg(long)]
        no_worker: bool,
        /// Load the demo data first, if it is not there.
        #[arg(long)]
        demo: bool,
    },
    /// Run background jobs only.
    Worker,
    /// Bring the database schema up to date.
    Migrate,
    /// Load the demo data.
    Demo {
        /// Delete the demo tenants first.
        #[arg(long)]
        reset: bool,
    },
    /// Read every chain of invoices and payments again; ends with 1 when one is broken.
    Seal {
        #[command(subcommand)]
        command: SealCommand,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Print how to reach the database with psql.
    Db,
}

#[derive(Debug, Subcommand)]
enum SealCommand {
    /// Name the first broken record of each chain.
    Verify {
        /// Only the company with this short name.
        #[arg(long)]
        tenant: Option<String>,
    },
}

/// Runs a command; errors are one clear line.
pub fn run(cli: Cli) -> ExitCode {
    if matches!(cli.command, Command::Openapi) {
        return print(&wiring::openapi().to_pretty_json().unwrap_or_default());
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let done = runtime.block_on(async {
        let config = Config::load()?;
        telemetry::init_logs(&config);
        dispatch(cli.command, config).await
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn print(text: &str) -> ExitCode {
    // A closed pipe is not worth an error message.
    if writeln!(std::io::stdout(), "{text}").is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    drop(writeln!(std::io::stderr(), "vision: {error}"));
    ExitCode::FAILURE
}

async fn dispatch(command: Command, mut config: Config) -> Result<(), BootError> {
    match command {
        Command::Serve { no_worker, demo } => serve::serve(config, !no_worker, demo).await,
        Command::Worker => serve::work(config).await,
        Command::Migrate => {
            let (database, _) = boot::database(&mut config).await?;
            database.stop().await
        }
        Command::Demo { reset } => {
            demo::refuse_in_production(&config)?;
            let instance = boot::instance(config).await?;
            let done = demo::load(&instance.app, reset).await.map_err(|failure| BootError::Other(failure.to_string()));
            instance.stop().await?;
            print(if done? { "The demo data is loaded." } else { "The demo data was there already; `vision demo --reset` restores it." });
            Ok(())
        }
        Command::Seal { command: SealCommand::Verify { tenant } } => {
            let instance = boot::instance(config).await?;
            let done = seal::verify(&instance.app, tenant.as_deref()).await.map_err(|failure| BootError::Other(failure.to_string()));
            instance.stop().await?;
            let (report, valid) = done?;
            print(&report);
            if valid { Ok(()) } else { Err(BootError::Other("a chain is broken".into())) }
        }
        Command::Openapi => Ok(()),
        Command::Db => {
            let (database, _) = boot::database(&mut config).await?;
            print(&psql(&database));
            // The server stays up for the psql that follows; the next `vision serve` adopts it.
            database.leave();
            Ok(())
        }
    }
}

/// A command that opens psql as the owner. A managed server's password is read from its file, so that it shows nowhere.
fn psql(database: &boot::Database) -> String {
    let owner = &database.urls.owner;
    let host = owner.get_socket().map_or_else(|| owner.get_host().to_owned(), |path| path.display().to_string());
    let password =
        database.password_file().map_or_else(String::new, |file| format!("PGPASSWORD=\"$(cat {})\" ", quoted(&file.display().to_string())));
    let name = owner.get_database().unwrap_or_default();
    format!("{password}psql -h {} -p {} -U {} {}", quoted(&host), owner.get_port(), quoted(owner.get_username()), quoted(name))
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell_are_quoted_when_needed() {
        assert_eq!(quoted("/run/vision/ab-1"), "/run/vision/ab-1");
        assert_eq!(quoted("/home/zoé x/it's"), "'/home/zoé x/it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
