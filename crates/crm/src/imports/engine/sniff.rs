//! What a file is: its kind, its encoding, its delimiter. Judged by content; the name only breaks ties.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::FileError;
use super::zip::check_xlsx;

/// How much of a file the delimiter is judged by.
const HEAD: usize = 64 * 1024;
/// How many records of it.
const RECORDS: usize = 50;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How a text file's bytes are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// With or without a byte-order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// What Excel calls "Unicode text".
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// The same with the bytes the other way round.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Western Windows, which everything is that is not valid UTF-8.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// Its usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    pub(super) fn rules(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
        }
    }
}

/// What a file is, with all that is needed to read it again in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Format {
    /// CSV, TSV and their like.
    Delimited {
        /// How its bytes are characters.
        encoding: Encoding,
        /// The character between two fields.
        delimiter: char,
        /// The first line is Excel's `sep=;`, not a row.
        sep_line: bool,
    },
    /// An Excel workbook, of which the first sheet is read.
    Xlsx,
    /// vCards, versions 2.1 to 4.0.
    Vcard {
        /// How its bytes are characters.
        encoding: Encoding,
    },
}

impl Format {
    /// `csv`, `tsv`, `xlsx` or `vcf`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Delimited { delimiter: '\t', .. } => "tsv",
            Self::Delimited { .. } => "csv",
            Self::Xlsx => "xlsx",
            Self::Vcard { .. } => "vcf",
        }
    }

    /// The encoding of a text file.
    pub const fn encoding(&self) -> Option<Encoding> {
        match self {
            Self::Delimited { encoding, .. } | Self::Vcard { encoding } => Some(*encoding),
            Self::Xlsx => None,
        }
    }

    /// The delimiter of a delimited file.
    pub const fn delimiter(&self) -> Option<char> {
        match self {
            Self::Delimited { delimiter, .. } => Some(*delimiter),
            Self::Xlsx | Self::Vcard { .. } => None,
        }
    }
}

/// Tells what a file is from its bytes. With its beginning only, the encoding is judged by that beginning, and an archive is
/// not looked into: prefer [`sniff_path`] for a file on disk.
///
/// # Errors
/// [`FileError`] for what cannot be imported.
pub fn sniff(bytes: &[u8], filename: &str) -> Result<Format, FileError> {
    recognise(bytes)?;
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(Format::Xlsx);
    }
    let mut judge = Judge::default();
    judge.take(bytes);
    text_format(bytes, judge.encoding(), filename)
}

/// Tells what a file on disk is. Reads all of it, once, in pieces: one accent on the last line decides the encoding.
///
/// # Errors
/// [`FileError`] for what cannot be imported.
pub fn sniff_path(path: &Path, filename: &str) -> Result<Format, FileError> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    recognise(&head)?;
    if head.starts_with(b"PK\x03\x04") {
        check_xlsx(file)?;
        return Ok(Format::Xlsx);
    }
    let mut judge = Judge::default();
    judge.take(&head);
    let mut piece = vec![0; HEAD];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        judge.take(piece.get(..count).unwrap_or_default());
    }
    text_format(&head, judge.encoding(), filename)
}

/// Refuses what is known not to be a table, by its first bytes.
fn recognise(head: &[u8]) -> Result<(), FileError> {
    const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    const OTHERS: [(&[u8], &str); 12] = [
        (b"%PDF", "PDF"),
        (b"\x89PNG", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"GIF8", "GIF"),
        (b"\x1f\x8b", "GZIP"),
        (b"7z\xbc\xaf", "7-Zip"),
        (b"Rar!", "RAR"),
        (b"BZh", "BZIP2"),
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
        (b"SQLite format 3", "SQLite"),
        (b"{\\rtf", "RTF"),
        (b"!BDN", "Outlook PST"),
    ];
    if head.is_empty() {
        return Err(FileError::Empty);
    }
    if head.starts_with(OLE) {
        // A workbook with a password is one of these, and so is an Excel file from before 2007.
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encrypted = head.windows(name.len()).any(|part| part == name);
        return Err(if encrypted { FileError::Encrypted } else { FileError::Unsupported("XLS (Excel 97-2003)") });
    }
    if head.starts_with(b"PK") && !head.starts_with(b"PK\x03\x04") && head.get(2).is_some_and(|byte| *byte < 9) {
        return Err(FileError::Unsupported("ZIP"));
    }
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(FileError::Unsupported(name));
    }
    let text = String::from_utf8_lossy(head.get(..512.min(head.len())).unwrap_or_default()).trim_start().to_ascii_lowercase();
    if text.starts_with("<!doctype html") || text.starts_with("<html") {
        return Err(FileError::Unsupported("HTML"));
    }
    if text.starts_with("<?xml") {
        return Err(FileError::Unsupported("XML"));
    }
    Ok(())
}

/// Follows a text from its first byte to its last to tell its encoding.
#[derive(Default)]
struct Judge {
    head: Vec<u8>,
    /// A character that the last piece cut in two.
    pending: Vec<u8>,
    broken: bool,
    /// NUL bytes at even and at odd places, and the count of bytes seen.
    zeros: [usize; 2],
    seen: usize,
}

impl Judge {
    fn take(&mut self, bytes: &[u8]) {
        if self.head.len() < 4 {
            self.head.extend(bytes.iter().take(4));
        }
        for (index, byte) in bytes.iter().enumerate() {
            if *byte == 0 {
                let [even, odd] = &mut self.zeros;
                *(if (self.seen + index).is_multiple_of(2) { even } else { odd }) += 1;
            }
        }
        self.seen += bytes.len();
        if self.broken {
            return;
        }
        let joined;
        let bytes = if self.pending.is_empty() {
            bytes
        } else {
            joined = [self.pending.as_slice(), bytes].concat();
            &joined
        };
        let rest = match std::str::from_utf8(bytes) {
            Ok(_) => Vec::new(),
            Err(error) if error.error_len().is_none() => bytes.get(error.valid_up_to()..).unwrap_or_default().to_vec(),
            Err(_) => {
                self.broken = true;
                Vec::new()
            }
        };
        self.pending = rest;
    }

    /// The encoding; `None` for what is not text.
    fn encoding(&self) -> Option<Encoding> {
        let [even, odd] = self.zeros;
        if self.head.starts_with(&[0xff, 0xfe]) {
            return Some(Encoding::Utf16Le);
        }
        if self.head.starts_with(&[0xfe, 0xff]) {
            return Some(Encoding::Utf16Be);
        }
        if even + odd > 0 {
            // Western text in UTF-16 has a zero in most pairs, always on the same side.
            let half = self.seen / 4;
            return match (even, odd) {
                (0, zeros) if zeros > half => Some(Encoding::Utf16Le),
                (zeros, 0) if zeros > half => Some(Encoding::Utf16Be),
                _ => None,
            };
        }
        Some(if self.broken { Encoding::Windows1252 } else { Encoding::Utf8 })
    }
}

fn text_format(bytes: &[u8], encoding: Option<Encoding>, filename: &str) -> Result<Format, FileError> {
    let encoding = encoding.ok_or(FileError::Unsupported("binary"))?;
    let head = bytes.get(..HEAD.min(bytes.len())).unwrap_or_default();
    let (text, _) = encoding.rules().decode_with_bom_removal(head);
    let controls = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{1a}')).count();
    if controls * 100 > text.chars().count() {
        return Err(FileError::Unsupported("binary"));
    }
    let text = text.trim_start_matches(['\n', '\r', ' ']);
    if text.trim().is_empty() {
        return Err(FileError::Empty);
    }
    if text.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD")) {
        return Ok(Format::Vcard { encoding });
    }
    if let Some(delimiter) = sep_line(text) {
        return Ok(Format::Delimited { encoding, delimiter, sep_line: true });
    }
    let complete = bytes.len() <= HEAD;
    Ok(Format::Delimited { encoding, delimiter: char::from(delimiter(text, complete, filename)), sep_line: false })
}

/// The delimiter that Excel's first line `sep=;` announces.
pub(super) fn sep_line(text: &str) -> Option<char> {
    let line = text.lines().next()?.trim_matches('"');
    let mut rest = line.strip_prefix("sep=").or_else(|| line.strip_prefix("SEP="))?.chars();
    rest.next().filter(|c| DELIMITERS.iter().any(|d| char::from(*d) == *c))
}

/// The delimiter under which most of the first records are as wide as the header.
fn delimiter(text: &str, complete: bool, filename: &str) -> u8 {
    let extension = Path::new(filename).extension().unwrap_or_default();
    let tabs = extension.eq_ignore_ascii_case("tsv") || extension.eq_ignore_ascii_case("tab");
    let hinted = if tabs { b'\t' } else { b',' };
    let score = |delimiter: u8| {
        let reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut widths: Vec<usize> = reader.into_byte_records().flatten().take(RECORDS + 1).map(|record| record.len()).collect();
        if !complete && widths.len() <= RECORDS {
            // The last record is cut.
            widths.pop();
        }
        let header = widths.first().copied().unwrap_or_default();
        if header < 2 {
            return (0, 0, false);
        }
        let same = widths.iter().filter(|width| **width == header).count();
        (same * 100 / widths.len().max(1), header, delimiter == hinted)
    };
    DELIMITERS
        .into_iter()
        .map(|d| (score(d), d))
        .max_by_key(|(score, _)| *score)
        .filter(|(score, _)| score.1 > 1)
        .map_or(hinted, |(_, d)| d)
}

#[cfg(test)]
#[path = "sniff_tests.rs"]
mod tests;
