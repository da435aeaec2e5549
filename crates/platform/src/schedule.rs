//! Work that a clock starts. Each beat looks for what has become due and queues it; several instances may beat at once, so what a
//! beat queues must be harmless twice.

use crate::app::App;
use crate::failure::Failure;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Looks for due work, and queues it.
pub type Beat = for<'a> fn(&'a App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(15);

/// Beats for ever.
pub async fn run(app: App, beats: Vec<Beat>) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        for beat in &beats {
            if let Err(error) = beat(&app).await {
                tracing::warn!(%error, "due work could not be queued; trying again");
            }
        }
    }
}
