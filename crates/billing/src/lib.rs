//! From the draft to the money: invoices with numbers without a gap, the chain that proves them, payments and closings.

pub mod accounting;
pub mod archives;
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
use vision_platform::App;
use vision_platform::jobs::JobRegistry;
use vision_platform::schedule::Beat;

/// Every route of the context, relative to the API's base.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(profiles::routes())
        .merge(orders::routes())
        .merge(invoices::routes())
        .merge(payments::routes())
        .merge(seal::routes())
        .merge(accounting::routes())
        .merge(archives::routes())
        .merge(dunning::routes())
        .merge(recurring::routes())
}

/// Every job of the context.
pub fn jobs(registry: JobRegistry) -> JobRegistry {
    registry
        .with::<accounting::export::RunAccountingExport>()
        .with::<archives::MakeArchive>()
        .with::<payments::CloseTill>()
        .with::<dunning::jobs::FindReminders>()
        .with::<dunning::jobs::SendReminder>()
        .with::<recurring::jobs::RunRecurring>()
        .with::<orders::jobs::StampAnswer>()
        .with::<orders::jobs::RemindOrder>()
}

/// What a clock looks for.
pub fn beats() -> Vec<Beat> {
    vec![orders::jobs::beat, payments::beat, dunning::jobs::beat, recurring::jobs::beat]
}
