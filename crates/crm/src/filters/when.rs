//! Days and spans of days in filters, absolute or relative to today on the company's clock.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    pub(crate) fn read(name: &str) -> Option<Self> {
        Some(match name {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// `count` units after `day`, or before it. The 31st of a month without one is its last day.
    fn after(self, day: Date, count: i64) -> Date {
        let span = match self {
            Self::Day => count.days(),
            Self::Week => count.weeks(),
            Self::Month => count.months(),
            Self::Quarter => (count * 3).months(),
            Self::Year => count.years(),
        };
        day.saturating_add(span)
    }

    /// The first day of the unit in which `day` lies; weeks begin on Monday.
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => day.saturating_sub(i64::from(day.weekday().since(Weekday::Monday)).days()),
            Self::Month => day.first_of_month(),
            Self::Quarter => {
                let month = day.first_of_month();
                month.saturating_sub(i64::from((month.month() - 1) % 3).months())
            }
            Self::Year => day.first_of_year(),
        }
    }
}

/// Some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// From the first to the last, both included; open where absent.
    Between(Option<Date>, Option<Date>),
    /// The last so many units, today included.
    Last(i64, Unit),
    /// Earlier than so many units ago.
    OlderThan(i64, Unit),
    /// Today and the next so many units.
    Next(i64, Unit),
    /// The unit in which today lies.
    This(Unit),
    /// The unit before it.
    Previous(Unit),
}

impl When {
    /// The first day, and the day after the last.
    pub(crate) fn days(self, today: Date) -> (Option<Date>, Option<Date>) {
        let next = |day: Date| day.saturating_add(1.day());
        match self {
            Self::Between(from, to) => (from, to.map(next)),
            Self::Last(count, unit) => (Some(unit.after(today, -count)), Some(next(today))),
            Self::OlderThan(count, unit) => (None, Some(unit.after(today, -count))),
            Self::Next(count, unit) => (Some(today), Some(next(unit.after(today, count)))),
            Self::This(unit) => {
                let start = unit.start(today);
                (Some(start), Some(unit.after(start, 1)))
            }
            Self::Previous(unit) => {
                let start = unit.start(today);
                (Some(unit.after(start, -1)), Some(start))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;
    use jiff::civil::{Time, date};

    fn days(when: When, today: Date) -> (String, String) {
        let (from, to) = when.days(today);
        let text = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        (text(from), text(to))
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn relative_days_follow_the_calendar() {
        let sunday = date(2026, 11, 22);
        assert_eq!(days(When::Last(30, Unit::Day), sunday), pair("2026-10-23", "2026-11-23"));
        assert_eq!(days(When::OlderThan(6, Unit::Month), sunday), pair("", "2026-05-22"));
        assert_eq!(days(When::Next(7, Unit::Day), sunday), pair("2026-11-22", "2026-11-30"));
        assert_eq!(days(When::This(Unit::Week), sunday), pair("2026-11-16", "2026-11-23"));
        assert_eq!(days(When::This(Unit::Month), sunday), pair("2026-11-01", "2026-12-01"));
        assert_eq!(days(When::This(Unit::Quarter), sunday), pair("2026-10-01", "2027-01-01"));
        assert_eq!(days(When::Previous(Unit::Quarter), sunday), pair("2026-07-01", "2026-10-01"));
        assert_eq!(days(When::Previous(Unit::Year), sunday), pair("2025-01-01", "2026-01-01"));
        assert_eq!(days(When::OlderThan(1, Unit::Month), date(2026, 3, 31)), pair("", "2026-02-28"));
        assert_eq!(days(When::Between(None, Some(sunday)), sunday), pair("", "2026-11-23"));
        assert_eq!(days(When::Last(9999, Unit::Year), sunday).0, "-007973-11-22");
    }

    #[test]
    fn days_begin_and_end_on_the_clock_of_the_company() {
        let instants = |zone: &str, when: When, today: Date| {
            let zone = Zone::new(zone);
            let (from, to) = when.days(today);
            let at = |day: Option<Date>| day.map(|day| zone.at(day, Time::midnight()).to_string()).unwrap_or_default();
            (at(from), at(to))
        };
        // Summer time begins on 29 March 2026: that day has 23 hours in Paris, and 24 in La Réunion.
        let spring = date(2026, 3, 29);
        assert_eq!(instants("Europe/Paris", When::This(Unit::Day), spring), pair("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
        assert_eq!(instants("Indian/Reunion", When::This(Unit::Day), spring), pair("2026-03-28T20:00:00Z", "2026-03-29T20:00:00Z"));
        // And ends on 25 October: 25 hours.
        let autumn = date(2026, 10, 25);
        assert_eq!(instants("Europe/Paris", When::This(Unit::Day), autumn), pair("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
        assert_eq!(instants("Europe/Paris", When::Last(30, Unit::Day), autumn).0, "2026-09-24T22:00:00Z");
    }
}
