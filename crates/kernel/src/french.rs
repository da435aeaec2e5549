//! Amounts and days as the French write them, for pages, mails and papers that are made here.

use jiff::civil::Date;

/// An amount in cents of a euro: `1 234,56 €`, with spaces that do not break.
pub fn euros(minor: i64) -> String {
    let (sign, units, cents) = (if minor < 0 { "−" } else { "" }, minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    let digits = units.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped},{cents:02}\u{a0}€")
}

/// A number with a decimal comma.
pub fn decimal(value: rust_decimal::Decimal) -> String {
    value.normalize().to_string().replace('.', ",")
}

/// A day: `24/11/2026`.
pub fn day(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_the_french_write_them() {
        assert_eq!(euros(123_456_789), "1\u{202f}234\u{202f}567,89\u{a0}€");
        assert_eq!(euros(-5), "−0,05\u{a0}€");
        assert_eq!(euros(100_000), "1\u{202f}000,00\u{a0}€");
        assert_eq!(day(jiff::civil::date(2026, 11, 24)), "24/11/2026");
    }
}
