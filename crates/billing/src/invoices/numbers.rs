//! Numbers that follow each other (QI-24…QI-27).

use jiff::civil::Date;

/// A series that exists without being asked for: code, template and the reason why it is there (QI-26).
pub(crate) const INVOICES: (&str, &str, &str) = ("F", "F{YYYY}-{000001}", "Factures");
/// The series of credit notes.
pub(crate) const CREDIT_NOTES: (&str, &str, &str) = ("A", "A{YYYY}-{000001}", "Avoirs");

/// The number that a template gives: `{YYYY}` is the year, zeros in braces the running number, at least as long as they are.
pub(crate) fn written(template: &str, year: i16, number: i64) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (inside, following) = after.split_once('}').unwrap_or((after, ""));
        if inside == "YYYY" {
            out.push_str(&year.to_string());
        } else {
            out.push_str(&format!("{number:0width$}", width = inside.len()));
        }
        rest = following;
    }
    out.push_str(rest);
    out
}

/// The next place in a series: (year, number). A new year begins at one, because the year is in the number (QI-26).
pub(crate) fn next(year: i32, last: i64, day: Date) -> (i32, i64) {
    let now = i32::from(day.year());
    if now == year { (year, last + 1) } else { (now, 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test] // QI-27
    fn numbers_are_written_by_their_template() {
        assert_eq!(written(INVOICES.1, 2026, 123), "F2026-000123");
        assert_eq!(written("FA-{0001}", 2026, 123_456), "FA-123456");
        assert_eq!(written("X{YYYY}/{1}-L", 2026, 7), "X2026/7-L");
    }

    #[test] // QI-26
    fn a_year_begins_at_one() {
        assert_eq!(next(2026, 41, date(2026, 12, 31)), (2026, 42));
        assert_eq!(next(2026, 42, date(2027, 1, 1)), (2027, 1));
    }
}
