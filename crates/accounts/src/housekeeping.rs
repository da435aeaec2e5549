//! Secrets and sessions whose time is over.

use jiff::SignedDuration;
use vision_platform::housekeeping::delete_old;
use vision_platform::{App, Failure};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Deletes mailed secrets a day after they expired, and sessions 90 days after their end: until then they are evidence.
pub async fn sweep(app: &App) -> Result<u64, Failure> {
    let now = app.clock.now();
    let mut deleted = delete_old(app, "user_tokens", "expires_at < $1", now - DAY).await?;
    deleted += delete_old(app, "sessions", "expires_at < $1", now - DAY * 90).await?;
    deleted += delete_old(app, "sessions", "revoked_at < $1", now - DAY * 90).await?;
    Ok(deleted)
}
