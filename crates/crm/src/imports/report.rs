//! What an import comes to, in numbers and examples; and its rows as `import_rows` keeps them.

use super::reader::Item;
use super::store;
use super::target::{Outcome, Verdict};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;
use vision_platform::{Failure, Tx};

/// Examples kept per outcome in a report.
const EXAMPLES: usize = 8;

/// The outcome of a rehearsal.
#[derive(Default)]
pub(crate) struct Report {
    counts: store::Counts,
    examples: Vec<Value>,
    shown: HashMap<&'static str, usize>,
}

impl Report {
    pub(crate) fn count<R>(&mut self, item: &Item<R>, verdict: &Verdict) {
        match verdict.outcome {
            Outcome::Created => self.counts.created += 1,
            Outcome::Matched { filled } => {
                self.counts.matched += 1;
                self.counts.filled += i64::from(filled);
            }
            Outcome::Rejected(_) => self.counts.rejected += 1,
        }
        self.counts.warnings += i64::try_from(verdict.notices.len()).unwrap_or(0);
        let (outcome, reason) = (verdict.outcome.name(), reason(verdict));
        let group = if reason.is_none() && !verdict.notices.is_empty() { "warning" } else { outcome };
        let shown = self.shown.entry(group).or_default();
        if *shown < EXAMPLES {
            *shown += 1;
            self.examples.push(
                json!({ "row": item.number, "outcome": outcome, "label": verdict.label, "reason": reason, "warnings": verdict.notices }),
            );
        }
    }

    /// As stored and sent.
    pub(crate) fn to_json(&self) -> Value {
        report(&self.counts, &self.examples)
    }
}

fn report(counts: &store::Counts, examples: &[Value]) -> Value {
    json!({
        "rows": counts.created + counts.matched + counts.rejected, "created": counts.created, "matched": counts.matched, "filled": counts.filled,
        "rejected": counts.rejected, "warnings": counts.warnings, "examples": examples,
    })
}

fn reason(verdict: &Verdict) -> Option<&'static str> {
    match verdict.outcome {
        Outcome::Rejected(reason) => Some(reason),
        _ => None,
    }
}

/// Keeps what became of rows.
pub(crate) async fn keep<R>(tx: &mut Tx, import: Uuid, items: &[Item<R>], verdicts: Vec<Verdict>) -> Result<(), Failure> {
    let rows = items.iter().zip(verdicts).map(|(item, verdict)| {
        let reason = reason(&verdict);
        let (before, after) = verdict.change.map_or((None, None), |(before, after)| (Some(before), Some(after)));
        json!({
            "row_number": item.number, "outcome": verdict.outcome.name(), "filled": verdict.outcome == Outcome::Matched { filled: true },
            "reason": reason, "warnings": verdict.notices, "label": verdict.label, "contact_id": verdict.contact_id, "record_id": verdict.record_id,
            "cells": reason.is_some().then_some(&item.cells), "before": before, "after": after,
        })
    });
    store::insert_rows(tx, import, rows.collect()).await?;
    Ok(())
}

/// The report of a finished or cancelled run, from its rows.
pub(crate) async fn of_run(tx: &mut Tx, import: Uuid) -> Result<Value, Failure> {
    let counts = store::counts(tx, import).await?;
    let mut examples = Vec::new();
    for outcome in ["rejected", "warning", "matched"] {
        for row in store::rows(tx, import, Some(outcome), 0, 8).await? {
            examples.push(
                json!({ "row": row.row_number, "outcome": row.outcome, "label": row.label, "reason": row.reason, "warnings": row.warnings }),
            );
        }
    }
    Ok(report(&counts, &examples))
}
