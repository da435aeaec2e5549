//! A payment: parsing and the split by VAT rate.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use vision_kernel::totals::split;

/// How money comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Notes and coins.
    Cash,
    /// Cheque.
    Cheque,
    /// Card on a terminal.
    Card,
    /// Bank transfer.
    Transfer,
    /// Direct debit.
    DirectDebit,
    /// On the web.
    Online,
    /// From what the customer has paid too much before (BA-06).
    Credit,
}

impl PaymentMethod {
    /// As stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Cheque => "cheque",
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::DirectDebit => "direct_debit",
            Self::Online => "online",
            Self::Credit => "credit",
        }
    }
}

/// Most that may be paid in cash, in cents (C. mon. fin. D112-3).
pub(crate) const MOST_CASH: i64 = 100_000;

/// A payment of an invoice.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct PaymentIn {
    /// How.
    pub method: PaymentMethod,
    /// Cents, more than zero; at most what is due.
    pub amount_minor: i64,
    /// The day on which it came in; today where nothing is said.
    #[schema(value_type = Option<String>, format = Date)]
    pub received_on: Option<Date>,
    /// Number of the cheque, label of the transfer.
    pub reference: Option<String>,
    /// Note.
    pub note: Option<String>,
}

/// A part of a payment under one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Part {
    pub category: String,
    pub rate: Decimal,
    pub amount_minor: i64,
}

/// Splits an amount over the rates of an invoice in proportion to what each comes to with VAT; the parts add up to it (EI-16).
pub(crate) fn parts(amount_minor: i64, rates: &[(String, Decimal, i64)]) -> Vec<Part> {
    let weights: Vec<i64> = rates.iter().map(|(_, _, gross)| *gross).collect();
    let amounts = split(amount_minor, &weights);
    rates
        .iter()
        .zip(amounts)
        .filter(|(_, amount)| *amount != 0)
        .map(|((category, rate, _), amount)| Part { category: category.clone(), rate: rate.normalize(), amount_minor: amount })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // EI-16
    fn a_part_payment_is_split_by_rate_to_the_cent() {
        let rates = [("S".to_owned(), Decimal::from(20), 12_000), ("S".to_owned(), Decimal::new(55, 1), 1_055)];
        let split = parts(5_000, &rates);
        assert_eq!(split.iter().map(|part| part.amount_minor).collect::<Vec<_>>(), [4_596, 404]);
        assert_eq!(split.iter().map(|part| part.amount_minor).sum::<i64>(), 5_000);
    }
}
