//! A file as batches of parsed rows, read on a blocking thread one batch ahead of who consumes them.

use super::engine::{Field, FileError, Format, Parsed, Reason, Table, parse_row};
use std::path::PathBuf;
use tokio::sync::mpsc;

/// Rows per batch, and per transaction.
pub(crate) const BATCH: usize = 1000;

/// A row after parsing.
pub(crate) struct Item {
    pub number: u64,
    /// The cells as in the file.
    pub cells: Vec<String>,
    pub parsed: Result<Parsed, Reason>,
}

/// Reads from row `first` on. The channel ends after the last batch or an error.
pub(crate) fn batches(
    path: PathBuf,
    format: Format,
    mapping: Vec<Option<Field>>,
    first: u64,
) -> mpsc::Receiver<Result<Vec<Item>, FileError>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read(&path, format, &mapping, first, &sender) {
            // Nobody listens any more when the import was cancelled.
            drop(sender.blocking_send(Err(error)));
        }
    });
    receiver
}

fn read(
    path: &std::path::Path,
    format: Format,
    mapping: &[Option<Field>],
    first: u64,
    sender: &mpsc::Sender<Result<Vec<Item>, FileError>>,
) -> Result<(), FileError> {
    let mut table = Table::open(path, &format)?;
    table.skip_to(first)?;
    let mut batch = Vec::with_capacity(BATCH);
    for row in table {
        let row = row?;
        batch.push(Item { number: row.number, parsed: parse_row(mapping, &row), cells: row.cells });
        if batch.len() == BATCH && sender.blocking_send(Ok(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))).is_err() {
            return Ok(());
        }
    }
    if !batch.is_empty() {
        drop(sender.blocking_send(Ok(batch)));
    }
    Ok(())
}
