//! An item of the catalogue: parsing and rules.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::{Change, FieldError, Patch, Problem, text};

/// Most parts of a package.
const MAX_COMPONENTS: usize = 50;
/// Highest price, in euros.
const MAX_PRICE: i64 = 100_000_000;

/// What kind of thing is sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Goods.
    #[default]
    Product,
    /// Work.
    Service,
    /// A part that is fitted.
    Part,
    /// Several items at a price of its own.
    Package,
}

/// The class of goods that decides the VAT rate in a territory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VatClass {
    /// The normal rate.
    #[default]
    Standard,
    /// Meals on the premises, lodging, works.
    Intermediate,
    /// Food, books.
    Reduced,
    /// Medicines, newspapers.
    SuperReduced,
    /// No VAT.
    Exempt,
}

/// Where the trades put things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemCategory {
    /// Hours of work.
    Labour,
    /// Spare parts.
    Part,
    /// Tyres.
    Tyre,
    /// Oils and other fluids.
    Fluid,
    /// A night in a room.
    RoomNight,
    /// On a plate.
    Dish,
    /// In a glass.
    Drink,
    /// Waste, travel, other charges.
    Fee,
    /// The rest.
    #[default]
    Other,
}

/// One part of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Component {
    /// An item that is no package.
    pub item_id: Uuid,
    /// More than zero, at most four decimals.
    #[schema(value_type = String)]
    pub quantity: Decimal,
}

/// What a client writes. In a change, absent keeps and null clears.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct CatalogItemIn {
    /// Fixed once created.
    pub kind: Option<ItemKind>,
    /// Unique, such as `VID-5W30`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub reference: Patch<String>,
    /// Required when creating.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name: Patch<String>,
    /// What there is to say of it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// Category.
    pub category: Option<ItemCategory>,
    /// UN/ECE recommendation 20: `C62`, `HUR`, `DAY`, `KGM`, `LTR`, `MTR`, `MTK`.
    pub unit: Option<String>,
    /// Euros, at most six decimals; with or without VAT as `price_includes_vat` says.
    #[schema(value_type = Option<String>)]
    pub price: Option<Decimal>,
    /// True: `price` is what a consumer pays.
    pub price_includes_vat: Option<bool>,
    /// Class.
    pub vat_class: Option<VatClass>,
    /// What it costs, without VAT.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub cost: Patch<Decimal>,
    /// Who supplies it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub supplier: Patch<String>,
    /// The supplier’s reference.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub supplier_reference: Patch<String>,
    /// Unique.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub barcode: Patch<String>,
    /// True: its stock is counted.
    pub stocked: Option<bool>,
    /// For packages.
    pub components: Option<Vec<Component>>,
}

/// An item, valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Draft {
    pub kind: ItemKind,
    pub reference: Option<String>,
    pub name: String,
    pub description: Option<String>,
    pub category: ItemCategory,
    pub unit: String,
    pub price: Decimal,
    pub price_includes_vat: bool,
    pub vat_class: VatClass,
    pub cost: Option<Decimal>,
    pub supplier: Option<String>,
    pub supplier_reference: Option<String>,
    pub barcode: Option<String>,
    pub stocked: bool,
    pub components: Vec<Component>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            kind: ItemKind::Product,
            reference: None,
            name: String::new(),
            description: None,
            category: ItemCategory::Other,
            unit: "C62".to_owned(),
            price: Decimal::ZERO,
            price_includes_vat: false,
            vat_class: VatClass::Standard,
            cost: None,
            supplier: None,
            supplier_reference: None,
            barcode: None,
            stocked: false,
            components: Vec::new(),
        }
    }
}

/// The units that documents can name.
pub const UNITS: [&str; 10] = ["C62", "HUR", "MIN", "DAY", "KGM", "GRM", "LTR", "MTR", "MTK", "KMT"];

/// A price or cost that can be stored and printed.
fn price(value: Decimal, pointer: &str, errors: &mut Vec<FieldError>) -> Decimal {
    let value = value.normalize();
    if value.is_sign_negative() || value > Decimal::from(MAX_PRICE) {
        errors.push(FieldError::new(pointer, "range", "De 0 à 100 000 000 €."));
    } else if value.scale() > 6 {
        errors.push(FieldError::new(pointer, "decimals", "Six décimales au plus."));
    }
    value
}

fn line(
    value: Patch<String>,
    before: Option<String>,
    pointer: &str,
    max: usize,
    multi: bool,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    let value = match value {
        Patch::Keep => return before,
        Patch::Clear => return None,
        Patch::Set(value) => text::clean(&value, multi),
    };
    if value.as_ref().is_some_and(|value| value.chars().count() > max) {
        errors.push(FieldError::new(pointer, "too_long", format!("{max} caractères au plus.")));
    }
    value
}

impl Draft {
    /// What a client wrote, over what was there; every fault at once.
    pub(crate) fn apply(self, input: CatalogItemIn) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let name = line(input.name, Some(self.name), "/name", 200, false, &mut errors).unwrap_or_default();
        if name.is_empty() {
            errors.push(FieldError::new("/name", "required", "Donnez un nom."));
        }
        let unit = input.unit.unwrap_or(self.unit);
        if !UNITS.contains(&unit.as_str()) {
            errors.push(FieldError::new("/unit", "invalid", "Cette unité n’existe pas."));
        }
        let cost = match input.cost {
            Patch::Keep => self.cost,
            Patch::Clear => None,
            Patch::Set(value) => Some(price(value, "/cost", &mut errors)),
        };
        let components = input.components.unwrap_or(self.components);
        let kind = input.kind.unwrap_or(self.kind);
        if kind != ItemKind::Package && !components.is_empty() {
            errors.push(FieldError::new("/components", "not_a_package", "Seul un forfait a des composants."));
        }
        if components.len() > MAX_COMPONENTS {
            errors.push(FieldError::new("/components", "too_many", "50 composants au plus."));
        }
        for (index, component) in components.iter().enumerate() {
            if component.quantity <= Decimal::ZERO
                || component.quantity.normalize().scale() > 4
                || component.quantity > Decimal::from(1_000_000)
            {
                errors.push(FieldError::new(
                    format!("/components/{index}/quantity"),
                    "range",
                    "Une quantité positive, quatre décimales au plus.",
                ));
            }
        }
        let draft = Self {
            kind,
            name,
            reference: line(input.reference, self.reference, "/reference", 60, false, &mut errors),
            description: line(input.description, self.description, "/description", 2000, true, &mut errors),
            category: input.category.unwrap_or(self.category),
            unit,
            price: price(input.price.unwrap_or(self.price), "/price", &mut errors),
            price_includes_vat: input.price_includes_vat.unwrap_or(self.price_includes_vat),
            vat_class: input.vat_class.unwrap_or(self.vat_class),
            cost,
            supplier: line(input.supplier, self.supplier, "/supplier", 120, false, &mut errors),
            supplier_reference: line(input.supplier_reference, self.supplier_reference, "/supplier_reference", 60, false, &mut errors),
            barcode: line(input.barcode, self.barcode, "/barcode", 40, false, &mut errors),
            stocked: input.stocked.unwrap_or(self.stocked),
            components,
        };
        if errors.is_empty() { Ok(draft) } else { Err(Problem::validation(errors)) }
    }

    /// What a search finds it by.
    pub(crate) fn search_text(&self) -> String {
        let words =
            [Some(&self.name), self.reference.as_ref(), self.supplier_reference.as_ref(), self.barcode.as_ref(), self.supplier.as_ref()];
        text::fold(&words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "))
    }

    /// Field by field, what is different from before.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let fields = |draft: &Self| serde_json::to_value(draft).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
        let (old, new) = (fields(before), fields(self));
        new.iter().filter_map(|(field, value)| Change::between(field, old.get(field).unwrap_or(&serde_json::Value::Null), value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(body: serde_json::Value) -> Result<Draft, Problem> {
        Draft::default().apply(serde_json::from_value(body).expect("shape"))
    }

    #[test]
    fn an_item_is_read_and_its_faults_are_named_together() {
        let draft = parsed(json!({ "name": "  Vidange 5W30 ", "price": "79.90", "unit": "HUR", "reference": "VID" })).expect("valid");
        assert_eq!((draft.name.as_str(), draft.price.to_string()), ("Vidange 5W30", "79.9".to_owned()));
        let problem = parsed(json!({ "name": " ", "price": "-1", "cost": "1.0000001", "unit": "ZZZ" })).expect_err("faults");
        let fields: Vec<&str> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(fields, ["/name", "/unit", "/cost", "/price"]);
    }

    #[test]
    fn only_a_package_has_components() {
        let part = json!({ "item_id": Uuid::nil(), "quantity": "1" });
        assert!(parsed(json!({ "name": "X", "price": "1", "components": [part] })).is_err());
        assert!(parsed(json!({ "name": "X", "kind": "package", "price": "1", "components": [part] })).is_ok());
    }
}
