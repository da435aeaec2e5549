//! Files on contacts and on what they own: sent piece by piece, checked and drawn by a job, taken by links that last minutes.
//!
//! Invariants: what a file is, its content says; nothing of it leaves before it was checked; its bytes go out as an attachment only,
//! what is shown in the product are pictures that we made; what is deleted can be brought back for 30 days and then leaves the store.

mod content;
pub(crate) mod events;
pub mod http;
mod images;
pub mod jobs;
pub(crate) mod kinds;
pub mod model;
pub(crate) mod names;
pub(crate) mod ops;
pub(crate) mod store;
pub(crate) mod subjects;
pub(crate) mod uploads;

pub use content::content_routes;
pub use http::routes;
pub use jobs::{beat, sweep};
pub use uploads::MAX_FILE;
