//! What an entity holds, how it is read from a client, what is derived from it.

use crate::custom_fields;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use vision_kernel::{Change, FieldError, Patch, Plate, Problem, Vin, text, vehicle};

/// VINs have a fixed form since then (GA-02).
const VIN_FORM: Date = date(1981, 1, 1);

/// What sort of thing an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A car, a van, a motorcycle.
    Vehicle,
    /// An animal.
    Animal,
    /// A machine, an installation, an instrument.
    Equipment,
    /// A house, a flat, premises.
    Property,
    /// A person in care; only where the deployment declares HDS hosting (GD-17).
    Patient,
    /// A kind of the tenant's own, named by `kind_id`.
    Custom,
}

impl EntityKind {
    /// The name stored in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vehicle => "vehicle",
            Self::Animal => "animal",
            Self::Equipment => "equipment",
            Self::Property => "property",
            Self::Patient => "patient",
            Self::Custom => "custom",
        }
    }

    /// Reads the stored name.
    pub fn from_stored(name: &str) -> Self {
        match name {
            "vehicle" => Self::Vehicle,
            "animal" => Self::Animal,
            "equipment" => Self::Equipment,
            "property" => Self::Property,
            "patient" => Self::Patient,
            _ => Self::Custom,
        }
    }

    /// What a thing of this kind is called while it has no name; French, like every label of stored data.
    pub fn label(self) -> &'static str {
        match self {
            Self::Vehicle => "Véhicule",
            Self::Animal => "Animal",
            Self::Equipment => "Équipement",
            Self::Property => "Bien immobilier",
            Self::Patient => "Patient",
            Self::Custom => "Bien",
        }
    }

    /// The built-in facts that a thing of this kind has. None is medical (GD-17).
    pub fn facts(self) -> &'static [Fact] {
        use Fact as F;
        match self {
            Self::Vehicle => &[F::Plate, F::Vin, F::Make, F::Model, F::Mileage, F::Energy, F::FirstRegistration, F::InspectionDue],
            Self::Animal => &[F::Species, F::Breed, F::BirthDate, F::SerialNumber],
            Self::Equipment => &[F::Make, F::Model, F::SerialNumber, F::InspectionDue, F::Address],
            Self::Property => &[F::Address, F::InspectionDue],
            Self::Patient => &[F::BirthDate],
            Self::Custom => &[],
        }
    }
}

/// A built-in fact that a kind may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Registration plate.
    Plate,
    /// Vehicle identification number.
    Vin,
    /// Maker.
    Make,
    /// Model.
    Model,
    /// Readings of the odometer.
    Mileage,
    /// What drives it.
    Energy,
    /// First registration.
    FirstRegistration,
    /// Next technical inspection.
    InspectionDue,
    /// Serial or chip number.
    SerialNumber,
    /// Species.
    Species,
    /// Breed.
    Breed,
    /// Date of birth.
    BirthDate,
    /// Where it is.
    Address,
}

/// What drives a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Energy {
    Petrol,
    Diesel,
    Electric,
    Hybrid,
    PluginHybrid,
    Lpg,
    Cng,
    Ethanol,
    Hydrogen,
    Other,
}

/// Everything about an entity that people write; every value is valid. Its names are the columns of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Kind.
    pub kind: EntityKind,
    /// The tenant's own kind.
    pub kind_id: Option<Uuid>,
    /// What people call it.
    pub name: Option<String>,
    /// Plate, in its usual spelling (GA-01).
    pub plate: Option<String>,
    /// ISO 3166 of the plate.
    pub plate_country: Option<String>,
    /// GA-02
    pub vin: Option<String>,
    /// Maker.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// What drives it.
    pub energy: Option<Energy>,
    /// First registration.
    pub first_registration: Option<Date>,
    /// Next technical inspection.
    pub inspection_due: Option<Date>,
    /// Serial or chip number.
    pub serial_number: Option<String>,
    /// Species.
    pub species: Option<String>,
    /// Breed.
    pub breed: Option<String>,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Where it is.
    pub address: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Values of the tenant's own fields, by key; judged by `custom_fields`.
    pub custom: Map<String, Value>,
}

/// What a client sends: absent keeps, null clears.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct EntityIn {
    /// Fixed at creation; `vehicle` by default.
    #[serde(default)]
    pub(crate) kind: Option<EntityKind>,
    /// With `custom`: which of the tenant's kinds.
    #[serde(default)]
    pub(crate) kind_id: Option<Uuid>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) name: Patch<String>,
    /// Read in any spelling; French unless `plate_country` says otherwise.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) plate: Patch<String>,
    /// ISO 3166, two letters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) plate_country: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) vin: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) make: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) model: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Energy>)]
    pub(crate) energy: Patch<Energy>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) first_registration: Patch<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) inspection_due: Patch<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) serial_number: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) species: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) breed: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) birth_date: Patch<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) address: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) description: Patch<String>,
    /// At creation only: the owner, a contact. Later through `POST /entities/{id}/owner`.
    #[serde(default)]
    pub(crate) contact_id: Option<Uuid>,
    /// At creation only: the first reading, in km. Later through `POST /entities/{id}/readings`.
    #[serde(default)]
    pub(crate) mileage: Option<i64>,
    /// Values of the tenant's own fields by key: absent keeps, null clears.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub(crate) custom: Map<String, Value>,
}

/// The country code of a text, if it is one.
fn country(text: &str) -> Option<String> {
    let code = text.trim().to_uppercase();
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
}

struct Reader(Vec<FieldError>);

impl Reader {
    fn text(&mut self, patch: Patch<String>, current: Option<String>, pointer: &str, max: usize, multiline: bool) -> Option<String> {
        let Patch::Set(value) = patch else { return patch.apply(current) };
        let value = text::clean(&value, multiline);
        if value.as_deref().is_some_and(|value| value.chars().count() > max) {
            self.0.push(FieldError::new(pointer, "too_long", format!("{max} caractères au plus.")));
        }
        value
    }

    fn line(&mut self, patch: Patch<String>, current: Option<String>, pointer: &str) -> Option<String> {
        self.text(patch, current, pointer, 120, false)
    }

    fn date(&mut self, patch: Patch<Date>, current: Option<Date>, pointer: &str) -> Option<Date> {
        if let Patch::Set(day) = &patch
            && !(1850..=2200).contains(&day.year())
        {
            self.0.push(FieldError::new(pointer, "invalid", "Cette date n’est pas plausible."));
        }
        patch.apply(current)
    }
}

impl Draft {
    /// An empty entity, to which a client's wishes are applied.
    pub fn empty(kind: EntityKind, kind_id: Option<Uuid>) -> Self {
        Self {
            kind,
            kind_id,
            name: None,
            plate: None,
            plate_country: None,
            vin: None,
            make: None,
            model: None,
            energy: None,
            first_registration: None,
            inspection_due: None,
            serial_number: None,
            species: None,
            breed: None,
            birth_date: None,
            address: None,
            description: None,
            custom: Map::new(),
        }
    }

    /// The entity after a change, or every field that is wrong.
    pub(crate) fn apply(self, input: EntityIn) -> Result<Self, Problem> {
        let mut reader = Reader(Vec::new());
        let r = &mut reader;
        let plate_changes = !input.plate.is_keep() || !input.plate_country.is_keep();
        let mut country_known = true;
        let plate_country = match r.line(input.plate_country, self.plate_country, "/plate_country") {
            Some(text) => country(&text).or_else(|| {
                r.0.push(FieldError::new("/plate_country", "invalid", "Un code de pays de deux lettres."));
                country_known = false;
                None
            }),
            None => None,
        };
        let mut plate = r.text(input.plate, self.plate, "/plate", 20, false);
        if let Some(text) = plate.as_deref().filter(|_| plate_changes && country_known) {
            // GA-01: a foreign plate is free text, so that no country's rules are needed.
            plate = match plate_country.as_deref() {
                None | Some("FR") => text.parse::<Plate>().ok().map(|plate| plate.to_string()),
                Some(_) => Some(text.to_uppercase()).filter(|text| !vehicle::compact(text).is_empty()),
            };
            if plate.is_none() {
                let detail = "Une plaque française comme AB-123-CD ou 1234 AB 69 ; pour une plaque étrangère, indiquez son pays.";
                r.0.push(FieldError::new("/plate", "invalid", detail));
            }
        }
        let first_registration = r.date(input.first_registration, self.first_registration, "/first_registration");
        let vin_changes = !input.vin.is_keep();
        let mut vin = r.text(input.vin, self.vin, "/vin", 20, false);
        if let Some(text) = vin.as_deref().filter(|_| vin_changes) {
            vin = match text.parse::<Vin>() {
                Ok(vin) => Some(vin.to_string()),
                // GA-02: before 1981 each maker wrote what it liked.
                Err(_) if first_registration.is_some_and(|day| day < VIN_FORM) => Some(text.to_uppercase()),
                Err(_) => {
                    let detail = "Un VIN a 17 chiffres et lettres, sans I, O ni Q (avant 1981 : indiquez la première mise en circulation).";
                    r.0.push(FieldError::new("/vin", "invalid", detail));
                    None
                }
            };
        }
        let draft = Self {
            kind: self.kind,
            kind_id: self.kind_id,
            name: r.line(input.name, self.name, "/name"),
            plate_country: plate.as_ref().map(|_| plate_country.unwrap_or_else(|| "FR".to_owned())),
            plate,
            vin,
            make: r.line(input.make, self.make, "/make"),
            model: r.line(input.model, self.model, "/model"),
            energy: input.energy.apply(self.energy),
            inspection_due: r.date(input.inspection_due, self.inspection_due, "/inspection_due"),
            first_registration,
            serial_number: r.line(input.serial_number, self.serial_number, "/serial_number"),
            species: r.line(input.species, self.species, "/species"),
            breed: r.line(input.breed, self.breed, "/breed"),
            birth_date: r.date(input.birth_date, self.birth_date, "/birth_date"),
            address: r.text(input.address, self.address, "/address", 300, false),
            description: r.text(input.description, self.description, "/description", 5000, true),
            custom: self.custom,
        };
        let named = [&draft.name, &draft.plate, &draft.vin, &draft.make, &draft.model, &draft.serial_number, &draft.address];
        if reader.0.is_empty() && named.iter().all(|part| part.is_none()) {
            let pointer = if draft.kind == EntityKind::Vehicle { "/plate" } else { "/name" };
            return Err(Problem::field(pointer, "required", "Indiquez au moins un nom, une plaque, une marque ou un numéro."));
        }
        if reader.0.is_empty() { Ok(draft) } else { Err(Problem::validation(reader.0)) }
    }

    /// The name shown in lists; never empty.
    pub fn display_name(&self) -> String {
        let model = [self.make.as_deref(), self.model.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        self.name
            .clone()
            .or((!model.is_empty()).then_some(model))
            .or_else(|| self.plate.clone())
            .or_else(|| self.vin.clone())
            .or_else(|| self.serial_number.clone())
            .or_else(|| self.address.clone())
            .unwrap_or_else(|| self.kind.label().to_owned())
    }

    /// Name and plate: what tells two white vans apart in a history.
    pub fn label(&self) -> String {
        let name = self.display_name();
        match &self.plate {
            Some(plate) if *plate != name => format!("{name} · {plate}"),
            _ => name,
        }
    }

    /// The plate as searches compare it.
    pub(crate) fn plate_code(&self) -> String {
        self.plate.as_deref().map(vehicle::compact).unwrap_or_default().to_lowercase()
    }

    /// What a search looks in. Numbers are there in the form that [`super::filter`] compares, and as written.
    pub(crate) fn search_text(&self) -> String {
        let words = [&self.name, &self.make, &self.model, &self.species, &self.breed, &self.address, &self.plate, &self.serial_number];
        let mut parts: Vec<String> = words.into_iter().flatten().map(|part| text::fold(part)).collect();
        for code in [&self.plate, &self.vin, &self.serial_number].into_iter().flatten() {
            parts.push(vehicle::compact(code).to_lowercase());
        }
        parts.join(" ")
    }

    /// What the tenant's own fields know the kind of a thing by: the name of a built-in one, the id of the tenant's own.
    pub(crate) fn record_kind(&self) -> String {
        self.kind_id.map_or_else(|| self.kind.as_str().to_owned(), |id| id.to_string())
    }

    /// The fields that differ.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let values = |draft: &Self| {
            let mut values = serde_json::to_value(draft).unwrap_or_default();
            if let Some(values) = values.as_object_mut() {
                values.remove("custom");
            }
            values
        };
        let (old, new) = (values(before), values(self));
        let fields = new.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let built_in = fields.iter().filter_map(|field| Change::between(field, &old.get(field), &new.get(field)));
        built_in.chain(custom_fields::model::changes(&before.custom, &self.custom)).collect()
    }

    /// What deserves a second look without being wrong.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let doubtful = self.vin.as_deref().and_then(|vin| vin.parse::<Vin>().ok()).is_some_and(|vin| !vin.check_digit_holds());
        doubtful.then_some(Warning { field: "vin", code: WarningCode::CheckDigit }).into_iter().collect()
    }
}

/// Something to look at again.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = EntityWarning)]
pub struct Warning {
    pub(crate) field: &'static str,
    pub(crate) code: WarningCode,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EntityWarningCode)]
pub enum WarningCode {
    /// The VIN's check digit does not hold; European makers need not write one (GA-02).
    CheckDigit,
    /// Another entity has the same plate.
    SamePlate,
    /// Another entity has the same VIN.
    SameVin,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(json: &str) -> EntityIn {
        serde_json::from_str(json).expect("json")
    }

    fn vehicle(json: &str) -> Result<Draft, Problem> {
        Draft::empty(EntityKind::Vehicle, None).apply(input(json))
    }

    #[test] // GA-01
    fn a_plate_is_french_unless_its_country_is_said() {
        let draft = vehicle(r#"{"plate":"ab 123 cd","make":"Renault","model":"Clio"}"#).expect("valid");
        assert_eq!((draft.plate.as_deref(), draft.plate_country.as_deref()), (Some("AB-123-CD"), Some("FR")));
        assert_eq!((draft.display_name().as_str(), draft.label().as_str()), ("Renault Clio", "Renault Clio · AB-123-CD"));
        assert!(draft.search_text().contains("ab123cd") && draft.search_text().contains("ab-123-cd"));
        let problem = vehicle(r#"{"plate":"1-ABC-234"}"#).expect_err("foreign");
        assert_eq!(problem.errors.first().map(|error| error.pointer.as_str()), Some("/plate"));
        let belgian = vehicle(r#"{"plate":"1-abc-234","plate_country":"be"}"#).expect("valid");
        assert_eq!((belgian.plate.as_deref(), belgian.plate_code().as_str()), (Some("1-ABC-234"), "1abc234"));
    }

    #[test] // GA-02
    fn a_vin_is_checked_since_1981_and_its_digit_warns() {
        assert!(vehicle(r#"{"vin":"12345"}"#).is_err());
        assert!(vehicle(r#"{"vin":"12345","first_registration":"1972-05-01"}"#).is_ok());
        assert!(vehicle(r#"{"vin":"1M8GDM9AXKP042788"}"#).expect("valid").warnings().is_empty());
        assert_eq!(vehicle(r#"{"vin":"VF1BB05CF12345678"}"#).expect("valid").warnings().len(), 1);
    }

    #[test]
    fn an_entity_needs_something_to_be_called_by() {
        assert!(vehicle("{}").is_err());
        assert_eq!(vehicle(r#"{"name":"  "}"#).expect_err("empty").errors.len(), 1);
        let long = "x".repeat(10_000);
        assert_eq!(vehicle(&format!(r#"{{"name":"{long}"}}"#)).expect_err("long").errors[0].code, "too_long");
        assert!(serde_json::from_str::<EntityIn>(r#"{"inspection_due":"2027-02-31"}"#).is_err());
    }
}
