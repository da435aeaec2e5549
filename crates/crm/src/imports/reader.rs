//! A file as batches of parsed rows, read on a blocking thread one batch ahead of who consumes them.

use super::engine::{FileError, Format, Table};
use super::target::Parser;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Rows per batch, and per transaction.
pub(crate) const BATCH: usize = 1000;

/// A row after parsing.
pub(crate) struct Item<R> {
    pub number: u64,
    /// The cells as in the file.
    pub cells: Vec<String>,
    /// The row, or the key of the reason for which it is refused.
    pub parsed: Result<R, &'static str>,
}

/// The rows of a batch, or what prevents reading on.
pub(crate) type Batch<R> = Result<Vec<Item<R>>, FileError>;

/// Reads from row `first` on. The channel ends after the last batch or an error.
pub(crate) fn batches<R: Send + 'static>(path: PathBuf, format: Format, parser: Parser<R>, first: u64) -> mpsc::Receiver<Batch<R>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read(&path, format, &parser, first, &sender) {
            // Nobody listens any more when the import was cancelled.
            drop(sender.blocking_send(Err(error)));
        }
    });
    receiver
}

fn read<R>(path: &Path, format: Format, parser: &Parser<R>, first: u64, sender: &mpsc::Sender<Batch<R>>) -> Result<(), FileError> {
    let mut table = Table::open(path, &format)?;
    table.skip_to(first)?;
    let mut batch = Vec::with_capacity(BATCH);
    for row in table {
        let row = row?;
        batch.push(Item { number: row.number, parsed: parser(&row), cells: row.cells });
        if batch.len() == BATCH && sender.blocking_send(Ok(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))).is_err() {
            return Ok(());
        }
    }
    if !batch.is_empty() {
        drop(sender.blocking_send(Ok(batch)));
    }
    Ok(())
}
