//! One row as a thing with its owner and its mileage, and what was wrong in it.

use super::super::engine::{Candidate, Field, Kind, Row, cell_text, country_code, parse_row, read_date};
use super::super::target::Notice;
use crate::entities::model::{Draft, Energy, EntityIn, EntityKind};
use jiff::civil::Date;
use uuid::Uuid;
use vision_kernel::{Patch, Siret, text};

/// Highest mileage that is believed, in km.
const MAX_MILEAGE: u32 = 9_999_999;

/// What a row says of the thing itself, as it stands there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    texts: Vec<(&'static str, String)>,
    dates: Vec<(&'static str, Date, String)>,
    energy: Option<Energy>,
}

/// A row after reading. What its kind is, the database says.
#[derive(Debug, Default)]
pub(crate) struct EntityItem {
    pub kind: Option<String>,
    pub given: Given,
    pub mileage: Option<i32>,
    pub mileage_on: Option<Date>,
    pub owner: Option<Candidate>,
    pub owner_since: Option<Date>,
    pub archived: bool,
    /// The texts of the tenant's own fields, which only the definitions of the moment can read.
    pub own: Vec<Option<String>>,
    pub notices: Vec<Notice>,
}

const TEXTS: &[(&str, usize)] = &[
    ("name", 120),
    ("plate", 40),
    ("vin", 40),
    ("make", 120),
    ("model", 120),
    ("serial_number", 120),
    ("species", 120),
    ("breed", 120),
    ("address", 300),
    ("description", 5000),
];
const DATES: &[&str] = &["first_registration", "inspection_due", "birth_date", "mileage_on", "owner_since"];
const OWNER: &[(&str, Field)] = &[
    ("owner_name", Field::FullName),
    ("owner_first_name", Field::FirstName),
    ("owner_last_name", Field::LastName),
    ("owner_email", Field::Email),
    ("owner_phone", Field::Phone),
    ("owner_siren", Field::Siren),
];

/// Reads a row by a mapping, which has one entry per header.
pub(crate) fn parse(mapping: &[Option<String>], row: &Row) -> Result<EntityItem, &'static str> {
    if row.extra {
        return Err("more_fields_than_headers");
    }
    let mut item = EntityItem::default();
    let (mut owner_fields, mut owner_cells) = (Vec::new(), Vec::new());
    for (key, cell) in mapping.iter().zip(&row.cells) {
        let Some(key) = key.as_deref() else { continue };
        let multiline = key == "description";
        let Some(text) = cell_text(cell, multiline) else { continue };
        if let Some((_, field)) = OWNER.iter().find(|(owner, _)| *owner == key) {
            owner_fields.push(Some(*field));
            owner_cells.push(text);
        } else {
            item.take(key, text);
        }
    }
    item.read_owner(owner_fields, owner_cells);
    Ok(item)
}

impl EntityItem {
    fn tell(&mut self, key: &str, value: &str, code: &'static str) {
        self.notices.push(Notice::new(key, value, code));
    }

    fn take(&mut self, key: &str, text: String) {
        if let Some((key, longest)) = TEXTS.iter().find(|(known, _)| *known == key) {
            return self.text(key, text, *longest);
        }
        if let Some(key) = DATES.iter().find(|known| **known == key) {
            return self.date(key, text);
        }
        match key {
            "kind" => self.kind = Some(text),
            "archived" => self.archived = matches!(text::fold(&text).as_str(), "oui" | "1" | "true" | "vrai" | "x" | "yes"),
            "plate_country" => match country_code(&text) {
                Some(code) => self.given.texts.push(("plate_country", code)),
                None => self.tell(key, &text, "invalid"),
            },
            "energy" => match energy_of(&text) {
                Some(energy) => self.given.energy = Some(energy),
                None => self.tell(key, &text, "invalid"),
            },
            "mileage" => match kilometres(&text) {
                Some(value) => self.mileage = Some(value),
                None => self.tell(key, &text, "invalid"),
            },
            _ => {}
        }
    }

    fn text(&mut self, key: &'static str, text: String, longest: usize) {
        if self.given.texts.iter().any(|(known, value)| *known == key && *value != text) {
            return self.tell(key, &text, "ignored");
        }
        let kept = if text.chars().count() > longest {
            self.tell(key, &text, "truncated");
            text.chars().take(longest).collect()
        } else {
            text
        };
        self.given.texts.push((key, kept));
    }

    fn date(&mut self, key: &'static str, text: String) {
        let date = match read_date(&text) {
            None => return,
            Some(None) => return self.tell(key, &text, "invalid"),
            Some(Some(date)) => date,
        };
        match key {
            "mileage_on" => self.mileage_on = Some(date),
            "owner_since" => self.owner_since = Some(date),
            _ => self.given.dates.push((key, date, text)),
        }
    }

    /// The owner is read as a row of a file of contacts would be.
    fn read_owner(&mut self, mut fields: Vec<Option<Field>>, cells: Vec<String>) {
        if fields.is_empty() {
            return;
        }
        if fields.contains(&Some(Field::Siren)) && !fields.contains(&Some(Field::LastName)) {
            // Who has a SIREN beside a single name is a company.
            for field in fields.iter_mut().filter(|field| **field == Some(Field::FullName)) {
                *field = Some(Field::CompanyName);
            }
        }
        let row = Row { number: 0, cells, ..Row::default() };
        let keys = |field: Field| match field {
            Field::Email => "owner_email",
            Field::Phone => "owner_phone",
            Field::Siren | Field::Siret => "owner_siren",
            _ => "owner_name",
        };
        if let Ok(parsed) = parse_row(&fields, &row) {
            self.notices.extend(parsed.warnings.iter().map(|w| Notice::new(keys(w.field), &w.value, w.code.key())));
            self.owner = Some(parsed.candidate);
            return;
        }
        // A SIREN names nobody, but it finds somebody.
        let siren = fields.iter().zip(&row.cells).find(|(field, _)| **field == Some(Field::Siren)).map(|(_, cell)| cell);
        let siren = siren.and_then(|cell| cell.parse().ok().or_else(|| cell.parse::<Siret>().ok().map(|siret| siret.siren())));
        if siren.is_some() {
            self.owner = Some(Candidate { kind: Kind::Company, siren, ..Candidate::default() });
            return;
        }
        // Nothing in it is valid: all of it is told.
        for (field, cell) in fields.iter().zip(&row.cells) {
            self.notices.push(Notice::new(field.map_or("owner_name", keys), cell, "invalid"));
        }
    }
}

impl Given {
    fn text(&self, key: &str) -> Patch<String> {
        self.texts.iter().find(|(known, _)| *known == key).map_or(Patch::Keep, |(_, value)| Patch::Set(value.clone()))
    }

    fn date(&self, key: &str) -> Patch<Date> {
        self.dates.iter().find(|(known, ..)| *known == key).map_or(Patch::Keep, |(_, date, _)| Patch::Set(*date))
    }

    fn input(&self) -> EntityIn {
        EntityIn {
            name: self.text("name"),
            plate: self.text("plate"),
            plate_country: self.text("plate_country"),
            vin: self.text("vin"),
            make: self.text("make"),
            model: self.text("model"),
            energy: self.energy.map_or(Patch::Keep, Patch::Set),
            first_registration: self.date("first_registration"),
            inspection_due: self.date("inspection_due"),
            serial_number: self.text("serial_number"),
            species: self.text("species"),
            breed: self.text("breed"),
            birth_date: self.date("birth_date"),
            address: self.text("address"),
            description: self.text("description"),
            ..EntityIn::default()
        }
    }

    /// Takes a value away that was refused.
    fn drop(&mut self, key: &str) -> Option<String> {
        if let Some(at) = self.texts.iter().position(|(known, _)| *known == key) {
            return Some(self.texts.swap_remove(at).1);
        }
        let at = self.dates.iter().position(|(known, ..)| *known == key)?;
        Some(self.dates.swap_remove(at).2)
    }

    /// The thing, judged by the rules of the product. What they refuse is dropped and told, as long as something else names the thing
    /// (GA-01, GA-02).
    pub(crate) fn draft(mut self, kind: EntityKind, kind_id: Option<Uuid>, notices: &mut Vec<Notice>) -> Result<Draft, &'static str> {
        let mut reason = "nothing_to_name";
        loop {
            let problem = match Draft::empty(kind, kind_id).apply(self.input()) {
                Ok(draft) => return Ok(unnamed(draft)),
                Err(problem) => problem,
            };
            let mut dropped = false;
            for error in &problem.errors {
                let key = error.pointer.trim_start_matches('/');
                let Some(value) = self.drop(key) else { continue };
                dropped = true;
                reason = match key {
                    "plate" => "invalid_plate",
                    "vin" if reason == "nothing_to_name" => "invalid_vin",
                    _ => reason,
                };
                notices.push(Notice::new(key, &value, "invalid"));
            }
            if !dropped {
                return Err(reason);
            }
        }
    }
}

/// Our export writes what a thing is called, which is often made of its make and model: that is no name of its own.
fn unnamed(draft: Draft) -> Draft {
    let without = Draft { name: None, ..draft.clone() };
    if draft.name.is_some() && draft.name == Some(without.display_name()) && without.display_name() != draft.kind.label() {
        without
    } else {
        draft
    }
}

/// `125 000 km`, `125.000`, `125000`, `125000,0`.
fn kilometres(text: &str) -> Option<i32> {
    let clean: String = text::fold(text).chars().filter(|c| !c.is_whitespace()).collect();
    let clean = clean.trim_end_matches("kilometres").trim_end_matches("kms").trim_end_matches("km");
    let parts: Vec<&str> = clean.split(['.', ',']).collect();
    let digits = match parts.as_slice() {
        [whole, groups @ ..] if groups.iter().all(|group| group.len() == 3) => [&[*whole], groups].concat().concat(),
        // Of a tenth of a kilometre nobody speaks.
        [whole, tenths] if tenths.len() <= 2 && tenths.bytes().all(|byte| byte.is_ascii_digit()) => (*whole).to_owned(),
        _ => return None,
    };
    let value: u32 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (value <= MAX_MILEAGE).then(|| i32::try_from(value).ok())?
}

/// What drives a vehicle, in words or as a registration document (field P.3) abbreviates it.
fn energy_of(text: &str) -> Option<Energy> {
    Some(match text::fold(text).replace(['-', '/', '+'], " ").split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
        "essence" | "es" | "sp95" | "sp98" | "e10" | "sans plomb" | "petrol" | "gasoline" => Energy::Petrol,
        "gazole" | "gasoil" | "go" | "diesel" => Energy::Diesel,
        "electrique" | "el" | "electric" | "electricite" => Energy::Electric,
        "hybride" | "hybrid" | "eh" | "gh" | "essence electrique" | "hybride essence" | "hybride diesel" | "hybride non rechargeable" => {
            Energy::Hybrid
        }
        "hybride rechargeable" | "plugin hybrid" | "plug in hybrid" | "phev" | "ee" | "gl" => Energy::PluginHybrid,
        "gpl" | "gp" | "eg" | "lpg" | "essence gpl" => Energy::Lpg,
        "gnv" | "gn" | "cng" | "gaz naturel" => Energy::Cng,
        "superethanol" | "ethanol" | "e85" | "fe" | "bioethanol" | "superethanol e85" | "flexfuel" => Energy::Ethanol,
        "hydrogene" | "h2" | "hydrogen" => Energy::Hydrogen,
        "autre" | "other" => Energy::Other,
        _ => return None,
    })
}

/// A kind that a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindWord {
    /// One that the product knows.
    Builtin(EntityKind),
    /// One of the tenant's own, by its place.
    Own(usize),
}

/// What kind a word means; `own` are the folded names of the tenant's own.
pub(crate) fn kind_of(word: &str, own: &[String]) -> Option<KindWord> {
    let word = text::fold(word);
    if let Some(place) = own.iter().position(|name| *name == word) {
        return Some(KindWord::Own(place));
    }
    let kind = match word.as_str() {
        "vehicule" | "vehicle" | "voiture" | "vp" | "vu" | "utilitaire" | "camion" | "camionnette" | "moto" | "motocyclette" | "mtl"
        | "ctte" | "auto" | "car" => EntityKind::Vehicle,
        "animal" | "chien" | "chat" => EntityKind::Animal,
        "equipement" | "equipment" | "materiel" | "machine" | "appareil" => EntityKind::Equipment,
        "bien immobilier" | "property" | "logement" | "maison" | "appartement" | "immeuble" | "local" => EntityKind::Property,
        "patient" => EntityKind::Patient,
        _ => return None,
    };
    Some(KindWord::Builtin(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(cells: &[(&str, &str)]) -> EntityItem {
        let mapping: Vec<_> = cells.iter().map(|(key, _)| Some((*key).to_owned())).collect();
        let cells = cells.iter().map(|(_, cell)| (*cell).to_owned()).collect();
        parse(&mapping, &Row { number: 1, cells, ..Row::default() }).expect("accepted")
    }

    fn told(item: &EntityItem) -> Vec<String> {
        item.notices.iter().map(|notice| format!("{} {}", notice.field, notice.code)).collect()
    }

    #[test]
    fn mileage_is_read_as_people_write_it() {
        for (text, value) in
            [("125000", 125_000), ("125 000 km", 125_000), ("125.000", 125_000), ("1,250,000", 1_250_000), ("98000,0", 98_000), ("0", 0)]
        {
            assert_eq!(kilometres(text), Some(value), "{text}");
        }
        for text in ["", "km", "-5", "12.5.3", "99999999", "beaucoup", "1e5"] {
            assert_eq!(kilometres(text), None, "{text}");
        }
    }

    #[test] // GA-01, GA-02
    fn a_bad_plate_or_vin_is_dropped_where_something_else_names_the_thing() {
        let mut bad =
            item(&[("plate", "1-ABC-234"), ("make", "Renault"), ("vin", "IOQ"), ("first_registration", "31/02/2020"), ("energy", "GO")]);
        assert_eq!(told(&bad), ["first_registration invalid"]);
        let draft = bad.given.draft(EntityKind::Vehicle, None, &mut bad.notices).expect("named by its make");
        assert_eq!((draft.plate, draft.vin, draft.make.as_deref(), draft.energy), (None, None, Some("Renault"), Some(Energy::Diesel)));
        assert_eq!(bad.notices.len(), 3);
        for (key, value, reason) in
            [("plate", "1-ABC-234", "invalid_plate"), ("vin", "X", "invalid_vin"), ("breed", "Briard", "nothing_to_name")]
        {
            assert_eq!(item(&[(key, value)]).given.draft(EntityKind::Vehicle, None, &mut Vec::new()).err(), Some(reason), "{key}");
        }
        let foreign =
            item(&[("plate", "1-abc-234"), ("plate_country", "Belgique")]).given.draft(EntityKind::Vehicle, None, &mut Vec::new());
        assert_eq!(foreign.expect("foreign").plate_country.as_deref(), Some("BE"));
    }

    #[test]
    fn an_owner_is_read_like_a_contact() {
        let person = item(&[("owner_name", "DUPRÉ Jean"), ("owner_phone", "06 12 34 56 78"), ("owner_email", "pas une adresse")]);
        assert_eq!(told(&person), ["owner_email invalid"]);
        let owner = person.owner.expect("owner");
        assert_eq!((owner.first_name.as_deref(), owner.last_name.as_deref(), owner.phones.len()), (Some("Jean"), Some("DUPRÉ"), 1));
        let company = item(&[("owner_name", "Taxis Lumière"), ("owner_siren", "732829320")]).owner.expect("owner");
        assert_eq!(company.company_name.as_deref(), Some("Taxis Lumière"));
        let nobody = item(&[("owner_email", "x")]);
        assert!(nobody.owner.is_none() && told(&nobody) == ["owner_email invalid"]);
    }

    #[test]
    fn a_derived_name_is_no_name() {
        let derived =
            item(&[("name", "Peugeot 208"), ("make", "Peugeot"), ("model", "208")]).given.draft(EntityKind::Vehicle, None, &mut vec![]);
        assert_eq!(derived.expect("valid").name, None);
        let named = item(&[("name", "La rouge"), ("make", "Peugeot")]).given.draft(EntityKind::Vehicle, None, &mut vec![]);
        assert_eq!(named.expect("valid").name.as_deref(), Some("La rouge"));
    }
}
