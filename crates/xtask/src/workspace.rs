//! What the checkout consists of: its root, its files, its crates' manifests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    manifest.ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// The web folder.
pub(crate) fn web() -> PathBuf {
    root().join("web")
}

/// Folders that hold nothing written by hand.
const GENERATED: [&str; 5] = ["node_modules", "dist", "target", ".git", ".out"];

/// Every file below a folder, in a stable order, without generated folders.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let generated = |path: &Path| path.file_name().is_some_and(|name| GENERATED.iter().any(|other| name == *other));
    entries.into_iter().filter(|path| !generated(path)).flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files below a folder with one of these extensions.
pub(crate) fn files_with(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let wanted = |path: &PathBuf| path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension));
    files(folder).into_iter().filter(wanted).collect()
}

/// A path as people write it: relative to the root.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The text of a file, or an error that names it.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", shown(path)))
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(|error| format!("{}: {error}", shown(path)))
}

/// When a file changed last.
fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Whether `made` is missing or older than any of the files and folders from which it is made.
pub(crate) fn stale(made: &Path, sources: &[PathBuf]) -> bool {
    let Some(made) = changed(made) else { return true };
    let all = sources.iter().flat_map(|source| if source.is_dir() { files(source) } else { vec![source.clone()] });
    all.filter_map(|path| changed(&path)).any(|time| time > made)
}

/// The dependencies of a crate on others of this workspace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Of the crate itself.
    pub(crate) normal: Vec<String>,
    /// Of its tests.
    pub(crate) dev: Vec<String>,
}

/// Reads the edges to other `vision-…` crates out of a manifest.
pub(crate) fn manifest(text: &str) -> Manifest {
    let mut found = Manifest::default();
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        let Some(rest) = line.strip_prefix("vision-") else { continue };
        let name = rest.split(['.', ' ', '=']).next().unwrap_or(rest).to_owned();
        match section {
            "dependencies" | "build-dependencies" => found.normal.push(name),
            "dev-dependencies" => found.dev.push(name),
            _ => {}
        }
    }
    found
}

/// The crates by folder name, with their manifests.
pub(crate) fn crates() -> Result<Vec<(String, Manifest)>, String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root().join("crates")).map_err(|error| format!("crates: {error}"))?.flatten() {
        let path = entry.path().join("Cargo.toml");
        if path.is_file() {
            all.push((entry.file_name().to_string_lossy().into_owned(), manifest(&read(&path)?)));
        }
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_read_by_section() {
        let text = "[package]\nname = \"vision-crm\"\n[dependencies]\nvision-kernel.workspace = true\nvision-ports = { workspace = true }\nserde = \"1\"\n\
                    [dev-dependencies]\nvision-testkit.workspace = true\n";
        assert_eq!(manifest(text), Manifest { normal: vec!["kernel".into(), "ports".into()], dev: vec!["testkit".into()] });
    }
}
