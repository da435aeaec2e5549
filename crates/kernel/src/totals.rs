//! What the lines of a quote or an invoice come to. The one place that knows how French documents are added up: money is whole cents, VAT
//! is taken per rate on summed bases, and halves are rounded away from zero (QI-47…QI-51).
//!
//! Invariants: the bases of the rates add up to the net total, the net total and the VAT to the gross total, and the net amounts of the
//! lines less the document's discounts to the net total, to the cent, whatever was typed.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Most lines in one document.
pub const MAX_LINES: usize = 1_000;
/// Largest amount of a document, in cents: a hundred billion euros.
const MAX_MINOR: i64 = 10_000_000_000_000;
/// Decimals of a unit price (QI-47).
const PRICE_DECIMALS: u32 = 6;
/// Decimals of a quantity (QI-47).
const QUANTITY_DECIMALS: u32 = 4;

/// Why VAT is taken, or not: the category of EN 16931 (BT-151).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum VatCategory {
    /// A rate applies.
    #[default]
    S,
    /// Rate of zero.
    Z,
    /// Exempt: small business, health, margin scheme.
    E,
    /// The buyer accounts for the VAT.
    AE,
    /// Goods to a business in another country of the Union.
    K,
    /// Exported outside the Union.
    G,
    /// Out of scope.
    O,
}

impl VatCategory {
    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::Z => "Z",
            Self::E => "E",
            Self::AE => "AE",
            Self::K => "K",
            Self::G => "G",
            Self::O => "O",
        }
    }

    /// Reads a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::S, Self::Z, Self::E, Self::AE, Self::K, Self::G, Self::O].into_iter().find(|category| category.code() == code)
    }
}

/// What is taken off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Discount {
    /// Nothing.
    #[default]
    None,
    /// Per cent, 0 to 100.
    Percent(Decimal),
    /// Cents, in the same taxes as the prices.
    Amount(i64),
}

/// A line, as it is priced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PricedLine {
    /// At most four decimals; negative for what comes back.
    pub quantity: Decimal,
    /// At most six decimals, never negative; with or without VAT as the document says.
    pub unit_price: Decimal,
    /// Taken off the line.
    pub discount: Discount,
    /// VAT.
    pub category: VatCategory,
    /// Per cent.
    pub rate: Decimal,
    /// False: an option that nobody chose; it is priced, and counts for nothing.
    pub counted: bool,
}

/// What one line comes to, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LineTotal {
    /// Without VAT, after its discount (BT-131).
    pub net_minor: i64,
    /// With VAT; for one line alone, rounded by itself.
    pub gross_minor: i64,
    /// The discount, in the taxes of the prices.
    pub discount_minor: i64,
}

/// What stands under one rate, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VatTotal {
    /// Category.
    pub category: VatCategory,
    /// Per cent.
    #[schema(value_type = String)]
    pub rate: Decimal,
    /// Taxable base (BT-116).
    pub base_minor: i64,
    /// VAT (BT-117).
    pub vat_minor: i64,
    /// Part of the document's discount that fell to this rate, without VAT.
    pub allowance_minor: i64,
}

/// What a document comes to, in cents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Totals {
    /// Line by line, in order.
    pub lines: Vec<LineTotal>,
    /// By rate, highest first.
    pub vat: Vec<VatTotal>,
    /// Σ of the lines without VAT (BT-106).
    pub lines_minor: i64,
    /// The document's discount, without VAT (BT-107).
    pub allowance_minor: i64,
    /// Without VAT (BT-109).
    pub net_minor: i64,
    /// VAT (BT-110).
    pub vat_minor: i64,
    /// With VAT (BT-112).
    pub gross_minor: i64,
}

/// What cannot be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TotalsError {
    /// Too many decimals, or a number out of bounds, in the line of this index.
    #[error("line {0} has a number out of bounds")]
    Line(usize),
    /// The document's discount is larger than the document, or no number.
    #[error("the discount of the document is out of bounds")]
    Discount,
    /// The sum is out of bounds, or there are too many lines.
    #[error("the document is too large")]
    TooLarge,
}

/// Rounds a number of cents, halves away from zero.
fn cents(value: Decimal) -> Option<i64> {
    let rounded = value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(rounded.mantissa().checked_div(10_i128.pow(rounded.scale()))?).ok().filter(|minor| minor.abs() <= MAX_MINOR)
}

/// A part of an amount in proportion, rounded: `amount × part ÷ whole`.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    cents(Decimal::from(amount) * Decimal::from(part) / Decimal::from(whole)).unwrap_or_default()
}

/// Splits an amount over weights so that the parts add up to it: in proportion, what rounding leaves going to the largest weight (QI-51).
pub fn split(amount: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i64 = weights.iter().sum();
    let mut parts: Vec<i64> = weights.iter().map(|weight| share(amount, *weight, whole)).collect();
    let left = amount - parts.iter().sum::<i64>();
    if let Some((index, _)) = weights.iter().enumerate().max_by_key(|(index, weight)| (weight.abs(), std::cmp::Reverse(*index)))
        && let Some(part) = parts.get_mut(index)
    {
        *part += left;
    }
    parts
}

/// VAT on a base (BT-117): rounded half away from zero.
pub fn vat_on(base_minor: i64, rate: Decimal) -> i64 {
    cents(Decimal::from(base_minor) * rate / Decimal::ONE_HUNDRED).unwrap_or_default()
}

/// The base inside an amount with VAT (QI-50).
pub fn base_within(gross_minor: i64, rate: Decimal) -> i64 {
    cents(Decimal::from(gross_minor) * Decimal::ONE_HUNDRED / (Decimal::ONE_HUNDRED + rate)).unwrap_or_default()
}

/// What a discount takes off an amount, never more than all of it.
fn taken_off(amount: i64, discount: Discount) -> Option<i64> {
    match discount {
        Discount::None => Some(0),
        Discount::Percent(percent) if (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&percent) => {
            cents(Decimal::from(amount) * percent / Decimal::ONE_HUNDRED)
        }
        Discount::Amount(minor) if minor >= 0 && minor <= amount.abs() => Some(if amount < 0 { -minor } else { minor }),
        _ => None,
    }
}

/// One line, in the taxes of the prices: (after the discount, discount).
fn priced(line: &PricedLine) -> Option<(i64, i64)> {
    let fits = line.quantity.normalize().scale() <= QUANTITY_DECIMALS
        && line.unit_price.normalize().scale() <= PRICE_DECIMALS
        && !line.unit_price.is_sign_negative()
        && line.quantity.abs() < Decimal::from(1_000_000_000)
        && line.unit_price < Decimal::from(100_000_000_000_i64)
        && (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&line.rate);
    if !fits {
        return None;
    }
    let full = cents(line.quantity.checked_mul(line.unit_price)?.checked_mul(Decimal::ONE_HUNDRED)?)?;
    let discount = taken_off(full, line.discount)?;
    Some((full - discount, discount))
}

/// What stands under a rate while it is added up.
struct Group {
    category: VatCategory,
    rate: Decimal,
    /// Sum of the counted lines in the taxes of the prices.
    lines: i64,
    /// Indexes of these lines.
    members: Vec<usize>,
}

/// Adds up a document. `include_vat`: the prices and discounts are with VAT, and what the customer reads is what they pay (QI-50).
pub fn compute(lines: &[PricedLine], discount: Discount, include_vat: bool) -> Result<Totals, TotalsError> {
    if lines.len() > MAX_LINES {
        return Err(TotalsError::TooLarge);
    }
    let mut totals = Totals::default();
    let mut amounts = Vec::with_capacity(lines.len());
    let mut rates: Vec<Group> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let (amount, taken) = priced(line).ok_or(TotalsError::Line(index))?;
        let (net, gross) =
            if include_vat { (base_within(amount, line.rate), amount) } else { (amount, amount + vat_on(amount, line.rate)) };
        totals.lines.push(LineTotal { net_minor: net, gross_minor: gross, discount_minor: taken });
        amounts.push(amount);
        if line.counted {
            match rates.iter_mut().find(|rate| rate.category == line.category && rate.rate == line.rate) {
                Some(rate) => {
                    rate.lines += amount;
                    rate.members.push(index);
                }
                None => rates.push(Group { category: line.category, rate: line.rate, lines: amount, members: vec![index] }),
            }
        }
    }
    rates.sort_by(|a, b| b.rate.cmp(&a.rate).then(a.category.cmp(&b.category)));
    let sum: i64 = rates.iter().map(|rate| rate.lines).sum();
    let taken = taken_off(sum, discount).ok_or(TotalsError::Discount)?;
    let weights: Vec<i64> = rates.iter().map(|rate| rate.lines).collect();
    let parts = split(taken, &weights);
    for (rate, part) in rates.iter().zip(parts) {
        totals.vat.push(if include_vat { with_vat(rate, part, &mut totals.lines, &amounts) } else { without_vat(rate, part) });
    }
    totals.net_minor = totals.vat.iter().map(|vat| vat.base_minor).sum();
    totals.vat_minor = totals.vat.iter().map(|vat| vat.vat_minor).sum();
    totals.allowance_minor = totals.vat.iter().map(|vat| vat.allowance_minor).sum();
    totals.lines_minor = totals.net_minor + totals.allowance_minor;
    totals.gross_minor = totals.net_minor + totals.vat_minor;
    if totals.gross_minor.abs() > MAX_MINOR { Err(TotalsError::TooLarge) } else { Ok(totals) }
}

/// A rate of a document priced without VAT (QI-48, QI-49).
fn without_vat(rate: &Group, allowance: i64) -> VatTotal {
    let base = rate.lines - allowance;
    VatTotal { category: rate.category, rate: rate.rate, base_minor: base, vat_minor: vat_on(base, rate.rate), allowance_minor: allowance }
}

/// A rate of a document priced with VAT: the sum that the customer pays is split, and the net amounts of its lines follow (QI-50).
fn with_vat(rate: &Group, allowance: i64, lines: &mut [LineTotal], amounts: &[i64]) -> VatTotal {
    let gross = rate.lines - allowance;
    let base = base_within(gross, rate.rate);
    let net_allowance = base_within(allowance, rate.rate);
    // Rounded one by one, the lines would miss the base by cents: each takes what is left of the running sum.
    let whole = base + net_allowance;
    let (mut seen, mut given) = (0, 0);
    for index in &rate.members {
        let (Some(line), Some(amount)) = (lines.get_mut(*index), amounts.get(*index)) else { continue };
        seen += amount;
        let upto = if rate.lines == 0 { base_within(seen, rate.rate) } else { share(whole, seen, rate.lines) };
        line.net_minor = upto - given;
        given = upto;
    }
    // Lines that cancel out leave no sum to follow: what is missing goes to the last.
    if let Some(line) = rate.members.last().and_then(|index| lines.get_mut(*index)) {
        line.net_minor += whole - given;
    }
    VatTotal { category: rate.category, rate: rate.rate, base_minor: base, vat_minor: gross - base, allowance_minor: net_allowance }
}

/// The unit price without VAT that gives a net amount, to six decimals (BT-146).
pub fn unit_net(net_before_discount_minor: i64, quantity: Decimal) -> Decimal {
    if quantity.is_zero() {
        return Decimal::ZERO;
    }
    (Decimal::new(net_before_discount_minor, 2) / quantity)
        .round_dp_with_strategy(PRICE_DECIMALS, RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dec(text: &str) -> Decimal {
        text.parse().expect("number")
    }

    fn line(quantity: &str, price: &str, rate: &str) -> PricedLine {
        PricedLine { quantity: dec(quantity), unit_price: dec(price), rate: dec(rate), counted: true, ..PricedLine::default() }
    }

    #[test] // QI-49
    fn vat_is_taken_on_the_sum_of_a_rate_and_not_line_by_line() {
        let totals =
            compute(&[line("1", "10.01", "20"), line("1", "10.01", "20"), line("1", "10.01", "20")], Discount::None, false).expect("sum");
        assert_eq!((totals.net_minor, totals.vat_minor, totals.gross_minor), (3003, 601, 3604));
    }

    #[test] // QI-50
    fn a_price_with_vat_is_the_price_that_is_paid() {
        let totals = compute(&[line("1", "10.50", "10")], Discount::None, true).expect("sum");
        assert_eq!((totals.net_minor, totals.vat_minor, totals.gross_minor), (955, 95, 1050));
        assert_eq!(totals.lines[0].net_minor, 955);
    }

    #[test] // QI-51
    fn a_discount_of_the_document_is_split_by_rate_to_the_cent() {
        let lines = [line("1", "100", "20"), line("1", "50", "5.5"), line("1", "0.01", "10")];
        let totals = compute(&lines, Discount::Amount(1000), false).expect("sum");
        assert_eq!(totals.allowance_minor, 1000);
        assert_eq!(totals.vat.iter().map(|vat| vat.allowance_minor).collect::<Vec<_>>(), [667, 0, 333]);
        assert_eq!((totals.lines_minor, totals.net_minor), (15001, 14001));
    }

    #[test] // QI-47
    fn half_cents_go_away_from_zero_in_both_directions() {
        assert_eq!(compute(&[line("0.5", "0.01", "0")], Discount::None, false).expect("sum").net_minor, 1);
        assert_eq!(compute(&[line("-0.5", "0.01", "0")], Discount::None, false).expect("sum").net_minor, -1);
        assert_eq!(compute(&[line("0.0001", "0.000001", "20")], Discount::None, false).expect("sum").gross_minor, 0);
        assert_eq!(compute(&[line("1", "10000000", "20")], Discount::None, false).expect("sum").gross_minor, 1_200_000_000);
    }

    #[test]
    fn numbers_out_of_bounds_name_their_line() {
        let good = line("1", "1", "20");
        for bad in [
            line("1.00001", "1", "20"),
            line("1", "1.0000001", "20"),
            line("1", "-1", "20"),
            line("99999999999", "9999999", "20"),
            line("1", "1", "101"),
        ] {
            assert_eq!(compute(&[good.clone(), bad], Discount::None, false), Err(TotalsError::Line(1)));
        }
        let over = PricedLine { discount: Discount::Amount(101), ..good.clone() };
        assert_eq!(compute(&[over], Discount::None, false), Err(TotalsError::Line(0)));
        assert_eq!(compute(std::slice::from_ref(&good), Discount::Amount(101), false), Err(TotalsError::Discount));
        assert_eq!(compute(&[good], Discount::Percent(dec("100.5")), false), Err(TotalsError::Discount));
    }

    #[test]
    fn an_option_is_priced_and_not_counted() {
        let option = PricedLine { counted: false, ..line("2", "10", "20") };
        let totals = compute(&[line("1", "1", "20"), option], Discount::None, false).expect("sum");
        assert_eq!((totals.net_minor, totals.lines[1].net_minor, totals.lines[1].gross_minor), (100, 2000, 2400));
    }

    #[test]
    fn a_unit_price_without_vat_has_six_decimals_at_most() {
        assert_eq!(unit_net(955, dec("3")), dec("3.183333"));
        assert_eq!(unit_net(100, Decimal::ZERO), Decimal::ZERO);
    }

    prop_compose! {
        fn any_line()(quantity in -100_000i64..1_000_000, price in 0i64..100_000_000, rate in 0usize..6, off in 0i64..=100, counted in proptest::bool::weighted(0.9)) -> PricedLine {
            PricedLine {
                quantity: Decimal::new(quantity, 4), unit_price: Decimal::new(price, 6),
                rate: [dec("20"), dec("10"), dec("5.5"), dec("2.1"), dec("8.5"), dec("0")][rate],
                discount: Discount::Percent(Decimal::from(off)), category: VatCategory::S, counted,
            }
        }
    }

    proptest! {
        #[test] // QI-48
        fn everything_adds_up(lines in proptest::collection::vec(any_line(), 1..30), off in 0i64..=100, include_vat: bool) {
            let totals = compute(&lines, Discount::Percent(Decimal::from(off)), include_vat).expect("sum");
            prop_assert_eq!(totals.vat.iter().map(|vat| vat.base_minor).sum::<i64>(), totals.net_minor);
            prop_assert_eq!(totals.net_minor + totals.vat_minor, totals.gross_minor);
            let counted: i64 = lines.iter().zip(&totals.lines).filter(|(line, _)| line.counted).map(|(_, total)| total.net_minor).sum();
            prop_assert_eq!(counted, totals.lines_minor);
            prop_assert_eq!(totals.lines_minor - totals.allowance_minor, totals.net_minor);
            for vat in &totals.vat {
                let exact = vat_on(vat.base_minor, vat.rate);
                // BR-CO-17 allows for less than one unit; a document priced with VAT is off by a cent at most.
                prop_assert!((vat.vat_minor - exact).abs() <= 1);
            }
        }

        #[test] // QI-51
        fn parts_add_up(amount in -1_000_000i64..1_000_000, weights in proptest::collection::vec(0i64..1_000_000, 1..6)) {
            prop_assert_eq!(split(amount, &weights).iter().sum::<i64>(), amount);
        }
    }
}
