//! A look into a ZIP archive's directory before anything is unpacked.

use std::io::{Read, Seek, SeekFrom};

use super::error::FileError;

/// What an XLSX may unpack to: a million rows of text are about a gigabyte of XML, which is streamed.
const TOTAL_MAX: u64 = 4 << 30;
/// The table of shared texts is held in memory.
const STRINGS_MAX: u64 = 256 << 20;
/// Beyond this size, nothing that a spreadsheet writes shrinks more than this many times.
const RATIO_FROM: u64 = 64 << 20;
const RATIO_MAX: u64 = 250;
/// The directory itself.
const DIRECTORY_MAX: u64 = 4 << 20;

/// Refuses an archive that is no XLSX, is encrypted, or unpacks to too much. The sizes are those that it declares.
pub(super) fn check_xlsx<R: Read + Seek>(mut file: R) -> Result<(), FileError> {
    let damaged = |what: &str| FileError::Damaged(what.to_owned());
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min(65_557);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let mut tail = Vec::new();
    file.by_ref().take(tail_length).read_to_end(&mut tail)?;
    let end = tail.windows(4).rposition(|w| w == b"PK\x05\x06").ok_or_else(|| damaged("the archive has no end"))?;
    let end = tail.get(end..).unwrap_or_default();
    let (Some(size), Some(offset)) = (u32_at(end, 12), u32_at(end, 16)) else {
        return Err(damaged("the archive has no end"));
    };
    if u64::from(size) > DIRECTORY_MAX || offset == u32::MAX {
        return Err(FileError::TooLarge);
    }
    file.seek(SeekFrom::Start(u64::from(offset)))?;
    let mut directory = Vec::new();
    file.take(u64::from(size)).read_to_end(&mut directory)?;

    let mut rest = directory.as_slice();
    let (mut total, mut workbook) = (0_u64, false);
    while rest.starts_with(b"PK\x01\x02") {
        let (Some(flags), Some(packed), Some(unpacked)) = (u16_at(rest, 8), u32_at(rest, 20), u32_at(rest, 24)) else {
            break;
        };
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(rest, at).unwrap_or_default()));
        let [name_length, extra_length, comment_length] = lengths;
        let name = rest.get(46..46 + name_length).ok_or_else(|| damaged("the archive's directory is cut"))?;
        if flags & 1 == 1 {
            return Err(FileError::Encrypted);
        }
        let (packed, unpacked) = (u64::from(packed), u64::from(unpacked));
        total += unpacked;
        let bomb = unpacked > RATIO_FROM && unpacked / packed.max(1) > RATIO_MAX;
        if bomb || total > TOTAL_MAX || (unpacked > STRINGS_MAX && name.eq_ignore_ascii_case(b"xl/sharedstrings.xml")) {
            return Err(FileError::TooLarge);
        }
        workbook |= name.eq_ignore_ascii_case(b"xl/workbook.xml");
        rest = rest.get(46 + name_length + extra_length + comment_length..).unwrap_or_default();
    }
    if workbook { Ok(()) } else { Err(FileError::Unsupported("ZIP")) }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// One entry of a directory, and the end record.
    fn archive(name: &str, flags: u16, packed: u32, unpacked: u32) -> Vec<u8> {
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.extend([0; 4]);
        bytes.extend(flags.to_le_bytes());
        bytes.extend([0; 10]);
        bytes.extend(packed.to_le_bytes());
        bytes.extend(unpacked.to_le_bytes());
        bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend([0; 16]);
        bytes.extend(name.as_bytes());
        let size = u32::try_from(bytes.len()).unwrap();
        bytes.extend(b"PK\x05\x06");
        bytes.extend([0; 8]);
        bytes.extend(size.to_le_bytes());
        bytes.extend([0; 6]);
        bytes
    }

    #[test]
    fn only_a_sound_workbook_passes() {
        let check = |name, flags, packed, unpacked| check_xlsx(Cursor::new(archive(name, flags, packed, unpacked)));
        assert!(check("xl/workbook.xml", 0, 100, 400).is_ok());
        assert!(matches!(check("word/document.xml", 0, 100, 400), Err(FileError::Unsupported("ZIP"))));
        assert!(matches!(check("xl/workbook.xml", 1, 100, 400), Err(FileError::Encrypted)));
        assert!(matches!(check("xl/workbook.xml", 0, 4_000_000, 4_000_000_000), Err(FileError::TooLarge)));
        assert!(matches!(check("xl/sharedStrings.xml", 0, 100_000_000, 300_000_000), Err(FileError::TooLarge)));
        assert!(matches!(check_xlsx(Cursor::new(b"PK\x03\x04 nothing")), Err(FileError::Damaged(_))));
    }
}
