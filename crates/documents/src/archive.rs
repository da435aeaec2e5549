//! ZIP archives that people take away, and those that they bring back. Entries are written one after the other, straight to disk; what
//! is read back is bounded, whatever the archive says of itself.

use crate::DocumentError;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fn failed(error: &zip::result::ZipError) -> DocumentError {
    DocumentError::Archive(error.to_string())
}

/// Longest entry of a directory that is expected, in bytes.
const LONGEST_ENTRY: u64 = 512;

/// A new file that nobody else on the machine reads.
pub fn create_private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// How many entries an archive claims, and how long its directory is: from its last record, or the long form of it.
fn claimed(file: &mut File) -> Result<(u64, u64), DocumentError> {
    let damaged = || DocumentError::Archive("no end of a directory".to_owned());
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min(65_557 + 20);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let mut tail = Vec::new();
    file.take(tail_length).read_to_end(&mut tail)?;
    let number = |bytes: &[u8], at: usize, width: usize| {
        let part = bytes.get(at..at + width)?;
        Some(part.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    let at = tail.windows(4).rposition(|window| window == b"PK\x05\x06").ok_or_else(damaged)?;
    let end = tail.get(at..).unwrap_or_default();
    let (entries, directory) = (number(end, 10, 2).ok_or_else(damaged)?, number(end, 12, 4).ok_or_else(damaged)?);
    let locator = at.checked_sub(20).and_then(|at| tail.get(at..)).filter(|bytes| bytes.starts_with(b"PK\x06\x07"));
    let Some(locator) = locator else { return Ok((entries, directory)) };
    file.seek(SeekFrom::Start(number(locator, 8, 8).ok_or_else(damaged)?))?;
    let mut long = Vec::new();
    file.take(56).read_to_end(&mut long)?;
    if !long.starts_with(b"PK\x06\x06") {
        return Err(damaged());
    }
    Ok((number(&long, 32, 8).ok_or_else(damaged)?, number(&long, 40, 8).ok_or_else(damaged)?))
}

/// An archive being written. What is written goes to the entry that was begun last.
pub struct ArchiveWriter(ZipWriter<BufWriter<File>>);

impl ArchiveWriter {
    /// An empty archive at `path`.
    pub fn create(path: &Path) -> Result<Self, DocumentError> {
        Ok(Self(ZipWriter::new(BufWriter::new(create_private(path)?))))
    }

    /// Begins an entry. `packed`: its content is worth compressing.
    pub fn entry(&mut self, name: &str, packed: bool) -> Result<(), DocumentError> {
        let method = if packed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        // Sizes are known only afterwards: room for those beyond 4 GB is always left. No clock: the same content gives the same bytes.
        let options = SimpleFileOptions::default().compression_method(method).large_file(true).unix_permissions(0o600);
        self.0.start_file(name, options).map_err(|error| failed(&error))
    }

    /// Writes the directory and everything that waits.
    pub fn finish(self) -> Result<(), DocumentError> {
        let mut file = self.0.finish().map_err(|error| failed(&error))?;
        file.flush()?;
        Ok(())
    }
}

impl Write for ArchiveWriter {
    fn write(&mut self, content: &[u8]) -> std::io::Result<usize> {
        self.0.write(content)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// An archive to read.
pub struct ArchiveReader(ZipArchive<BufReader<File>>);

impl ArchiveReader {
    /// Reads the directory of the archive at `path`; one of more than `most` entries is refused.
    pub fn open(path: &Path, most: u64) -> Result<Self, DocumentError> {
        let mut file = File::open(path)?;
        // Asked of the archive's end before anything is read: the library makes room for as many entries as are claimed.
        let (entries, directory) = claimed(&mut file)?;
        if entries > most || directory > most.saturating_mul(LONGEST_ENTRY) {
            return Err(DocumentError::Archive(format!("{entries} entries in {directory} bytes")));
        }
        file.rewind()?;
        Ok(Self(ZipArchive::new(BufReader::new(file)).map_err(|error| failed(&error))?))
    }

    /// True when there is an entry of this name.
    pub fn holds(&self, name: &str) -> bool {
        self.0.index_for_name(name).is_some()
    }

    /// The content of an entry, of which no more than `most` bytes are read: one that unpacks to more is cut there.
    pub fn read(&mut self, name: &str, most: u64) -> Result<impl Read + '_, DocumentError> {
        Ok(self.0.by_name(name).map_err(|error| failed(&error))?.take(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_within_bounds() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.zip");
        let mut archive = ArchiveWriter::create(&path).expect("created");
        archive.entry("tables/a.jsonl", true).expect("begun");
        archive.write_all(&vec![b'a'; 100_000]).expect("written");
        archive.entry("fichiers/é.bin", false).expect("begun");
        archive.write_all(b"\0\x01").expect("written");
        archive.finish().expect("finished");
        let mut read = ArchiveReader::open(&path, 2).expect("opened");
        assert!(ArchiveReader::open(&path, 1).is_err());
        let mut content = Vec::new();
        read.read("tables/a.jsonl", 1000).expect("entry").read_to_end(&mut content).expect("read");
        assert_eq!(content.len(), 1000);
        assert!(read.holds("fichiers/é.bin") && !read.holds("../x"));
    }
}
