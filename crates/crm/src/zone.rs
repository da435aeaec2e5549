//! The clock of the company: days and hours as people write them, instants as the product stores them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use vision_platform::Tx;

/// A time zone by its name.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    /// As stored with the company, `Europe/Paris`.
    pub name: String,
    zone: TimeZone,
}

impl Zone {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), zone: TimeZone::get(name).unwrap_or(TimeZone::UTC) }
    }

    /// What the clock on the wall shows at an instant.
    pub(crate) fn wall(&self, at: Timestamp) -> DateTime {
        at.to_zoned(self.zone.clone()).datetime()
    }

    /// The instant of a day and an hour. An hour that March skips is the one after it; of an hour that October has twice, the first counts.
    pub(crate) fn at(&self, day: Date, time: Time) -> Timestamp {
        day.to_datetime(time).to_zoned(self.zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// The instant at which a day is over.
    pub(crate) fn end_of(&self, day: Date) -> Timestamp {
        day.tomorrow().map_or(Timestamp::MAX, |next| self.at(next, Time::midnight()))
    }
}

/// The clock of the transaction's company.
pub(crate) async fn of_tenant(tx: &mut Tx) -> sqlx::Result<Zone> {
    let tenant = tx.tenant();
    let name: String = sqlx::query_scalar("SELECT time_zone FROM tenants WHERE id = $1").bind(tenant).fetch_one(tx.conn()).await?;
    Ok(Zone::new(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn the_lost_hour_of_march_and_the_doubled_hour_of_october_have_an_instant() {
        let paris = Zone::new("Europe/Paris");
        let at = |day, hour| paris.at(day, hour).to_string();
        // 29 March 2026: 02:00 to 03:00 does not exist.
        assert_eq!(at(date(2026, 3, 29), time(2, 30, 0, 0)), "2026-03-29T01:30:00Z");
        assert_eq!(paris.wall(paris.at(date(2026, 3, 29), time(2, 30, 0, 0))).time(), time(3, 30, 0, 0));
        // 25 October 2026: 02:00 to 03:00 exists twice; the first is in summer time.
        assert_eq!(at(date(2026, 10, 25), time(2, 30, 0, 0)), "2026-10-25T00:30:00Z");
        assert_eq!(paris.end_of(date(2026, 10, 25)).to_string(), "2026-10-25T23:00:00Z", "a day of 25 hours");
        assert_eq!(Zone::new("Pacific/Noumea").at(date(2026, 1, 1), time(9, 0, 0, 0)).to_string(), "2025-12-31T22:00:00Z");
    }
}
