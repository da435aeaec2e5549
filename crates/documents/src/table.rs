//! Tables for spreadsheets, row by row.
//!
//! **CSV** is what a French Excel opens by a double click: `;` between fields, a byte-order mark, CRLF, a decimal comma, dates as
//! `31/12/2026`. A text that a spreadsheet would run (`=`, `+`, `-`, `@`, a tab or a line break in front) gets an apostrophe
//! before it; the importer takes it away again. Telephones do not pay for this: a French number is written as it is dialled
//! (`06 12 34 56 78`) and any other with `00` for the `+` (`0049 30 901820`), which is text to Excel and reads back to the same
//! number. Excel drops the leading zeros of digits in a CSV, whoever wrote it: XLSX keeps them.
//!
//! **XLSX** has typed cells, so that texts cannot be run and nothing is escaped.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};
use vision_kernel::contact_point::display_phone;

use crate::DocumentError;

/// The last row of a sheet, from 0, and the most characters of a cell.
const LAST_ROW: u32 = 1_048_575;
const CELL_MAX: usize = 32_767;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cell<'a> {
    /// Any text.
    Text(&'a str),
    /// A telephone in E.164.
    Phone(&'a str),
    /// A day.
    Date(Date),
    /// A moment on the wall clock of the reader's place: convert the instant to the tenant's zone first.
    Instant(DateTime),
    /// An exact decimal: `units` divided by ten to the power of `decimals`. 12.50 is `{ units: 1250, decimals: 2 }`.
    Number {
        /// All digits.
        units: i64,
        /// How many of them are behind the comma, at most 15.
        decimals: u8,
    },
    /// Nothing.
    #[default]
    Empty,
}

impl<'a> Cell<'a> {
    /// A text, or an empty cell for none.
    pub fn text(text: Option<&'a str>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::Empty, Self::Text)
    }

    /// A whole number.
    pub const fn integer(units: i64) -> Self {
        Self::Number { units, decimals: 0 }
    }
}

/// What a finished table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows below the header.
    pub rows: u64,
    /// Texts that were cut because Excel holds 32,767 characters in a cell. Always 0 for CSV.
    pub cut: u64,
}

/// A table being written.
pub struct TableWriter {
    columns: usize,
    summary: Summary,
    file: Output,
}

enum Output {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Xlsx(Box<Sheet>),
}

struct Sheet {
    book: Workbook,
    path: PathBuf,
    next: u32,
    date: Format,
    instant: Format,
}

impl TableWriter {
    /// Begins a CSV file, replacing the one at `path`.
    ///
    /// # Errors
    /// [`DocumentError::Io`].
    pub fn csv(path: &Path, headers: &[&str]) -> Result<Self, DocumentError> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(file);
        writer.write_record(headers.iter().map(|header| harmless(header))).map_err(csv_error)?;
        Ok(Self { columns: headers.len(), summary: Summary::default(), file: Output::Csv(Box::new(writer)) })
    }

    /// Begins a workbook of one sheet, replacing the one at `path`; rows wait in a temporary file beside it.
    ///
    /// # Errors
    /// [`DocumentError::Io`], [`DocumentError::Workbook`].
    pub fn xlsx(path: &Path, headers: &[&str]) -> Result<Self, DocumentError> {
        // Fails now rather than after all the rows.
        File::create(path)?;
        let mut book = Workbook::new();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            book.set_tempdir(folder)?;
        }
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        for (column, header) in (0_u16..).zip(headers) {
            sheet.set_column_width(column, 20)?;
            sheet.write_string_with_format(0, column, *header, &bold)?;
        }
        let sheet = Sheet {
            book,
            path: path.to_owned(),
            next: 1,
            date: Format::new().set_num_format("dd/mm/yyyy"),
            instant: Format::new().set_num_format("dd/mm/yyyy hh:mm"),
        };
        Ok(Self { columns: headers.len(), summary: Summary::default(), file: Output::Xlsx(Box::new(sheet)) })
    }

    /// Writes one row, which has a cell per column.
    ///
    /// # Errors
    /// [`DocumentError::Width`], [`DocumentError::TooManyRows`] (XLSX), or what prevents writing.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), DocumentError> {
        if cells.len() != self.columns {
            return Err(DocumentError::Width { expected: self.columns, found: cells.len() });
        }
        match &mut self.file {
            Output::Csv(writer) => writer.write_record(cells.iter().map(csv_text)).map_err(csv_error)?,
            Output::Xlsx(sheet) => self.summary.cut += sheet.row(cells)?,
        }
        self.summary.rows += 1;
        Ok(())
    }

    /// Completes the file.
    ///
    /// # Errors
    /// What prevents writing.
    pub fn finish(self) -> Result<Summary, DocumentError> {
        match self.file {
            Output::Csv(writer) => {
                let mut buffer = writer.into_inner().map_err(|error| std::io::Error::from(error.error().kind()))?;
                buffer.flush()?;
            }
            Output::Xlsx(mut sheet) => sheet.book.save(&sheet.path)?,
        }
        Ok(self.summary)
    }
}

impl Sheet {
    /// Writes one row; gives the number of texts that were cut.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<u64, DocumentError> {
        if self.next > LAST_ROW {
            return Err(DocumentError::TooManyRows);
        }
        let sheet = self.book.worksheet_from_index(0)?;
        let mut cuts = 0;
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => {
                    let short = cut(text);
                    cuts += u64::from(short.len() < text.len());
                    sheet.write_string(self.next, column, short)?;
                }
                Cell::Phone(e164) => {
                    sheet.write_string(self.next, column, display_phone(e164))?;
                }
                Cell::Date(date) => match excel_date(*date) {
                    Some(value) => {
                        sheet.write_datetime_with_format(self.next, column, value, &self.date)?;
                    }
                    // Excel knows nothing before 1900.
                    None => {
                        sheet.write_string(self.next, column, day(*date))?;
                    }
                },
                Cell::Instant(moment) => match excel_instant(*moment) {
                    Some(value) => {
                        sheet.write_datetime_with_format(self.next, column, value, &self.instant)?;
                    }
                    None => {
                        sheet.write_string(self.next, column, csv_text(cell))?;
                    }
                },
                Cell::Number { units, decimals } => {
                    // The nearest number that Excel can hold; it parses the exact digits.
                    let value: f64 = decimal(*units, *decimals, '.').parse().unwrap_or_default();
                    let format = Format::new().set_num_format(number_format(*decimals));
                    sheet.write_number_with_format(self.next, column, value, &format)?;
                }
            }
        }
        self.next += 1;
        Ok(cuts)
    }
}

/// Excel counts a character outside the first plane as two.
fn cut(text: &str) -> &str {
    if text.len() <= CELL_MAX {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > CELL_MAX
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

fn number_format(decimals: u8) -> String {
    match decimals {
        0 => "0".to_owned(),
        n => format!("0.{}", "0".repeat(usize::from(n.min(15)))),
    }
}

fn excel_date(date: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(date.year()).ok().filter(|year| *year >= 1900)?;
    ExcelDateTime::from_ymd(year, date.month().unsigned_abs(), date.day().unsigned_abs()).ok()
}

fn excel_instant(moment: DateTime) -> Option<ExcelDateTime> {
    let [hour, minute, second] = [moment.hour(), moment.minute(), moment.second()].map(i8::unsigned_abs);
    excel_date(moment.date())?.and_hms(hour.into(), minute, second).ok()
}

fn csv_text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Phone(e164) => {
            let shown = display_phone(e164);
            shown.strip_prefix('+').map_or_else(|| harmless(&shown), |rest| format!("00{rest}"))
        }
        Cell::Date(date) => day(*date),
        Cell::Instant(moment) => format!("{} {:02}:{:02}", day(moment.date()), moment.hour(), moment.minute()),
        Cell::Number { units, decimals } => decimal(*units, *decimals, ','),
    }
}

fn day(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// The exact digits of a decimal.
fn decimal(units: i64, decimals: u8, comma: char) -> String {
    let decimals = usize::from(decimals.min(15));
    let digits = format!("{:0width$}", units.unsigned_abs(), width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let sign = if units < 0 { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}{comma}{rest}") }
}

/// A text that no spreadsheet runs.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) { format!("'{text}") } else { text.to_owned() }
}

impl From<XlsxError> for DocumentError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::IoError(io) => Self::Io(io),
            other => Self::Workbook(other.to_string()),
        }
    }
}

fn csv_error(error: csv::Error) -> DocumentError {
    match error.into_kind() {
        csv::ErrorKind::Io(io) => DocumentError::Io(io),
        other => DocumentError::Workbook(format!("{other:?}")),
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
