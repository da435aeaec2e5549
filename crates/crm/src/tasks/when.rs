//! When a task is due, when its reminder is, when it comes back, and until when it is put off.

use super::model::{Repeat, RepeatUnit, Snooze};
use crate::zone::Zone;
use jiff::civil::{Date, Time, time};
use jiff::{SignedDuration, Span, Timestamp};

/// The hour of a task that has only a day, for its reminder and for "tomorrow morning".
const MORNING: Time = time(9, 0, 0, 0);
/// "Later today" is this far away.
const LATER: SignedDuration = SignedDuration::from_hours(3);
/// Most steps of a rhythm that are looked at: a century of days.
const MOST_STEPS: i64 = 36_525;

/// The instant from which a task is late: its hour, or the end of its day.
pub(crate) fn due_at(zone: &Zone, day: Date, hour: Option<Time>) -> Timestamp {
    hour.map_or_else(|| zone.end_of(day), |hour| zone.at(day, hour))
}

/// When the reminder is due; none for a task that is late already.
pub(crate) fn remind_at(zone: &Zone, day: Option<Date>, hour: Option<Time>, minutes: Option<i32>, now: Timestamp) -> Option<Timestamp> {
    let (day, minutes) = (day?, minutes?);
    let moment = zone.at(day, hour.unwrap_or(MORNING)) - SignedDuration::from_mins(i64::from(minutes));
    (due_at(zone, day, hour) > now).then_some(moment)
}

/// The day on which a task comes back: the first of its rhythm after `done` that is not past; none when the rhythm has ended.
pub(crate) fn next_day(repeat: &Repeat, done: Date, today: Date) -> Option<Date> {
    (1..=MOST_STEPS)
        .map_while(|step| {
            let by = step.checked_mul(i64::from(repeat.every))?;
            let span = match repeat.unit {
                RepeatUnit::Day => Span::new().try_days(by),
                RepeatUnit::Week => Span::new().try_weeks(by),
                RepeatUnit::Month => Span::new().try_months(by),
                RepeatUnit::Year => Span::new().try_years(by),
            };
            // Counted from the first day, not from the last: a 31st that was a 28th in February is a 31st again in March.
            repeat.from.checked_add(span.ok()?).ok()
        })
        .take_while(|day| repeat.until.is_none_or(|until| *day <= until))
        .find(|day| *day > done && *day >= today)
}

/// The day and hour that a task is put off to.
pub(crate) fn snoozed(zone: &Zone, to: &Snooze, now: Timestamp) -> (Date, Option<Time>) {
    let wall = zone.wall(now);
    let today = wall.date();
    match to {
        Snooze::LaterToday => {
            let later = zone.wall(now + LATER);
            // To the next quarter of an hour, and never into tomorrow.
            let minute = (later.time().minute() + 14) / 15 * 15;
            let hour = if minute == 60 { later.time().hour() + 1 } else { later.time().hour() };
            let time = if later.date() == today { Time::new(hour, minute % 60, 0, 0).ok() } else { None };
            (today, Some(time.unwrap_or(time_max())))
        }
        Snooze::Tomorrow => (today.tomorrow().unwrap_or(today), Some(MORNING)),
        Snooze::NextMonday => {
            let days = 7 - i64::from(today.weekday().to_monday_zero_offset());
            (today.checked_add(Span::new().days(days)).unwrap_or(today), Some(MORNING))
        }
        Snooze::Moment { day, hour } => (*day, *hour),
    }
}

fn time_max() -> Time {
    time(23, 59, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn repeat(unit: RepeatUnit, every: i32, from: Date) -> Repeat {
        Repeat { unit, every, until: None, from }
    }

    #[test]
    fn a_rhythm_is_counted_from_its_first_day_and_skips_what_is_past() {
        let monthly = repeat(RepeatUnit::Month, 1, date(2026, 1, 31));
        assert_eq!(next_day(&monthly, date(2026, 1, 31), date(2026, 1, 31)), Some(date(2026, 2, 28)));
        assert_eq!(next_day(&monthly, date(2026, 2, 28), date(2026, 2, 28)), Some(date(2026, 3, 31)));
        let daily = repeat(RepeatUnit::Day, 1, date(2026, 1, 1));
        assert_eq!(next_day(&daily, date(2026, 1, 5), date(2026, 1, 20)), Some(date(2026, 1, 20)), "ten days late");
        assert_eq!(next_day(&daily, date(2026, 1, 25), date(2026, 1, 20)), Some(date(2026, 1, 26)), "done early");
        let yearly = repeat(RepeatUnit::Year, 1, date(2024, 2, 29));
        assert_eq!(next_day(&yearly, date(2024, 2, 29), date(2024, 3, 1)), Some(date(2025, 2, 28)));
        let ending = Repeat { until: Some(date(2026, 1, 14)), ..repeat(RepeatUnit::Week, 1, date(2026, 1, 5)) };
        assert_eq!(next_day(&ending, date(2026, 1, 5), date(2026, 1, 5)), Some(date(2026, 1, 12)));
        assert_eq!(next_day(&ending, date(2026, 1, 12), date(2026, 1, 12)), None);
    }

    #[test]
    fn a_task_without_an_hour_is_late_when_its_day_is_over() {
        let paris = Zone::new("Europe/Paris");
        let day = date(2026, 11, 24);
        assert_eq!(due_at(&paris, day, None).to_string(), "2026-11-24T23:00:00Z");
        assert_eq!(due_at(&paris, day, Some(time(14, 30, 0, 0))).to_string(), "2026-11-24T13:30:00Z");
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().expect("instant");
        assert_eq!(remind_at(&paris, Some(day), None, Some(60), now).map(|at| at.to_string()).as_deref(), Some("2026-11-24T07:00:00Z"));
        assert_eq!(remind_at(&paris, Some(date(2026, 11, 20)), None, Some(60), now), None, "late already");
    }

    #[test]
    fn later_today_stays_today_and_monday_is_the_next_one() {
        let paris = Zone::new("Europe/Paris");
        let at = |text: &str| text.parse::<Timestamp>().expect("instant");
        let sunday = at("2026-11-22T13:07:00Z");
        assert_eq!(snoozed(&paris, &Snooze::LaterToday, sunday), (date(2026, 11, 22), Some(time(17, 15, 0, 0))));
        assert_eq!(snoozed(&paris, &Snooze::LaterToday, at("2026-11-22T21:30:00Z")), (date(2026, 11, 22), Some(time(23, 59, 0, 0))));
        assert_eq!(snoozed(&paris, &Snooze::Tomorrow, sunday), (date(2026, 11, 23), Some(time(9, 0, 0, 0))));
        assert_eq!(snoozed(&paris, &Snooze::NextMonday, sunday).0, date(2026, 11, 23));
        assert_eq!(snoozed(&paris, &Snooze::NextMonday, at("2026-11-23T10:00:00Z")).0, date(2026, 11, 30));
    }
}
