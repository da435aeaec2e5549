//! What every context stands on: the only door to the database, identity, HTTP edge, events, jobs, configuration.
//! Knows nothing of contacts, invoices or any other part of the product.

pub mod app;
pub mod auth;
pub mod background;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod failure;
pub mod housekeeping;
pub mod http;
pub mod jobs;
pub mod live;
pub mod mailbox;
pub mod outbox;
pub mod postgres;
pub mod privacy;
pub mod public_link;
pub mod schedule;
pub mod telemetry;
pub mod throttle;

pub use app::App;
pub use auth::{Authorized, permits};
pub use clock::Clock;
pub use config::Config;
pub use db::{Db, SystemTx, Tx};
pub use failure::{ApiResult, Failure, OnUnique};
pub use jobs::{Job, JobContext, JobError};
