//! From the draft to the money: invoices with numbers without a gap, the chain that proves them, payments and closings.

pub mod accounting;
pub mod archives;
mod calendar;
mod day;
pub mod demo;
pub mod dunning;
pub mod invoices;
mod letters;
pub mod orders;
pub mod payments;
pub mod profiles;
pub mod recurring;
pub mod seal;

use utoipa_axum::router::OpenApiRouter;
use vision_platform::jobs::JobRegistry;
use vision_platform::outbox::Subscriber;
use vision_platform::schedule::Beat;
use vision_platform::{App, Failure, Job};

/// Every route of the context, relative to the API's base.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(profiles::routes())
        .merge(orders::routes())
        .merge(invoices::routes())
        .merge(payments::routes())
        .merge(payments::online::routes())
        .merge(seal::routes())
        .merge(accounting::routes())
        .merge(archives::routes())
        .merge(dunning::routes())
        .merge(recurring::routes())
}

/// Every job of the context.
pub fn jobs(registry: JobRegistry) -> JobRegistry {
    registry
        .with::<invoices::sendings::SendInvoice>()
        .with::<payments::online::webhook::HandleEvent>()
        .with::<payments::online::jobs::CloseStale>()
        .with::<payments::online::jobs::FollowInvoice>()
        .with::<payments::online::jobs::MakeRefund>()
        .with::<payments::online::jobs::MailReceipt>()
        .with::<payments::online::jobs::Reconcile>()
        .with::<orders::jobs::StampAnswer>()
        .with::<orders::jobs::AskForDeposit>()
        .with::<orders::jobs::MailSealed>()
        .with::<orders::jobs::RemindOrder>()
        .with::<accounting::export::RunAccountingExport>()
        .with::<archives::MakeArchive>()
        .with::<payments::CloseTill>()
        .with::<dunning::jobs::FindReminders>()
        .with::<dunning::jobs::SendReminder>()
        .with::<recurring::jobs::RunRecurring>()
}

/// Who reacts to which events after their commit.
pub fn subscribers() -> Vec<Subscriber> {
    let follow = <payments::online::jobs::FollowInvoice as Job>::NAME;
    vec![Subscriber { job: follow, events: &["payment.received", "credit_note.issued"] }]
}

/// What a clock looks for.
pub fn beats() -> Vec<Beat> {
    vec![orders::jobs::beat, payments::beat, payments::online::jobs::beat, dunning::jobs::beat, recurring::jobs::beat]
}

/// Deletes what is out of date; gives the number of rows.
pub async fn sweep(app: &App) -> Result<u64, Failure> {
    payments::online::jobs::sweep(app).await
}
