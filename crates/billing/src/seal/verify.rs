//! Reading a chain again from its first record.

use super::chain::{GENESIS, Key, is_signed, link};
use super::store::{self, RecordRow};
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
    let sealed: Value = serde_json::from_str(&record.body).unwrap_or_default();
    match &record.present {
        None => Some(Fault::RowGone),
        // The sealed text may hold more than the row does; what the row says must stand in it.
        Some(present) => {
            let same = present.as_object().is_some_and(|row| row.iter().all(|(field, value)| sealed.get(field) == Some(value)));
            (!same).then_some(Fault::RowAltered)
        }
    }
}

/// Reads every chain of the company again; the first broken record of each is named (IS-06).
pub async fn verify(tx: &mut Tx, crypto: &Crypto) -> Result<Vec<Verdict>, Failure> {
    let key = Key::of(crypto);
    let mut verdicts = Vec::new();
    for head in store::heads(tx).await? {
        let mut verdict = Verdict { chain: head.chain.clone(), records: 0, broken_at: None, fault: None };
        let mut previous = GENESIS.to_vec();
        'chain: loop {
            let records = store::records(tx, &head.chain, verdict.records, BATCH).await?;
            for record in &records {
                let expected = verdict.records + 1;
                if let Some(fault) = fault_of(&key, record, expected, &previous) {
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
        if verdict.fault.is_none() && (verdict.records != head.seq || previous != head.hash) {
            (verdict.broken_at, verdict.fault) = (Some(verdict.records + 1), Some(Fault::Truncated));
        }
        if verdict.fault.is_none() && store::claimed(tx, &head.chain).await? != verdict.records {
            (verdict.broken_at, verdict.fault) = (Some(verdict.records + 1), Some(Fault::Unsealed));
        }
        verdicts.push(verdict);
    }
    Ok(verdicts)
}
