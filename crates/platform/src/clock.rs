//! The time, injected: tests move it, code never asks the system directly.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};
use uuid::{ContextV7, Uuid};

/// Where "now" comes from. Identifiers are UUID v7 of the same clock, so their order is the order of creation.
#[derive(Clone)]
pub struct Clock {
    offset: Arc<Mutex<SignedDuration>>,
    context: Arc<Mutex<ContextV7>>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: Arc::default(), context: Arc::new(Mutex::new(ContextV7::new())) }
    }
}

impl Clock {
    /// The present instant, truncated to microseconds as PostgreSQL stores it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system clock")]
    pub fn now(&self) -> Timestamp {
        let offset = self.offset.lock().map(|guard| *guard).unwrap_or_default();
        let now = Timestamp::now() + offset;
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// A new identifier.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes identifiers")]
    pub fn new_id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        let context = self.context.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanos))
    }

    /// Moves the clock forward; for tests and rehearsals.
    pub fn advance(&self, by: SignedDuration) {
        if let Ok(mut offset) = self.offset.lock() {
            *offset += by;
        }
    }
}
