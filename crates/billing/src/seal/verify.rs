//! Reading a chain again from its first record.

use super::chain::{GENESIS, Key, is_signed, link};
use super::store::{self, HeadRow, RecordRow};
use crate::invoices::numbers;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// Records read at once.
const BATCH: i64 = 500;

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A record is missing, or stands twice.
    Gap,
    /// Its text was changed.
    Altered,
    /// It does not follow the one before.
    Unlinked,
    /// The signature is not ours.
    Unsigned,
    /// The row that it seals was deleted.
    RowGone,
    /// The row that it seals is not what was sealed.
    RowAltered,
    /// Records were cut off the end.
    Truncated,
    /// There are rows that were never sealed.
    Unsealed,
    /// A number does not follow the one before, or the series has moved on without a document (QI-28).
    Number,
}

/// What reading a chain found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SealVerdict)]
pub struct Verdict {
    /// Code of the series, or `till:` and the till.
    pub chain: String,
    /// Records read.
    pub records: i64,
    /// The first broken record, if any.
    pub broken_at: Option<i64>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

fn fault_of(key: &Key, record: &RecordRow, expected: i64, previous: &[u8]) -> Option<Fault> {
    if record.seq != expected {
        return Some(Fault::Gap);
    }
    if record.previous != previous {
        return Some(Fault::Unlinked);
    }
    if link(previous, &record.body).as_slice() != record.hash.as_slice() {
        return Some(Fault::Altered);
    }
    if !is_signed(&key.public(), &record.hash, &record.signature) {
        return Some(Fault::Unsigned);
    }
    match &record.present {
        None => Some(Fault::RowGone),
        Some(present) => (serde_json::from_str::<Value>(&record.body).ok().as_ref() != Some(present)).then_some(Fault::RowAltered),
    }
}

/// The numbers of a series as they are read again: each must follow the one before.
struct Numbers<'a> {
    template: Option<&'a str>,
    year: i32,
    last: i64,
}

impl Numbers<'_> {
    /// True when the document's number is the next one.
    fn follows(&mut self, record: &RecordRow) -> bool {
        let Some(template) = self.template else { return true };
        let present = record.present.as_ref();
        let text = |field: &str| present.and_then(|present| present.get(field)).and_then(Value::as_str);
        let Some(day) = text("issue_date").and_then(|day| day.parse::<Date>().ok()) else { return false };
        (self.year, self.last) = numbers::next(self.year, self.last, day);
        text("number") == Some(numbers::written(template, day.year(), self.last).as_str())
    }
}

/// Reads every chain of the company again, as of one instant; the first broken record of each is named (IS-06).
pub(super) async fn chains(tx: &mut Tx, crypto: &Crypto) -> Result<Vec<(Verdict, HeadRow)>, Failure> {
    store::freeze(tx).await?;
    let key = Key::of(crypto);
    let mut verdicts = Vec::new();
    for head in store::heads(tx).await? {
        let mut verdict = Verdict { chain: head.chain.clone(), records: 0, broken_at: None, fault: None };
        let mut previous = GENESIS.to_vec();
        let mut numbers = Numbers { template: head.template.as_deref(), year: 0, last: 0 };
        'chain: loop {
            let records = store::records(tx, &head.chain, verdict.records, BATCH).await?;
            for record in &records {
                let expected = verdict.records + 1;
                let fault = fault_of(&key, record, expected, &previous);
                let fault = fault.or_else(|| (!numbers.follows(record)).then_some(Fault::Number));
                if let Some(fault) = fault {
                    (verdict.broken_at, verdict.fault) = (Some(expected), Some(fault));
                    break 'chain;
                }
                previous.clone_from(&record.hash);
                verdict.records = expected;
            }
            if records.is_empty() {
                break;
            }
        }
        let (seq, hash) = (head.seq.unwrap_or_default(), head.hash.clone().unwrap_or_else(|| GENESIS.to_vec()));
        if verdict.fault.is_none() && (verdict.records != seq || previous != hash) {
            (verdict.broken_at, verdict.fault) = (Some(verdict.records + 1), Some(Fault::Truncated));
        }
        if verdict.fault.is_none() && store::claimed(tx, &head.chain).await? != verdict.records {
            (verdict.broken_at, verdict.fault) = (Some(verdict.records + 1), Some(Fault::Unsealed));
        }
        if verdict.fault.is_none() && head.template.is_some() && head.reached != Some(numbers.last) {
            (verdict.broken_at, verdict.fault) = (Some(verdict.records + 1), Some(Fault::Number));
        }
        verdicts.push((verdict, head));
    }
    Ok(verdicts)
}

/// The verdicts alone.
pub async fn verify(tx: &mut Tx, crypto: &Crypto) -> Result<Vec<Verdict>, Failure> {
    Ok(chains(tx, crypto).await?.into_iter().map(|(verdict, _)| verdict).collect())
}
