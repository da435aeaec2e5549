//! What lateness costs a business: the penalty and the fixed indemnity (QI-37, QI-38). Nothing of it to a consumer.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

/// The fixed indemnity, in cents (C. com. D441-5).
pub(super) const INDEMNITY: i64 = 4_000;

/// What a late invoice costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct LateFees {
    /// Days since the due date.
    pub days_late: i32,
    /// Per cent a year; null where the company has chosen none: the penalty is then not computed.
    #[schema(value_type = Option<String>)]
    pub rate: Option<Decimal>,
    /// Cents, no VAT.
    pub penalty_minor: i64,
    /// Cents, no VAT; once an invoice.
    pub indemnity_minor: i64,
}

/// Unpaid × rate × days ÷ 365, for each span in which as much was unpaid: `unpaid` says from which day on how much is owed, in the order of the
/// days. The first day that counts is the one after the due date. Rounded once, half up.
pub(super) fn penalty(due: Date, today: Date, rate: Decimal, unpaid: &[(Date, i64)]) -> i64 {
    let mut sum = Decimal::ZERO;
    for (index, (from, amount)) in unpaid.iter().enumerate() {
        let until = unpaid.get(index + 1).map_or(today, |(next, _)| *next).min(today);
        let from = (*from).max(due);
        if until > from {
            sum += Decimal::from(*amount) * Decimal::from((until - from).get_days());
        }
    }
    let cents = (sum * rate / Decimal::from(36_500)).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(cents.mantissa() / 10_i128.pow(cents.scale())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test] // QI-37
    fn the_penalty_of_the_vector() {
        let due = date(2026, 3, 1);
        let rate = Decimal::new(786, 2);
        assert_eq!(penalty(due, date(2026, 3, 31), rate, &[(due, 120_000)]), 775);
        assert_eq!(penalty(due, due, rate, &[(due, 120_000)]), 0, "the due date itself is not late");
        assert_eq!(penalty(due, date(2026, 3, 2), rate, &[(due, 120_000)]), 26);
    }

    #[test] // QI-37
    fn what_was_paid_in_between_costs_nothing_from_then_on() {
        let due = date(2026, 3, 1);
        let rate = Decimal::from(10);
        let whole = penalty(due, date(2026, 4, 10), rate, &[(due, 100_000)]);
        let half = penalty(due, date(2026, 4, 10), rate, &[(due, 100_000), (date(2026, 3, 21), 50_000)]);
        assert_eq!((whole, half), (1_096, 822));
        assert_eq!(penalty(due, date(2026, 3, 11), rate, &[(date(2026, 2, 1), 50_000)]), 137, "paid before it was due");
    }
}
