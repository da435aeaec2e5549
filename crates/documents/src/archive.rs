//! ZIP archives that people take away, and those that they bring back. Entries are written one after the other, straight to disk; what
//! is read back is bounded, whatever the archive says of itself.

use crate::DocumentError;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fn failed(error: &zip::result::ZipError) -> DocumentError {
    DocumentError::Archive(error.to_string())
}

/// An archive being written. What is written goes to the entry that was begun last.
pub struct ArchiveWriter(ZipWriter<BufWriter<File>>);

impl ArchiveWriter {
    /// An empty archive at `path`.
    pub fn create(path: &Path) -> Result<Self, DocumentError> {
        Ok(Self(ZipWriter::new(BufWriter::new(File::create(path)?))))
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
    pub fn open(path: &Path, most: usize) -> Result<Self, DocumentError> {
        let archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(|error| failed(&error))?;
        if archive.len() > most {
            return Err(DocumentError::Archive(format!("{} entries", archive.len())));
        }
        Ok(Self(archive))
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
