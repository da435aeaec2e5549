//! Payments and closings of a demo company.

use super::model::PaymentIn;
use super::{ops, store};
use crate::{day, invoices};
use serde_json::json;
use uuid::Uuid;
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// Records a payment, of no more than what is due.
pub(crate) async fn pay(tx: &mut Tx, crypto: &Crypto, invoice: Uuid, amount_minor: i64, method: &str) -> Result<(), Failure> {
    let due = invoices::lock_due(tx, invoice).await?.map_or(0, |due| due.row.due_minor());
    let amount_minor = amount_minor.min(due);
    let input: PaymentIn = serde_json::from_value(json!({ "method": method, "amount_minor": amount_minor }))?;
    ops::record(tx, crypto, invoice, input).await?;
    Ok(())
}

/// Closes the days before today, once there is something to close.
pub(crate) async fn close_before(tx: &mut Tx, crypto: &Crypto) -> Result<(), Failure> {
    let yesterday = day::today(tx).await?.yesterday().ok();
    for till in [store::COUNTER, store::ONLINE] {
        if store::first_day(tx, till).await?.is_some() {
            ops::close(tx, crypto, till, yesterday).await?;
        }
    }
    Ok(())
}
