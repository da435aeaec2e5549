//! Any accepted file as one header and numbered rows.
//!
//! Numbering: the first record that is not blank is the header; every later one counts from 1. Blank lines are neither rows
//! nor counted; a line of delimiters only is a row. A quoted field may hold line breaks, so a row's number is not its line's.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use vision_kernel::Email;

use super::decode::Utf8;
use super::error::FileError;
use super::sheet::Sheet;
use super::sniff::Format;
use super::vcard::{self, Cards};

/// The most characters of one cell that are kept: what Excel itself allows. Longer ones are cut, and named in [`Row::truncated`].
pub const CELL_MAX: usize = 32_767;
/// The most columns of a file.
pub const COLUMNS_MAX: usize = 500;
/// The most rows of a file.
pub const ROWS_MAX: u64 = 1_000_000;

/// One row as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Its number, from 1.
    pub number: u64,
    /// Its cells: at least as many as there are headers.
    pub cells: Vec<String>,
    /// It has more fields than there are headers.
    pub extra: bool,
    /// The columns that were cut to [`CELL_MAX`] characters, from 0.
    pub truncated: Vec<usize>,
}

/// A file being read: an iterator of rows.
pub struct Table {
    headers: Vec<String>,
    records: Records,
    /// The first record, where the file has no header.
    first: Option<Vec<String>>,
    next: u64,
    failed: bool,
}

enum Records {
    Delimited(Box<csv::Reader<Utf8<BufReader<File>>>>, csv::StringRecord),
    Sheet(Sheet),
    Cards(Cards),
}

impl Table {
    /// Opens a file whose format is known and reads its header. A file whose first record holds an e-mail address has none:
    /// its columns are then named as a spreadsheet names them, `A`, `B`, ….
    ///
    /// # Errors
    /// [`FileError::Empty`], [`FileError::TooManyColumns`], or whatever prevents reading.
    pub fn open(path: &Path, format: &Format) -> Result<Self, FileError> {
        let mut records = match format {
            Format::Delimited { encoding, delimiter, sep_line } => {
                let text = Utf8::new(BufReader::new(File::open(path)?), *encoding);
                let delimiter = u8::try_from(*delimiter).unwrap_or(b',');
                let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text);
                let mut record = csv::StringRecord::new();
                if *sep_line {
                    reader.read_record(&mut record).map_err(damaged)?;
                }
                Records::Delimited(Box::new(reader), record)
            }
            Format::Xlsx => Records::Sheet(Sheet::open(path)),
            Format::Vcard { encoding } => Records::Cards(Cards::new(BufReader::new(Utf8::new(File::open(path)?, *encoding)))),
        };
        if matches!(records, Records::Cards(_)) {
            let headers = vcard::HEADERS.iter().map(|header| (*header).to_owned()).collect();
            return Ok(Self { headers, records, first: None, next: 1, failed: false });
        }
        let mut header = records.next().transpose()?.ok_or(FileError::Empty)?;
        while header.len() > 1 && header.last().is_some_and(|cell| cell.trim().is_empty()) && matches!(records, Records::Sheet(_)) {
            header.pop();
        }
        if header.len() > COLUMNS_MAX {
            return Err(FileError::TooManyColumns);
        }
        let is_data = header.iter().any(|cell| Email::parse(cell).is_some());
        let headers = header
            .iter()
            .enumerate()
            .map(|(index, cell)| match clip(cell.trim(), 200) {
                Some(cut) => cut,
                None if is_data || cell.trim().is_empty() => column_name(index),
                None => cell.trim().to_owned(),
            })
            .collect();
        Ok(Self { headers, records, first: is_data.then_some(header), next: 1, failed: false })
    }

    /// The columns' names, never blank.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Goes forward so that the next row is number `row`; does nothing when that one has passed. To resume an import.
    ///
    /// # Errors
    /// Whatever prevents reading the rows before it.
    pub fn skip_to(&mut self, row: u64) -> Result<(), FileError> {
        while self.next < row {
            if self.record().transpose()?.is_none() {
                break;
            }
            self.next += 1;
        }
        Ok(())
    }

    fn record(&mut self) -> Option<Result<Vec<String>, FileError>> {
        self.first.take().map(Ok).or_else(|| self.records.next())
    }

    fn row(&self, mut cells: Vec<String>) -> Row {
        let blank_tail_counts = !matches!(self.records, Records::Sheet(_));
        if !blank_tail_counts {
            while cells.len() > self.headers.len() && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
                cells.pop();
            }
        }
        let extra = cells.len() > self.headers.len();
        cells.resize(cells.len().max(self.headers.len()), String::new());
        let mut truncated = Vec::new();
        for (index, cell) in cells.iter_mut().enumerate() {
            if let Some(cut) = clip(cell, CELL_MAX) {
                *cell = cut;
                truncated.push(index);
            }
        }
        Row { number: self.next, cells, extra, truncated }
    }
}

impl Iterator for Table {
    type Item = Result<Row, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = match self.record()? {
            Ok(_) if self.next > ROWS_MAX => Err(FileError::TooManyRows),
            Ok(cells) => Ok(self.row(cells)),
            Err(error) => Err(error),
        };
        self.failed = row.is_err();
        self.next += 1;
        Some(row)
    }
}

impl Records {
    /// The next record that is not blank.
    fn next(&mut self) -> Option<Result<Vec<String>, FileError>> {
        loop {
            let cells = match self {
                Self::Delimited(reader, record) => match reader.read_record(record) {
                    Ok(true) => record.iter().map(str::to_owned).collect::<Vec<_>>(),
                    Ok(false) => return None,
                    Err(error) => return Some(Err(damaged(error))),
                },
                Self::Sheet(sheet) => match sheet.next()? {
                    Ok(cells) => cells,
                    Err(error) => return Some(Err(error)),
                },
                Self::Cards(cards) => match cards.next()? {
                    Ok(cells) => cells,
                    Err(error) => return Some(Err(error)),
                },
            };
            let blank = match self {
                Self::Delimited(..) => cells.len() <= 1 && cells.iter().all(|cell| cell.trim().is_empty()),
                Self::Sheet(_) => cells.iter().all(|cell| cell.trim().is_empty()),
                Self::Cards(_) => false,
            };
            if !blank {
                return Some(Ok(cells));
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn damaged(error: csv::Error) -> FileError {
    match error.kind() {
        csv::ErrorKind::Io(io) => FileError::Io(io.kind().into()),
        _ => FileError::Damaged(error.to_string()),
    }
}

/// The first `limit` characters of a text that has more.
pub(super) fn clip(text: &str, limit: usize) -> Option<String> {
    if text.len() <= limit {
        return None;
    }
    let (end, _) = text.char_indices().nth(limit)?;
    text.get(..end).map(str::to_owned)
}

/// `A` … `Z`, `AA` …
fn column_name(index: usize) -> String {
    let mut name = String::new();
    let mut rest = index + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        name.insert(0, char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::sniff::sniff_path;
    use super::*;

    fn table(bytes: &[u8]) -> Table {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        Table::open(&path, &sniff_path(&path, "t.csv").unwrap()).unwrap()
    }

    fn rows(bytes: &[u8]) -> Vec<Row> {
        table(bytes).map(Result::unwrap).collect()
    }

    #[test]
    fn blank_lines_are_not_counted_and_quoted_breaks_are_one_row() {
        let rows = rows(b"nom;note\n\nA;\"x\n\ny\"\n  \n;\nB;2;3\nC\n");
        let seen: Vec<_> = rows.iter().map(|row| (row.number, row.cells.join("|"), row.extra)).collect();
        assert_eq!(
            seen,
            [(1, "A|x\n\ny".to_owned(), false), (2, "|".to_owned(), false), (3, "B|2|3".to_owned(), true), (4, "C|".to_owned(), false)]
        );
    }

    #[test]
    fn reading_goes_on_at_any_row() {
        let mut table = table("n,m\n1,a\n\n2,b\n3,c\n".as_bytes());
        table.skip_to(3).unwrap();
        let row = table.next().unwrap().unwrap();
        assert_eq!((row.number, row.cells[0].as_str()), (3, "3"));
        assert!(table.next().is_none());
    }

    #[test]
    fn a_file_without_a_header_keeps_its_first_row() {
        let mut table = table(b"Jean,jean@exemple.fr\nAna,ana@exemple.fr\n");
        assert_eq!(table.headers(), ["A", "B"]);
        assert_eq!(table.next().unwrap().unwrap().cells[0], "Jean");
        assert_eq!(table.count(), 1);
        assert_eq!((column_name(25), column_name(26), column_name(701)), ("Z".into(), "AA".into(), "ZZ".into()));
    }

    #[test]
    fn a_long_cell_is_cut_and_named() {
        let text = format!("a;b\n{};x\n", "é".repeat(CELL_MAX + 1));
        let row = rows(text.as_bytes()).remove(0);
        assert_eq!(row.cells[0].chars().count(), CELL_MAX);
        assert_eq!(row.truncated, [0]);
    }

    #[test]
    fn a_table_can_be_handed_to_another_thread() {
        fn is_send<T: Send>(_: &T) {}
        is_send(&table(b"nom\nA\n"));
    }
}
