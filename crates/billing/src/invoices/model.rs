//! A draft: parsing, pricing and what makes it fit to be issued.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::totals::{self, Discount, PricedLine, Totals, TotalsError, VatCategory};
use vision_kernel::{FieldError, Patch, Problem, text};
use vision_sales::catalog::model::UNITS;

/// What an invoice is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// For what was delivered.
    #[default]
    Invoice,
    /// For money before delivery (QI-31).
    Deposit,
    /// For a part of a contract (QI-34).
    Situation,
    /// What is left after deposits (QI-32).
    Balance,
    /// Takes back an invoice or part of it (QI-29).
    CreditNote,
    /// Replaces an invoice (QI-30).
    Corrective,
}

/// Goods or work (QI-16).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Something that is handed over.
    Goods,
    /// Something that is done.
    #[default]
    Service,
}

/// What is taken off; one of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DiscountIn {
    /// 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub percent: Option<Decimal>,
    /// Cents, in the taxes of the prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
}

impl DiscountIn {
    pub(crate) fn discount(self) -> Discount {
        match (self.percent, self.amount_minor) {
            (Some(percent), _) if !percent.is_zero() => Discount::Percent(percent),
            (_, Some(minor)) if minor != 0 => Discount::Amount(minor),
            _ => Discount::None,
        }
    }
}

impl From<Discount> for DiscountIn {
    fn from(discount: Discount) -> Self {
        match discount {
            Discount::None => Self::default(),
            Discount::Percent(percent) => Self { percent: Some(percent), amount_minor: None },
            Discount::Amount(minor) => Self { percent: None, amount_minor: Some(minor) },
        }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceLineIn {
    /// A heading above this line.
    #[serde(default)]
    pub section: Option<String>,
    /// The item of the catalogue that it was made from.
    #[serde(default)]
    pub item_id: Option<Uuid>,
    /// What it is.
    pub label: String,
    /// What there is to say of it.
    #[serde(default)]
    pub description: Option<String>,
    /// Reference of the item.
    #[serde(default)]
    pub reference: Option<String>,
    /// At most four decimals.
    #[schema(value_type = String)]
    pub quantity: Decimal,
    /// UN/ECE recommendation 20; `C62` by default.
    #[serde(default)]
    pub unit: Option<String>,
    /// Euros, at most six decimals, never negative: what comes back has a negative quantity (QI-47).
    #[schema(value_type = String)]
    pub unit_price: Decimal,
    /// Taken off this line.
    #[serde(default)]
    pub discount: DiscountIn,
    /// `S` by default.
    #[serde(default)]
    pub vat_category: VatCategory,
    /// Per cent.
    #[schema(value_type = String)]
    pub vat_rate: Decimal,
    /// Goods or work; work by default.
    #[serde(default)]
    pub nature: Nature,
}

/// What a client writes. In a change, absent keeps and null clears; `lines` replaces them all.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct InvoiceIn {
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
    /// The buyer's order number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub order_reference: Patch<String>,
    /// True: prices and discounts are with VAT.
    pub prices_include_vat: Option<bool>,
    /// Taken off the document.
    pub discount: Option<DiscountIn>,
    /// When it was delivered or done, where that is another day than the issue's.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub supply_date: Patch<Date>,
    /// When it is due; follows from the terms where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub due_date: Patch<Date>,
    /// Lines, in order.
    pub lines: Option<Vec<InvoiceLineIn>>,
}

/// A draft, valid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub contact_id: Option<Uuid>,
    pub entity_id: Option<Uuid>,
    pub title: Option<String>,
    pub intro: Option<String>,
    pub outro: Option<String>,
    pub order_reference: Option<String>,
    pub prices_include_vat: bool,
    pub discount: Discount,
    pub supply_date: Option<Date>,
    pub due_date: Option<Date>,
    pub lines: Vec<InvoiceLineIn>,
}

fn line_text(value: Option<String>, pointer: String, max: usize, multi: bool, errors: &mut Vec<FieldError>) -> Option<String> {
    let value = value.and_then(|value| text::clean(&value, multi));
    if value.as_ref().is_some_and(|value| value.chars().count() > max) {
        errors.push(FieldError::new(pointer, "too_long", format!("{max} caractères au plus.")));
    }
    value
}

fn line(line: InvoiceLineIn, index: usize, errors: &mut Vec<FieldError>) -> InvoiceLineIn {
    let at = |field: &str| format!("/lines/{index}/{field}");
    let label = text::clean(&line.label, false).unwrap_or_default();
    if label.is_empty() {
        errors.push(FieldError::new(at("label"), "required", "Décrivez la ligne."));
    } else if label.chars().count() > 300 {
        errors.push(FieldError::new(at("label"), "too_long", "300 caractères au plus."));
    }
    let unit = line.unit.filter(|unit| !unit.is_empty()).unwrap_or_else(|| "C62".to_owned());
    if !UNITS.contains(&unit.as_str()) {
        errors.push(FieldError::new(at("unit"), "invalid", "Cette unité n’existe pas."));
    }
    if line.vat_category != VatCategory::S && !line.vat_rate.is_zero() {
        errors.push(FieldError::new(at("vat_rate"), "not_zero", "Sans TVA, le taux est 0."));
    }
    InvoiceLineIn {
        section: line_text(line.section, at("section"), 200, false, errors),
        description: line_text(line.description, at("description"), 2000, true, errors),
        reference: line_text(line.reference, at("reference"), 60, false, errors),
        label,
        unit: Some(unit),
        quantity: line.quantity.normalize(),
        unit_price: line.unit_price.normalize(),
        vat_rate: line.vat_rate.normalize(),
        ..line
    }
}

impl Draft {
    /// What a client wrote, over what was there; every fault at once.
    pub(crate) fn apply(self, input: InvoiceIn) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let mut words = |value: Patch<String>, before: Option<String>, pointer: &str, max: usize| {
            line_text(value.apply(before), pointer.to_owned(), max, true, &mut errors)
        };
        let title = words(input.title, self.title, "/title", 200);
        let intro = words(input.intro, self.intro, "/intro", 4000);
        let outro = words(input.outro, self.outro, "/outro", 4000);
        let order_reference = words(input.order_reference, self.order_reference, "/order_reference", 100);
        let lines = match input.lines {
            None => self.lines,
            Some(lines) => {
                if lines.len() > totals::MAX_LINES {
                    return Err(Problem::field("/lines", "too_many", "1 000 lignes au plus."));
                }
                lines.into_iter().enumerate().map(|(index, one)| line(one, index, &mut errors)).collect()
            }
        };
        if !errors.is_empty() {
            return Err(Problem::validation(errors));
        }
        Ok(Self {
            contact_id: input.contact_id.apply(self.contact_id),
            entity_id: input.entity_id.apply(self.entity_id),
            title,
            intro,
            outro,
            order_reference,
            prices_include_vat: input.prices_include_vat.unwrap_or(self.prices_include_vat),
            discount: input.discount.map_or(self.discount, DiscountIn::discount),
            supply_date: input.supply_date.apply(self.supply_date),
            due_date: input.due_date.apply(self.due_date),
            lines,
        })
    }

    /// What it comes to.
    pub(crate) fn totals(&self) -> Result<Totals, Problem> {
        self.totals_of(|_| true)
    }

    /// What it comes to when only some of its lines count, told by their index.
    pub(crate) fn totals_of(&self, counted: impl Fn(usize) -> bool) -> Result<Totals, Problem> {
        let lines: Vec<PricedLine> = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| PricedLine {
                quantity: line.quantity,
                unit_price: line.unit_price,
                discount: line.discount.discount(),
                category: line.vat_category,
                rate: line.vat_rate,
                counted: counted(index),
            })
            .collect();
        totals::compute(&lines, self.discount, self.prices_include_vat).map_err(|error| match error {
            TotalsError::Line(index) => Problem::field(
                &format!("/lines/{index}"),
                "out_of_bounds",
                "Quantité (4 décimales), prix (6 décimales, positif), remise ou taux hors limites.",
            ),
            TotalsError::Discount => {
                Problem::field("/discount", "out_of_bounds", "La remise dépasse le total, ou n’est pas entre 0 et 100 %.")
            }
            TotalsError::TooLarge => Problem::field("/lines", "too_large", "Le total dépasse ce qu’un document peut porter."),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn drafted(body: serde_json::Value) -> Result<Draft, Problem> {
        Draft::default().apply(serde_json::from_value(body).expect("shape"))
    }

    #[test]
    fn faults_of_lines_point_at_them() {
        let problem = drafted(json!({ "lines": [
            { "label": "Vidange", "quantity": "1", "unit_price": "79.90", "vat_rate": "20" },
            { "label": " ", "quantity": "1", "unit_price": "1", "vat_rate": "20", "unit": "XXX" },
            { "label": "Don", "quantity": "1", "unit_price": "1", "vat_rate": "20", "vat_category": "O" },
        ] }))
        .expect_err("faults");
        let found: Vec<&str> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(found, ["/lines/1/label", "/lines/1/unit", "/lines/2/vat_rate"]);
    }

    #[test]
    fn absent_keeps_and_null_clears() {
        let first = drafted(json!({ "title": "Révision", "intro": "Bonjour", "discount": { "percent": "10" } })).expect("draft");
        let patch = json!({ "title": null, "lines": [{ "label": "A", "quantity": "2", "unit_price": "10", "vat_rate": "20" }] });
        let second = first.apply(serde_json::from_value(patch).expect("shape")).expect("draft");
        assert_eq!((second.title.as_deref(), second.intro.as_deref()), (None, Some("Bonjour")));
        assert_eq!(second.totals().expect("sum").gross_minor, 2160);
    }

    #[test]
    fn numbers_out_of_bounds_are_refused_with_their_line() {
        let body = json!({ "lines": [{ "label": "A", "quantity": "0.00001", "unit_price": "1", "vat_rate": "20" }] });
        assert_eq!(drafted(body).expect("draft").totals().expect_err("decimals").errors[0].pointer, "/lines/0");
    }
}
