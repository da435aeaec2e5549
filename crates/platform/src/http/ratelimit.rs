//! Burst limits per session, key or address, in memory; hourly plan quotas of API keys, in the database.

use crate::app::App;
use crate::failure::Failure;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use jiff_sqlx::ToSqlx;
use std::num::NonZeroU32;
use vision_kernel::Actor;

type Keyed = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Token buckets by key. A bucket holds two seconds' worth.
pub struct Limiter {
    buckets: Keyed,
    burst: u32,
}

/// What the caller may still do; becomes `RateLimit-*` headers.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Requests per window.
    pub limit: u32,
    /// Requests left in it.
    pub remaining: u32,
    /// Seconds until it is full again.
    pub reset: u64,
    /// False when this request is one too many.
    pub allowed: bool,
}

impl Limiter {
    /// `per_second` requests per second and key.
    pub fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        let quota = Quota::per_second(rate).allow_burst(burst);
        Self { buckets: RateLimiter::keyed(quota).with_middleware(), burst: burst.get() }
    }

    /// Takes one token of `key`.
    pub fn take(&self, key: &str) -> Allowance {
        match self.buckets.check_key(&key.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Allowance { limit: self.burst, remaining, reset: u64::from(remaining < self.burst), allowed: true }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now());
                Allowance { limit: self.burst, remaining: 0, reset: wait.as_secs() + 1, allowed: false }
            }
        }
    }

    /// Drops buckets that are full again; called now and then.
    pub fn sweep(&self) {
        self.buckets.retain_recent();
    }
}

/// Requests per hour of an API key, by plan (PRD: Free 1,000, Pro 10,000, Enterprise 100,000; Starter between).
pub fn hourly_quota(plan: &str) -> u32 {
    match plan {
        "enterprise" => 100_000,
        "pro" => 10_000,
        "starter" => 3_000,
        _ => 1_000,
    }
}

/// Counts one request of an API key in the current hour.
pub async fn count_api_request(app: &App, actor: &Actor) -> Result<Allowance, Failure> {
    let limit = hourly_quota(&actor.plan);
    let mut tx = app.db.system().await?;
    let second = tx.now().as_second();
    let hour = jiff::Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    // Losing a second of counts in a crash is harmless; waiting for the disk on every request is not.
    sqlx::query("SET LOCAL synchronous_commit = off").execute(tx.conn()).await?;
    let used: i64 = sqlx::query_scalar(
        "INSERT INTO api_usage AS u (tenant_id, key_id, hour, requests) VALUES ($1, $2, $3, 1)
         ON CONFLICT (tenant_id, key_id, hour) DO UPDATE SET requests = u.requests + 1 RETURNING requests",
    )
    .bind(actor.tenant_id)
    .bind(actor.id)
    .bind(hour.to_sqlx())
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    let remaining = i64::from(limit) - used;
    Ok(Allowance {
        limit,
        remaining: u32::try_from(remaining.max(0)).unwrap_or(0),
        reset: u64::try_from(3600 - second.rem_euclid(3600)).unwrap_or(3600),
        allowed: remaining >= 0,
    })
}
