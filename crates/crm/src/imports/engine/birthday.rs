//! Dates as files have them.

use jiff::civil::Date;

/// A date without a year, or the placeholder for none, is not an error of the person who typed it.
pub(super) enum Read {
    Date(Date),
    /// The file's way of saying "no date".
    Nothing,
    Invalid,
}

/// Reads `1984-03-01`, `19840301`, `01/03/1984`, `1.3.1984`, `01-03-1984`, with or without a time of day after it.
///
/// The day comes first, as in France. Where that cannot be (`03/25/1984`), the month does.
pub(super) fn read(text: &str) -> Read {
    let text = text.trim();
    // Outlook writes 0/0/00 for none.
    if text.chars().all(|c| matches!(c, '0' | '/' | '-' | '.' | ' ')) {
        return Read::Nothing;
    }
    match parse(text) {
        Some(date) if (1850..=2100).contains(&date.year()) => Read::Date(date),
        _ => Read::Invalid,
    }
}

/// The same for values that are no day of birth: `None` for the file's way of saying "no date", `Some(None)` for what is no date.
pub fn read_date(text: &str) -> Option<Option<Date>> {
    match read(text) {
        Read::Nothing => None,
        Read::Date(date) => Some(Some(date)),
        Read::Invalid => Some(None),
    }
}

fn parse(text: &str) -> Option<Date> {
    let day_part = text.split(['T', ' ']).next()?;
    if day_part.len() == 8 && day_part.bytes().all(|byte| byte.is_ascii_digit()) {
        return date(day_part.get(..4)?, day_part.get(4..6)?, day_part.get(6..)?);
    }
    let parts: Vec<&str> = day_part.split(['/', '-', '.']).collect();
    let [one, two, three] = parts.as_slice() else { return None };
    if one.len() == 4 {
        return date(one, two, three);
    }
    if three.len() != 4 {
        return None;
    }
    date(three, two, one).or_else(|| date(three, one, two))
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 4;
    if !(digits(year) && digits(month) && digits(day)) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_usual_shape() {
        let expected = jiff::civil::date(1984, 3, 1);
        for text in
            ["1984-03-01", "19840301", "01/03/1984", "1.3.1984", "01-03-1984", "1984-03-01T00:00:00", "01/03/1984 00:00", "1984/03/01"]
        {
            assert!(matches!(read(text), Read::Date(date) if date == expected), "{text}");
        }
        assert!(matches!(read("03/25/1984"), Read::Date(date) if date == jiff::civil::date(1984, 3, 25)));
        for text in ["31/02/1984", "1984", "--03-01", "01/03/84", "hier", "1/2/3/4", "01/03/9999", "é/é/éééé"] {
            assert!(matches!(read(text), Read::Invalid), "{text}");
        }
        assert!(matches!(read("0/0/00"), Read::Nothing));
    }
}
