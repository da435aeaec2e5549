//! A quote while it is written, and what an answer to it comes to.

use crate::calendar::working;
use crate::invoices::model::{DiscountIn, Draft, InvoiceIn, InvoiceLineIn};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::totals::{self, Discount, Totals};
use vision_kernel::{Patch, Problem, text};

/// Where a quote stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Being written: the first version, or a new one after it was sent.
    Draft,
    /// On its way to the customer.
    Sent,
    /// The customer has opened it.
    Viewed,
    /// Accepted as it was sent.
    Accepted,
    /// Accepted with other lines than those that were offered as a whole.
    PartiallyAccepted,
    /// Refused by the customer.
    Refused,
    /// Past its last day without an answer.
    Expired,
    /// Called off by the company, or by the customer after accepting.
    Cancelled,
    /// A consumer went back on it within the time that the law gives (QI-10).
    Withdrawn,
}

impl OrderState {
    /// Reads the stored word; `late` is true after the last day of validity.
    pub(crate) fn of(state: &str, late: bool) -> Self {
        match state {
            "sent" | "viewed" if late => Self::Expired,
            "sent" => Self::Sent,
            "viewed" => Self::Viewed,
            "accepted" => Self::Accepted,
            "partially_accepted" => Self::PartiallyAccepted,
            "refused" => Self::Refused,
            "cancelled" => Self::Cancelled,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Draft,
        }
    }

    /// True once it is agreed.
    pub(crate) fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::PartiallyAccepted)
    }
}

/// What money before the work is called, which decides what becomes of it when somebody backs out (QI-12).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepositKind {
    /// A first part of the price: both sides are bound.
    #[default]
    Acompte,
    /// Either side may back out: the customer loses it, the company gives back twice as much.
    Arrhes,
}

impl DepositKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Acompte => "acompte",
            Self::Arrhes => "arrhes",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        if word == "arrhes" { Self::Arrhes } else { Self::Acompte }
    }
}

/// How the one who answers is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// By holding the link.
    None,
    /// By a code that is sent to the address that the quote was sent to: a link that was passed on does not sign.
    #[default]
    Email,
}

impl Verification {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Email => "email",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        if word == "none" { Self::None } else { Self::Email }
    }
}

/// A line of a quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderLineIn {
    /// What it is.
    #[serde(flatten)]
    pub line: InvoiceLineIn,
    /// True: offered beside the rest; it counts once the customer takes it.
    #[serde(default)]
    pub optional: bool,
}

/// What a client writes. In a change, absent keeps and null clears; `lines` replaces them all.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct OrderIn {
    /// Whom it is for.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub contact_id: Patch<Uuid>,
    /// The thing it is about.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub entity_id: Patch<Uuid>,
    /// Subject.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub title: Patch<String>,
    /// Above the lines.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub intro: Patch<String>,
    /// Below the lines.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub outro: Patch<String>,
    /// The buyer's own reference.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub order_reference: Patch<String>,
    /// True: prices and discounts are with VAT.
    pub prices_include_vat: Option<bool>,
    /// Taken off the document.
    pub discount: Option<DiscountIn>,
    /// Lines, in order.
    pub lines: Option<Vec<OrderLineIn>>,
    /// The last day on which it may be accepted; follows from the settings where nothing is said (QI-05).
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Patch<Date>,
    /// When or how fast it will be done (QI-04).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub execution: Patch<String>,
    /// Asked when it is accepted: a part of the total, or cents with VAT.
    pub deposit: Option<DiscountIn>,
    /// What the deposit is.
    pub deposit_kind: Option<DepositKind>,
    /// True: the customer may take some lines and leave others.
    pub line_by_line: Option<bool>,
    /// How the one who answers is known.
    pub verification: Option<Verification>,
    /// Why a consumer has no right of withdrawal (BP-05); null: they have it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub withdrawal_exception: Patch<String>,
}

/// A quote, valid: also what a sent version keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderDraft {
    /// What it shares with an invoice.
    pub content: Draft,
    /// Line by line, whether it is an option.
    pub optional: Vec<bool>,
    pub valid_until: Option<Date>,
    pub execution: Option<String>,
    pub deposit: Discount,
    pub deposit_kind: DepositKind,
    pub line_by_line: bool,
    pub verification: Verification,
    pub withdrawal_exception: Option<String>,
}

fn short(value: Patch<String>, before: Option<String>, pointer: &str, max: usize) -> Result<Option<String>, Problem> {
    let value = value.apply(before).and_then(|value| text::clean(&value, true));
    if value.as_ref().is_some_and(|value| value.chars().count() > max) {
        return Err(Problem::field(pointer, "too_long", &format!("{max} caractères au plus.")));
    }
    Ok(value)
}

impl OrderDraft {
    /// What a client wrote, over what was there.
    pub(crate) fn apply(self, input: OrderIn) -> Result<Self, Problem> {
        let execution = short(input.execution, self.execution, "/execution", 300)?;
        let withdrawal_exception = short(input.withdrawal_exception, self.withdrawal_exception, "/withdrawal_exception", 300)?;
        let optional = input.lines.as_ref().map_or(self.optional, |lines| lines.iter().map(|line| line.optional).collect());
        let content = self.content.apply(InvoiceIn {
            contact_id: input.contact_id,
            entity_id: input.entity_id,
            title: input.title,
            intro: input.intro,
            outro: input.outro,
            order_reference: input.order_reference,
            prices_include_vat: input.prices_include_vat,
            discount: input.discount,
            lines: input.lines.map(|lines| lines.into_iter().map(|line| line.line).collect()),
            ..InvoiceIn::default()
        })?;
        let deposit = input.deposit.map_or(self.deposit, DiscountIn::discount);
        let fits = match deposit {
            Discount::None => true,
            Discount::Percent(percent) => percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.normalize().scale() <= 2,
            Discount::Amount(minor) => minor > 0,
        };
        if !fits {
            return Err(Problem::field("/deposit", "range", "L’acompte va de 0 à 100 % du total (deux décimales au plus)."));
        }
        Ok(Self {
            content,
            optional,
            valid_until: input.valid_until.apply(self.valid_until),
            execution,
            deposit,
            deposit_kind: input.deposit_kind.unwrap_or(self.deposit_kind),
            line_by_line: input.line_by_line.unwrap_or(self.line_by_line),
            verification: input.verification.unwrap_or(self.verification),
            withdrawal_exception,
        })
    }

    fn is_optional(&self, index: usize) -> bool {
        self.optional.get(index).copied().unwrap_or_default()
    }

    /// True where something is handed over.
    pub(crate) fn has_goods(&self) -> bool {
        self.content.lines.iter().any(|line| line.nature == crate::invoices::model::Nature::Goods)
    }

    /// Indexes of the lines that are offered as a whole.
    pub(crate) fn offered(&self) -> Vec<usize> {
        (0..self.content.lines.len()).filter(|index| !self.is_optional(*index)).collect()
    }

    /// What it comes to as it is offered: options count for nothing yet.
    pub(crate) fn totals(&self) -> Result<Totals, Problem> {
        self.content.totals_of(|index| !self.is_optional(index))
    }

    /// What the lines of these indexes come to. A discount in euros was for what was offered: less of it goes with less.
    pub(crate) fn totals_for(&self, chosen: &[usize]) -> Result<Totals, Problem> {
        self.scaled(chosen)?.totals_of(|index| chosen.contains(&index))
    }

    /// The content with the discount that goes with a choice of lines.
    fn scaled(&self, chosen: &[usize]) -> Result<Draft, Problem> {
        let Discount::Amount(minor) = self.content.discount else { return Ok(self.content.clone()) };
        let bare = Draft { discount: Discount::None, ..self.content.clone() };
        let sum = |totals: &Totals| if bare.prices_include_vat { totals.gross_minor } else { totals.net_minor };
        let whole = sum(&self.content_totals(&bare)?);
        let part = sum(&bare.totals_of(|index| chosen.contains(&index))?);
        let scaled = if part >= whole {
            minor
        } else {
            totals::split(minor, &[part.max(0), whole - part.max(0)]).first().copied().unwrap_or_default()
        };
        Ok(Draft { discount: if scaled == 0 { Discount::None } else { Discount::Amount(scaled) }, ..bare })
    }

    fn content_totals(&self, content: &Draft) -> Result<Totals, Problem> {
        content.totals_of(|index| !self.is_optional(index))
    }

    /// What an invoice of a choice of lines begins with.
    pub(crate) fn accepted(&self, chosen: &[usize]) -> Result<Draft, Problem> {
        let mut content = self.scaled(chosen)?;
        let mut section: Option<String> = None;
        let mut lines = Vec::new();
        for (index, line) in content.lines.iter().enumerate() {
            // A heading stands over what is left below it.
            if line.section.is_some() {
                section.clone_from(&line.section);
            }
            if chosen.contains(&index) {
                lines.push(InvoiceLineIn { section: section.take(), ..line.clone() });
            }
        }
        content.lines = lines;
        Ok(content)
    }

    /// What is asked before the work, in cents with VAT, of a total.
    pub(crate) fn deposit_of(&self, gross_minor: i64) -> i64 {
        match self.deposit {
            Discount::None => 0,
            Discount::Percent(percent) => totals::vat_on(gross_minor, percent),
            Discount::Amount(minor) => minor.min(gross_minor),
        }
        .max(0)
    }

    /// Places, from one, as indexes of a choice that may be made; what is wrong with it otherwise.
    pub(crate) fn choice(&self, places: &[usize]) -> Result<Vec<usize>, Problem> {
        let mut chosen: Vec<usize> = places.iter().filter_map(|place| place.checked_sub(1)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.len() != places.len() || chosen.iter().any(|index| *index >= self.content.lines.len()) {
            return Err(Problem::field("/lines", "unknown", "Une de ces lignes n’est pas dans le devis."));
        }
        if !self.line_by_line && self.offered().iter().any(|index| !chosen.contains(index)) {
            return Err(Problem::field("/lines", "whole", "Ce devis s’accepte en entier, options à part."));
        }
        if chosen.is_empty() {
            return Err(Problem::field("/lines", "required", "Choisissez au moins une ligne."));
        }
        Ok(chosen)
    }
}

/// Days within which goods are delivered where nothing else was agreed (C. conso. L216-1).
const DELIVERY_DAYS: i64 = 30;

/// The last day on which a consumer may go back on a contract agreed on a day: fourteen days, from delivery where goods are sold, and the
/// next working day when that is none (C. conso. L221-18, L221-19). Nobody is harmed by a function that stands there too long.
pub(crate) fn withdrawable_until(agreed_on: Date, goods: bool) -> Date {
    let days = if goods { DELIVERY_DAYS + 14 } else { 14 };
    working(agreed_on.checked_add(jiff::Span::new().days(days)).unwrap_or(agreed_on))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    fn quote(body: serde_json::Value) -> OrderDraft {
        OrderDraft { line_by_line: true, ..OrderDraft::default() }.apply(serde_json::from_value(body).expect("shape")).expect("valid")
    }

    fn three() -> OrderDraft {
        quote(json!({ "discount": { "amount_minor": 3000 }, "deposit": { "percent": "30" }, "lines": [
            { "section": "Freins", "label": "Plaquettes", "quantity": "2", "unit_price": "50", "vat_rate": "20" },
            { "label": "Disques", "quantity": "2", "unit_price": "100", "vat_rate": "20" },
            { "section": "Confort", "label": "Essuie-glaces", "quantity": "1", "unit_price": "40", "vat_rate": "20", "optional": true },
        ] }))
    }

    #[test]
    fn options_count_once_they_are_chosen() {
        let quote = three();
        assert_eq!(quote.totals().expect("sum").net_minor, 27_000);
        assert_eq!(quote.totals_for(&[0, 1, 2]).expect("sum").net_minor, 31_000);
        // A third of what was offered takes a third of the discount along.
        assert_eq!(quote.totals_for(&[0]).expect("sum").net_minor, 9_000);
        assert_eq!(quote.deposit_of(quote.totals().expect("sum").gross_minor), 9_720);
    }

    #[test]
    fn an_invoice_of_a_choice_comes_to_what_was_accepted() {
        let quote = three();
        for chosen in [vec![0], vec![1], vec![0, 1], vec![1, 2], vec![0, 1, 2]] {
            let agreed = quote.totals_for(&chosen).expect("sum");
            assert_eq!(quote.accepted(&chosen).expect("draft").totals().expect("sum").gross_minor, agreed.gross_minor, "{chosen:?}");
        }
        let left = quote.accepted(&[1, 2]).expect("draft");
        let sections: Vec<Option<&str>> = left.lines.iter().map(|line| line.section.as_deref()).collect();
        assert_eq!(sections, [Some("Freins"), Some("Confort")]);
    }

    #[test]
    fn a_choice_is_made_of_lines_that_are_there() {
        let quote = three();
        assert_eq!(quote.choice(&[3, 1]).expect("choice"), [0, 2]);
        for bad in [vec![], vec![0], vec![4], vec![1, 1]] {
            assert!(quote.choice(&bad).is_err(), "{bad:?}");
        }
        let whole = OrderDraft { line_by_line: false, ..three() };
        assert!(whole.choice(&[1]).is_err() && whole.choice(&[1, 2]).is_ok() && whole.choice(&[1, 2, 3]).is_ok());
    }

    #[test] // QI-10
    fn the_time_to_go_back_ends_on_a_working_day() {
        assert_eq!(withdrawable_until(date(2026, 11, 26), true), date(2027, 1, 11), "goods: from their delivery");
        assert_eq!(withdrawable_until(date(2026, 11, 26), false), date(2026, 12, 10));
        assert_eq!(withdrawable_until(date(2026, 11, 28), false), date(2026, 12, 14), "the 12th is a Saturday");
        assert_eq!(withdrawable_until(date(2026, 12, 11), false), date(2026, 12, 28), "Christmas, then a weekend");
        assert_eq!(withdrawable_until(date(2027, 3, 15), false), date(2027, 3, 30), "Easter Monday");
    }
}
