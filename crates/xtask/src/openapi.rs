//! The committed API description and the web types made from it: written, or checked for freshness.

use crate::run::{Done, capture, command, run, say};
use crate::setup;
use crate::workspace::{root, shown, web, write as write_file};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn document() -> PathBuf {
    root().join("docs/api/openapi.json")
}

/// What the server says of itself.
fn fresh() -> Result<Vec<u8>, String> {
    capture(Command::new(setup::debug_binary()?).arg("openapi"))
}

/// Writes the document, then the types.
pub(crate) fn write() -> Done {
    write_file(&document(), fresh()?)?;
    say(&format!("wrote {}", shown(&document())));
    setup::packages()?;
    run(&mut command(&web(), "npm", &["run", "--silent", "types"]))
}

/// Fails when the committed document or types are not what the code gives.
pub(crate) fn check() -> Done {
    if fs::read(document()).unwrap_or_default() != fresh()? {
        return Err("docs/api/openapi.json is stale: run `make openapi` and commit the result".into());
    }
    setup::packages()?;
    let web = web();
    let made = std::env::temp_dir().join(format!("vision-types-{}.d.ts", std::process::id()));
    // The same options as the script `types` of web/package.json, to another file.
    let options = ["exec", "--offline", "--", "openapi-typescript", "../docs/api/openapi.json", "--default-non-nullable=false", "-o"];
    let done = capture(command(&web, "npm", &options).arg(&made));
    let types = fs::read(&made).unwrap_or_default();
    drop(fs::remove_file(&made));
    done?;
    if fs::read(web.join("app/src/api/schema.d.ts")).unwrap_or_default() != types {
        return Err("web/app/src/api/schema.d.ts is stale: run `make openapi` and commit the result".into());
    }
    Ok(())
}
