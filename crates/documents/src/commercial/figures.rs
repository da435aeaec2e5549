//! How amounts, quantities, rates and days are written on paper.

use jiff::civil::Date;
use rust_decimal::Decimal;

/// Narrow no-break space, between groups of three digits.
const GROUP: char = '\u{202f}';
/// No-break space, before a unit.
const SPACE: char = '\u{a0}';

/// Writes figures in a language and a currency.
pub(super) struct Figures<'a> {
    pub(super) english: bool,
    pub(super) currency: &'a str,
}

impl Figures<'_> {
    fn number(&self, digits: &str, negative: bool) -> String {
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let mut out = String::with_capacity(digits.len() + 8);
        if negative && digits.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
            out.push('−');
        }
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                out.push(if self.english { ',' } else { GROUP });
            }
            out.push(digit);
        }
        if !part.is_empty() {
            out.push(if self.english { '.' } else { ',' });
            out.push_str(part);
        }
        out
    }

    /// Cents without a currency, as in a table.
    pub(super) fn bare(&self, cents: i64) -> String {
        let size = cents.unsigned_abs();
        self.number(&format!("{}.{:02}", size / 100, size % 100), cents < 0)
    }

    /// Cents with their currency.
    pub(super) fn money(&self, cents: i64) -> String {
        self.money_in(cents, self.currency)
    }

    /// Cents in another currency.
    pub(super) fn money_in(&self, cents: i64, currency: &str) -> String {
        let bare = self.bare(cents);
        match (currency, self.english) {
            ("EUR" | "", false) => format!("{bare}{SPACE}€"),
            ("EUR" | "", true) => match bare.strip_prefix('−') {
                Some(size) => format!("−€{size}"),
                None => format!("€{bare}"),
            },
            (other, _) => format!("{bare}{SPACE}{other}"),
        }
    }

    /// A decimal with at least `places` decimals.
    pub(super) fn decimal(&self, value: Decimal, places: u32) -> String {
        let mut value = value.normalize();
        let negative = value.is_sign_negative();
        value.set_sign_positive(true);
        if value.scale() < places {
            value.rescale(places);
        }
        self.number(&value.to_string(), negative)
    }

    /// A rate in percent.
    pub(super) fn rate(&self, rate: Decimal) -> String {
        let figure = self.decimal(rate, 0);
        if self.english { format!("{figure}%") } else { format!("{figure}{SPACE}%") }
    }

    /// A day: 22/11/2026; in English the month has its name, because 11/12 is not one day everywhere.
    pub(super) fn day(&self, day: Date) -> String {
        day.strftime(if self.english { "%-d %b %Y" } else { "%d/%m/%Y" }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_the_french_write_them() {
        let french = Figures { english: false, currency: "EUR" };
        assert_eq!(french.money(123_456), "1\u{202f}234,56\u{a0}€");
        assert_eq!(french.money(-100_000_000), "−1\u{202f}000\u{202f}000,00\u{a0}€");
        assert_eq!((french.bare(5).as_str(), french.bare(0).as_str()), ("0,05", "0,00"));
        assert_eq!(french.money_in(1050, "CHF"), "10,50\u{a0}CHF");
        assert_eq!((french.decimal(dec!(1.50), 0).as_str(), french.decimal(dec!(-0.0001), 0).as_str()), ("1,5", "−0,0001"));
        assert_eq!((french.decimal(dec!(12), 2).as_str(), french.decimal(dec!(0.123456), 2).as_str()), ("12,00", "0,123456"));
        assert_eq!(french.rate(dec!(5.50)), "5,5\u{a0}%");
        assert_eq!(french.day(jiff::civil::date(2026, 11, 2)), "02/11/2026");
    }

    #[test]
    fn figures_are_written_in_english_too() {
        let english = Figures { english: true, currency: "EUR" };
        assert_eq!((english.money(-123_456).as_str(), english.rate(dec!(20)).as_str()), ("−€1,234.56", "20%"));
        assert_eq!(english.day(jiff::civil::date(2026, 11, 2)), "2 Nov 2026");
    }
}
