//! Quotes, invoices and credit notes: one set of values, from which the PDF and the electronic invoice are both made.
//!
//! Nothing is computed here that the values do not say: totals are checked, and refused when they contradict each other, never
//! mended. No clock, no disk, no network; the same values give the same bytes.

/// A decimal, written as it is.
#[cfg(test)]
macro_rules! dec {
    ($value:literal) => {
        stringify!($value).parse::<rust_decimal::Decimal>().expect("a decimal")
    };
}

mod cii;
mod figures;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod golden_cases;
mod hybrid;
mod model;
mod pdf;
mod rules;
#[cfg(test)]
mod specimens;
mod transfer;
mod view;

pub use cii::{FacturxError, facturx};
pub use model::{
    Acceptance, Address, Allowance, Brand, Certificate, CodedNote, Commercial, DocumentKind, Line, Party, Payment, Preceding, Totals,
    VatSubtotal,
};
pub use pdf::{Hybrid, hybrid, pdf, sealed};
pub use rules::{Finding, french_rules, goes_to_a_platform};
pub use transfer::{creditor_reference, is_creditor_reference};
pub use view::readable_colour;
