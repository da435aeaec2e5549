//! What the provider says: believed by its signature over the raw bytes, kept once, answered, then worked on by a job.

use super::{account, actor, checkouts, disputes, refunds, store};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::{App, Failure, Job, JobContext, JobError};
use vision_ports::payments::{EventKind, WebhookError};

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Kept; a job works on it.
    Kept,
    /// Said before.
    Known,
    /// Signed, and about nobody here.
    Ignored,
    /// Not believed.
    Refused,
}

/// Takes a message in.
pub async fn receive(app: &App, signature: &str, body: &[u8]) -> Result<Receipt, Failure> {
    let provider = app.payments.name();
    let event = match app.payments.event(body, signature, app.clock.now().as_second()) {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(provider, %error, "a message that says it comes from the provider was refused");
            return Ok(if error == WebhookError::Unreadable { Receipt::Ignored } else { Receipt::Refused });
        }
    };
    // Events of test money also reach an endpoint of real money.
    if event.live != app.payments.live() || event.kind == EventKind::Other {
        return Ok(Receipt::Ignored);
    }
    let Some(account) = event.account else { return Ok(Receipt::Ignored) };
    // One row a company: read through, because indexes lead with the tenant. An account that two companies claim is nobody's.
    let tenants: Vec<Uuid> = {
        let mut tx = app.db.system().await?;
        let find = "SELECT tenant_id FROM payment_accounts WHERE provider = $1 AND account_id = $2 LIMIT 2";
        sqlx::query_scalar(find).bind(provider).bind(&account).fetch_all(tx.conn()).await?
    };
    let [tenant] = tenants[..] else {
        tracing::warn!(provider, event = event.name, "an event about an account that no company has");
        return Ok(Receipt::Ignored);
    };
    let mut tx = app.db.begin(actor(tenant)).await?;
    if !store::keep(&mut tx, provider, &event.id, &event.name, signature, body).await? {
        return Ok(Receipt::Known);
    }
    tx.enqueue(&HandleEvent { provider: provider.to_owned(), event: event.id }).await?;
    tx.commit().await?;
    Ok(Receipt::Kept)
}

/// Works on a message that was kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandleEvent {
    provider: String,
    event: String,
}

impl Job for HandleEvent {
    const NAME: &'static str = "payment_event_handle";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let (app, tenant) = (&ctx.app, ctx.actor.tenant_id);
        let mut tx = ctx.read().await?;
        let said = store::said(&mut tx, &self.provider, &self.event).await?;
        drop(tx);
        let Some(said) = said.filter(|said| said.handled_at.is_none()) else { return Ok(()) };
        if self.provider != app.payments.name() {
            return Err(JobError::Fail("the provider was changed".to_owned()));
        }
        // Believed again by the same bytes, as of the moment at which they came.
        let event = app.payments.event(&said.body, &said.signature, said.received_at.to_jiff().as_second());
        let event = event.map_err(|error| JobError::Fail(error.to_string()))?;
        let outcome = match event.kind {
            EventKind::Checkout { checkout, reference, failed } => {
                let mut tx = ctx.read().await?;
                let row = match store::checkout_of(&mut tx, &self.provider, &checkout).await? {
                    Some(row) => Some(row),
                    // The message may come before the answer that names the page: then our own reference finds it, in this company only.
                    None => match reference.and_then(|reference| reference.parse().ok()) {
                        Some(id) => store::checkout(&mut tx, id, false).await?.filter(|row| row.provider_id.is_none()),
                        None => None,
                    },
                };
                drop(tx);
                match row {
                    Some(row) => checkouts::settle(app, tenant, row.id, Some(&checkout), failed).await?,
                    None => "unknown",
                }
            }
            EventKind::Refunds { payment } => refunds::sync(app, tenant, &payment).await?,
            EventKind::Dispute(dispute) => disputes::record(app, tenant, &dispute).await?,
            EventKind::Account => account::refresh(app, &actor(tenant)).await?.map_or("unknown", |_| "account"),
            EventKind::AccountGone => {
                let mut tx = app.db.begin(actor(tenant)).await?;
                account::disconnect(&mut tx, &self.provider).await?;
                tx.commit().await?;
                "disconnected"
            }
            EventKind::Other => "ignored",
        };
        // A refund or dispute may overtake the payment that it is about: it waits for it, not for ever.
        let waited = ctx.app.clock.now().duration_since(said.received_at.to_jiff());
        if outcome == "unknown" && waited < jiff::SignedDuration::from_mins(10) {
            return Err(JobError::Retry(format!("{}: its payment is not known yet", event.name)));
        }
        let mut tx = app.db.begin(actor(tenant)).await?;
        store::handled(&mut tx, &self.provider, &self.event, outcome).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What a message is answered: 2xx for whatever need not be sent again.
pub fn status(receipt: Receipt) -> Result<(), Problem> {
    if receipt == Receipt::Refused {
        return Err(Problem::new(vision_kernel::ProblemKind::BadRequest).detail("The signature is not the provider's, or it is too old."));
    }
    Ok(())
}
