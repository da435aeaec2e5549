//! What is done after a commit, and what a clock looks for.

use super::store::{self, Checkout};
use super::{checkouts, refunds};
use crate::invoices::{self, sendings};
use crate::payments::links;
use crate::payments::receipts;
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;
use vision_kernel::ProblemKind;
use vision_platform::{App, Failure, Job, JobContext, JobError};
use vision_ports::{MailError, MailFile};

/// How long a page may be silent before the provider is asked: messages get lost.
const SILENCE: SignedDuration = SignedDuration::from_mins(30);
/// How long what a provider said is kept.
const KEEP_EVENTS: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Closes the pages of an invoice that ask for more than is due, or whose link was withdrawn: nobody pays twice by an old tab.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseStale {
    /// The invoice.
    pub(crate) invoice: Uuid,
}

impl Job for CloseStale {
    const NAME: &'static str = "checkouts_close_stale";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let (app, tenant) = (&ctx.app, ctx.actor.tenant_id);
        let mut tx = app.db.begin(super::actor(tenant)).await?;
        let Some(due) = invoices::lock_due(&mut tx, self.invoice).await? else { return Ok(()) };
        let now = tx.now();
        let links = links::of_invoice(&mut tx, self.invoice).await?;
        let withdrawn = |row: &Checkout| links.iter().any(|link| link.id == row.link_id && !link.is_live(now));
        let open =
            store::checkouts(&mut tx, self.invoice).await?.into_iter().filter(|row| matches!(row.state.as_str(), "creating" | "open"));
        let stale: Vec<_> = open.filter(|row| row.amount_minor > due.row.due_minor() || withdrawn(row)).collect();
        drop(tx);
        for row in stale {
            checkouts::close(app, tenant, &row).await?;
        }
        Ok(())
    }
}

/// An invoice was paid at the counter or credited: hears of it after the commit.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowInvoice {
    payload: serde_json::Value,
}

impl Job for FollowInvoice {
    const NAME: &'static str = "checkouts_follow_invoice";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let word = |path: &str| self.payload.pointer(path).and_then(serde_json::Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        // Of a credit note the event names the note: the invoice is what it corrects.
        let Some(id) = word("/invoice/id") else { return Ok(()) };
        let mut tx = ctx.read().await?;
        let invoice = invoices::original(&mut tx, id).await?;
        drop(tx);
        CloseStale { invoice }.run(ctx).await
    }
}

/// Has the provider make a refund.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeRefund {
    /// Which.
    pub(super) refund: Uuid,
}

impl Job for MakeRefund {
    const NAME: &'static str = "refund_make";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        Ok(refunds::make(&ctx.app, ctx.actor.tenant_id, self.refund).await?)
    }
}

/// Sends the receipt of a payment to the payer (IS-04).
#[derive(Debug, Serialize, Deserialize)]
pub struct MailReceipt {
    /// What paid.
    pub(super) checkout: Uuid,
}

impl Job for MailReceipt {
    const NAME: &'static str = "receipt_mail";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let Some(row) = store::checkout(&mut tx, self.checkout, false).await? else { return Ok(()) };
        let Some(payment) = row.payment_id.filter(|_| row.receipt_mailed_at.is_none()) else { return Ok(()) };
        let amount = row.received_minor.unwrap_or(row.amount_minor);
        let letter = sendings::receipt_letter(&mut tx, &ctx.app, row.id, row.invoice_id, amount).await?;
        let receipt = receipts::of(&mut tx, payment).await?;
        drop(tx);
        let Some(mut message) = letter else { return Ok(()) };
        let name = format!("{}.pdf", receipt.number());
        message.files.push(MailFile { name, kind: "application/pdf".to_owned(), content: receipt.pdf().await? });
        ctx.app.mail.send(&message).await.map_err(|error| match error {
            MailError::Temporary(reason) => JobError::Retry(reason),
            MailError::Permanent(reason) => JobError::Fail(reason),
        })?;
        let mut tx = ctx.begin().await?;
        store::receipt_mailed(&mut tx, row.id).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Asks the provider about pages that have been silent, and forgets what it said long ago.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reconcile {}

impl Job for Reconcile {
    const NAME: &'static str = "checkouts_reconcile";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let (app, tenant) = (&ctx.app, ctx.actor.tenant_id);
        let mut tx = ctx.read().await?;
        let before = tx.now() - SILENCE;
        let silent = store::silent(&mut tx, before).await?;
        drop(tx);
        for row in silent {
            // Asked about once in a while, whatever comes of it: a page that nobody can tell about must not be asked about at every beat.
            let mut tx = ctx.begin().await?;
            store::touch(&mut tx, row.id).await?;
            tx.commit().await?;
            let asked = if row.provider_id.is_none() || row.provider != app.payments.name() {
                checkouts::close(app, tenant, &row).await
            } else {
                checkouts::settle(app, tenant, row.id, None, false).await.map(|_| ())
            };
            if let Err(error) = asked {
                tracing::warn!(checkout = %row.id, %error, "the provider could not be asked; trying again later");
                if error.kind() == ProblemKind::Unavailable {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Queues the work of every company that has something silent.
pub(crate) fn beat(app: &App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move {
        let mut tx = app.db.system().await?;
        let before = (tx.now() - SILENCE).to_sqlx();
        let tenants: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT tenant_id FROM payment_checkouts WHERE state IN ('creating', 'open', 'processing') AND updated_at < $1 LIMIT 500",
        )
        .bind(before)
        .fetch_all(tx.conn())
        .await?;
        for tenant in tenants {
            tx.enqueue(tenant, &Reconcile {}, Some(&format!("{tenant}:checkouts-reconcile"))).await?;
        }
        tx.commit().await
    })
}

/// Deletes what providers said long ago; gives the number of rows.
pub(crate) async fn sweep(app: &App) -> Result<u64, Failure> {
    let mut tx = app.db.system().await?;
    let before = (tx.now() - KEEP_EVENTS).to_sqlx();
    let done = sqlx::query("DELETE FROM payment_events WHERE received_at < $1").bind(before).execute(tx.conn()).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}
