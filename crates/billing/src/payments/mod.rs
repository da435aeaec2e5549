//! Money that comes in, allocated to invoices by VAT rate (EI-16), and the closings of the till (IS-07).
//!
//! Invariants: an entry is never changed, a mistake is reversed by an entry that names it (IS-05); every entry is a link of its till's chain;
//! a closed day takes no entry; the perpetual total only grows. What a customer pays too much is allocated to nothing, and theirs (BA-06).

mod closings;
pub(crate) mod demo;
pub mod http;
pub mod links;
pub mod model;
pub mod online;
mod ops;
pub(crate) mod receipts;
mod store;

pub use closings::CloseTill;
pub(crate) use closings::{beat, close_due};
pub use http::routes;

/// The first day on which any till has an entry.
pub(crate) async fn first_day(tx: &mut vision_platform::Tx) -> sqlx::Result<Option<jiff::civil::Date>> {
    let counter = store::first_day(tx, store::COUNTER).await?;
    let online = store::first_day(tx, store::ONLINE).await?;
    Ok([counter, online].into_iter().flatten().min())
}
