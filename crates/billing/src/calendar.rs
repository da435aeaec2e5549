//! Days on which a company writes to its customers: neither weekends nor the public holidays of France.

use jiff::civil::{Date, Weekday};
use jiff::{Span, civil::date};

/// Easter Sunday of a year of the Gregorian calendar (Meeus, Jones and Butcher).
#[expect(clippy::many_single_char_names, reason = "the names are those of the published algorithm")]
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()
}

fn is_holiday(day: Date) -> bool {
    let fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
    if fixed.contains(&(day.month(), day.day())) {
        return true;
    }
    let Some(easter) = easter(day.year()) else { return false };
    // Easter Monday, Ascension, Whit Monday.
    [1, 39, 50].into_iter().any(|days| easter.checked_add(Span::new().days(days)).ok() == Some(day))
}

/// True when the post is delivered and desks are manned.
pub(crate) fn is_working(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day)
}

/// The day itself, or the next working one.
pub(crate) fn working(day: Date) -> Date {
    let mut day = day;
    // At most four days in a row are off.
    for _ in 0..10 {
        if is_working(day) {
            return day;
        }
        day = day.tomorrow().unwrap_or(date(9999, 12, 31));
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_and_the_holidays_of_france_are_off() {
        assert_eq!((easter(2026), easter(2027), easter(2038)), (Some(date(2026, 4, 5)), Some(date(2027, 3, 28)), Some(date(2038, 4, 25))));
        for off in [date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25), date(2026, 7, 14), date(2026, 11, 28), date(2026, 11, 29)] {
            assert!(!is_working(off), "{off}");
        }
        // Christmas 2026 is a Friday.
        assert_eq!(working(date(2026, 12, 25)), date(2026, 12, 28));
        assert_eq!(working(date(2026, 11, 30)), date(2026, 11, 30));
    }
}
