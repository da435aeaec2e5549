//! The first visible sheet of an Excel workbook, row by row.
//!
//! The workbook's reader borrows the workbook, so both live in a thread of their own, which hands the rows over through a
//! short queue. Dropping the [`Sheet`] ends it. A fault of the reader on a damaged file ends that thread and no other.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};

use super::error::FileError;
use super::table::COLUMNS_MAX;

type Record = Result<Vec<String>, FileError>;

/// Rows waiting to be taken.
const QUEUE: usize = 64;

pub(super) struct Sheet {
    rows: Receiver<Record>,
    reader: Option<JoinHandle<()>>,
}

impl Sheet {
    pub(super) fn open(path: &Path) -> Self {
        let (sender, rows) = sync_channel(QUEUE);
        let path = path.to_owned();
        let reader = std::thread::Builder::new().name("xlsx-reader".to_owned()).spawn(move || read(&path, &sender));
        Self { rows, reader: reader.ok() }
    }

    pub(super) fn next(&mut self) -> Option<Record> {
        match self.rows.recv() {
            Ok(record) => Some(record),
            Err(_) => match self.reader.take()?.join() {
                Ok(()) => None,
                Err(_) => Some(Err(FileError::Damaged("the workbook cannot be read".to_owned()))),
            },
        }
    }
}

fn read(path: &Path, rows: &SyncSender<Record>) {
    if let Err(error) = stream(path, rows) {
        // Nobody listens any more when the import was cancelled.
        let _ = rows.send(Err(error));
    }
}

fn stream(path: &Path, rows: &SyncSender<Record>) -> Result<(), FileError> {
    let damaged = |error: calamine::XlsxError| match error {
        calamine::XlsxError::Password => FileError::Encrypted,
        other => FileError::Damaged(other.to_string()),
    };
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(File::open(path)?)).map_err(damaged)?;
    let sheets = book.sheets_metadata();
    let shown = sheets.iter().find(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible);
    let name = shown.or(sheets.first()).ok_or(FileError::Empty)?.name.clone();
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut row: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (line, column) = cell.get_position();
        if line != at {
            at = line;
            if !row.is_empty() && rows.send(Ok(std::mem::take(&mut row))).is_err() {
                return Ok(());
            }
        }
        let text = text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        // One place beyond the last allowed column stands for all that lies further.
        let column = usize::try_from(column).unwrap_or(COLUMNS_MAX).min(COLUMNS_MAX);
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        if let Some(place) = row.get_mut(column) {
            *place = text;
        }
    }
    if !row.is_empty() {
        let _ = rows.send(Ok(row));
    }
    Ok(())
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // A telephone or a SIREN typed as a number: its digits, and no ".0" or exponent.
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(instant) => date(instant),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// A date in ISO 8601, with the time of day where there is one.
fn date(instant: &ExcelDateTime) -> String {
    if !instant.is_datetime() {
        return instant.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = instant.to_ymd_hms_milli();
    match (instant.as_f64() < 1.0, hour, minute, second) {
        (true, ..) => format!("{hour:02}:{minute:02}:{second:02}"),
        (false, 0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        (false, ..) => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Table, sniff_path};
    use rust_xlsxwriter::{ExcelDateTime as Date, Format as Style, Workbook};

    #[test]
    fn a_workbook_is_read_with_its_dates_and_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.xlsx");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let style = Style::new().set_num_format("dd/mm/yyyy");
        for (column, header) in ["Nom", "Tél", "Né le", "SIREN"].iter().enumerate() {
            sheet.write(0, u16::try_from(column).unwrap(), *header).unwrap();
        }
        sheet.write(2, 0, "Dupré").unwrap();
        sheet.write(2, 1, 612_345_678.0).unwrap();
        sheet.write_with_format(2, 2, Date::from_ymd(1984, 3, 1).unwrap(), &style).unwrap();
        sheet.write(3, 0, "Ana").unwrap();
        sheet.write(3, 6, "en trop").unwrap();
        book.add_worksheet().write(0, 0, "autre feuille").unwrap();
        book.save(&path).unwrap();
        assert_eq!(sniff_path(&path, "t.xlsx").unwrap(), Format::Xlsx);
        let table = Table::open(&path, &Format::Xlsx).unwrap();
        assert_eq!(table.headers(), ["Nom", "Tél", "Né le", "SIREN"]);
        let rows: Vec<_> = table.map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2, "the blank row is not counted");
        assert_eq!(rows[0].cells, ["Dupré", "612345678", "1984-03-01", ""]);
        assert!(!rows[0].extra && rows[1].extra);
        assert_eq!(rows[1].number, 2);
    }

    #[test]
    fn a_damaged_workbook_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.xlsx");
        std::fs::write(&path, b"PK\x03\x04 nothing more").unwrap();
        assert_eq!(Table::open(&path, &Format::Xlsx).err().unwrap().key(), "damaged");
    }
}
