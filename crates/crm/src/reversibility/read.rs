//! Reading an archive, on a thread that may block. Whatever the archive says of itself, what is read is bounded.

use super::rows::Refused;
use super::tables::TRAVEL;
use super::{FORMAT, MANIFEST, Manifest, file_path, hexadecimal, table_path};
use crate::files::kinds;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::Sender;
use vision_documents::{ArchiveReader, DocumentError};
use vision_platform::crypto;

/// Most entries of an archive.
const MOST_ENTRIES: u64 = 500_000;
/// Largest manifest, in bytes.
const MOST_MANIFEST: u64 = 128 << 20;
/// Longest line, in bytes: a row holds no more than some texts of 10,000 characters.
const MOST_LINE: usize = 8 << 20;
/// Largest file: what an upload may be, and an import's source.
const MOST_FILE: u64 = 64 << 20;
/// What all entries may unpack to.
const MOST_UNPACKED: u64 = 64 << 30;
/// How many times its own size an archive may unpack to, beyond what a small one always may.
const RATIO: u64 = 60;
const ALWAYS: u64 = 256 << 20;
/// Lines, and bytes of lines, that are handed on together.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;

/// Something read.
pub(super) enum Piece {
    /// Lines of a table.
    Rows { table: String, lines: Vec<String> },
    /// A file: its path in the archive, a private copy, its beginning.
    File { path: String, content: PathBuf, head: Vec<u8> },
}

fn unreadable(error: impl std::fmt::Display) -> Refused {
    tracing::info!(%error, "an archive of a company cannot be read");
    Refused("Ce fichier n’est pas une archive d’entreprise, ou il est endommagé.".to_owned())
}

impl From<DocumentError> for Refused {
    fn from(error: DocumentError) -> Self {
        unreadable(error)
    }
}

fn altered(what: &str) -> Refused {
    Refused(format!("L’archive est incomplète ou a été modifiée ({what}). Rien n’a été importé."))
}

fn open(path: &Path) -> Result<ArchiveReader, Refused> {
    Ok(ArchiveReader::open(path, MOST_ENTRIES)?)
}

/// True for a key that this product makes: plain parts, none of which leads elsewhere.
pub(super) fn is_plain(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    path.len() <= 300 && path.split('/').all(plain)
}

/// Reads the manifest and holds every entry against it, before anything is written.
pub(super) fn check(path: &Path, schema: i64) -> Result<Manifest, Refused> {
    let mut archive = open(path)?;
    let manifest: Manifest = serde_json::from_reader(archive.read(MANIFEST, MOST_MANIFEST)?).map_err(unreadable)?;
    if manifest.format != FORMAT {
        return Err(Refused("Cette archive a un format inconnu.".to_owned()));
    }
    if manifest.schema > schema {
        return Err(Refused("Cette archive vient d’une version plus récente du logiciel : mettez celui-ci à jour d’abord.".to_owned()));
    }
    let names: BTreeSet<&str> = manifest.tables.iter().map(|table| table.name.as_str()).collect();
    if names.len() != manifest.tables.len() || names.iter().any(|name| !TRAVEL.contains(name)) {
        return Err(altered("tables"));
    }
    let packed = std::fs::metadata(path).map_err(unreadable)?.len();
    let mut left = MOST_UNPACKED.min(packed.saturating_mul(RATIO).max(ALWAYS));
    for table in &manifest.tables {
        let (mut hash, mut rows) = (Sha256::new(), 0);
        let mut reader = BufReader::new(archive.read(&table_path(&table.name), left)?);
        while let Some(line) = next_line(&mut reader)? {
            left = left.saturating_sub(line.len() as u64);
            hash.update(line.as_bytes());
            rows += 1;
        }
        if rows != table.rows || hexadecimal(hash) != table.sha256 {
            return Err(altered(&table.name));
        }
    }
    let paths: BTreeSet<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    if paths.len() != manifest.files.len() || !paths.iter().all(|path| is_plain(path)) {
        return Err(altered("fichiers"));
    }
    for file in &manifest.files {
        let mut hash = Sha256::new();
        let size = std::io::copy(&mut archive.read(&file_path(&file.path), MOST_FILE + 1)?, &mut Hashing(&mut hash)).map_err(unreadable)?;
        left = left.saturating_sub(size);
        if size > MOST_FILE || size != file.size || hexadecimal(hash) != file.sha256 {
            return Err(altered(&file.path));
        }
    }
    if left == 0 { Err(altered("taille")) } else { Ok(manifest) }
}

struct Hashing<'a>(&'a mut Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, content: &[u8]) -> std::io::Result<usize> {
        self.0.update(content);
        Ok(content.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The next line, with its end.
fn next_line(reader: &mut impl BufRead) -> Result<Option<String>, Refused> {
    let mut line = Vec::new();
    let read = reader.take(MOST_LINE as u64 + 1).read_until(b'\n', &mut line).map_err(unreadable)?;
    if read > MOST_LINE {
        return Err(altered("ligne trop longue"));
    }
    if read == 0 { Ok(None) } else { String::from_utf8(line).map(Some).map_err(unreadable) }
}

/// Reads everything: files first, so that a row knows what its file is, then the tables in the order in which they can be written. Ends
/// early when nobody listens any more.
pub(super) fn all(path: &Path, manifest: &Manifest, out: &Sender<Piece>) -> Result<(), Refused> {
    let mut archive = open(path)?;
    for file in &manifest.files {
        let content = std::env::temp_dir().join(format!("vision-restore-{}", crypto::random_token()));
        let copied = copy(&mut archive, &file.path, &content);
        let head = match copied {
            Ok(head) => head,
            Err(refused) => {
                drop(std::fs::remove_file(&content));
                return Err(refused);
            }
        };
        if out.blocking_send(Piece::File { path: file.path.clone(), content: content.clone(), head }).is_err() {
            drop(std::fs::remove_file(&content));
            return Ok(());
        }
    }
    for table in TRAVEL.iter().filter(|name| manifest.tables.iter().any(|table| table.name == **name)) {
        let mut reader = BufReader::new(archive.read(&table_path(table), MOST_UNPACKED)?);
        let (mut lines, mut bytes) = (Vec::new(), 0);
        loop {
            let line = next_line(&mut reader)?;
            let ended = line.is_none();
            if let Some(line) = line {
                bytes += line.len();
                lines.push(line);
            }
            let full = lines.len() >= BATCH || bytes >= BATCH_BYTES || ended;
            if full && !lines.is_empty() {
                bytes = 0;
                if out.blocking_send(Piece::Rows { table: (*table).to_owned(), lines: std::mem::take(&mut lines) }).is_err() {
                    return Ok(());
                }
            }
            if ended {
                break;
            }
        }
    }
    Ok(())
}

/// Copies an entry to a private file; gives its beginning.
fn copy(archive: &mut ArchiveReader, entry: &str, to: &Path) -> Result<Vec<u8>, Refused> {
    let mut content = archive.read(&file_path(entry), MOST_FILE)?;
    let mut head = Vec::new();
    content.by_ref().take(kinds::HEAD as u64).read_to_end(&mut head).map_err(unreadable)?;
    let mut file = vision_documents::create_private(to).map_err(unreadable)?;
    file.write_all(&head).map_err(unreadable)?;
    std::io::copy(&mut content, &mut file).map_err(unreadable)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_told_apart() {
        for path in ["files/01a2-b/original", "imports/01a2", "logos/x.png"] {
            assert!(is_plain(path), "{path}");
        }
        for path in ["../x", "files/../../x", "/etc/passwd", "files//x", "", "files/.x", "files/é", "a\\b"] {
            assert!(!is_plain(path), "{path}");
        }
    }

    #[test]
    fn lines_are_bounded() {
        let mut short = BufReader::new("a\nb".as_bytes());
        assert_eq!(next_line(&mut short).ok().flatten().as_deref(), Some("a\n"));
        assert_eq!(next_line(&mut short).ok().flatten().as_deref(), Some("b"));
        let long = "x".repeat(MOST_LINE + 2);
        assert!(next_line(&mut BufReader::new(long.as_bytes())).is_err());
    }
}
