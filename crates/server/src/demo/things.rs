//! What the contacts of a demo company own: vehicles for the garage, some equipment for the others, from a fixed seed.

use super::people::Dice;
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use uuid::Uuid;
use vision_crm::demo::{DemoContact, id_at};
use vision_crm::demo_entities::{self as demo, DemoEntity};
use vision_crm::entities::model::{Draft, Energy, EntityKind};
use vision_platform::{Failure, Tx};

/// Vehicles of the garage.
const VEHICLES: u64 = 900;
/// Equipment of the others.
const EQUIPMENT: u64 = 12;

/// Maker, beginning of its VINs, models.
const MAKES: &[(&str, &str, &[&str])] = &[
    ("Renault", "VF1", &["Clio V", "Captur", "Mégane IV", "Twingo III", "Kangoo", "Scénic IV", "Zoé", "Trafic"]),
    ("Peugeot", "VF3", &["208", "308", "2008", "3008", "Partner", "5008", "108"]),
    ("Citroën", "VF7", &["C3", "C4", "Berlingo", "C3 Aircross", "Jumpy", "ë-C4"]),
    ("Dacia", "UU1", &["Sandero", "Duster", "Jogger", "Spring"]),
    ("Volkswagen", "WVW", &["Golf VII", "Polo", "T-Roc", "Tiguan", "Caddy"]),
    ("Toyota", "VNK", &["Yaris", "C-HR", "Corolla", "Aygo"]),
    ("Ford", "WF0", &["Fiesta", "Focus", "Puma", "Transit Custom"]),
    ("Opel", "W0L", &["Corsa", "Mokka", "Vivaro"]),
    ("Fiat", "ZFA", &["500", "Panda", "Ducato"]),
    ("Mercedes-Benz", "WDD", &["Classe A", "Vito", "Sprinter"]),
    ("BMW", "WBA", &["Série 1", "X1"]),
    ("Yamaha", "JYA", &["MT-07", "XSR 700"]),
];

const LETTERS: &[char] =
    &['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z'];

/// What a garage writes when a reading falls.
const REASONS: &[&str] = &["Compteur remplacé", "Erreur de saisie lors du relevé précédent"];

/// Equipment by trade: name, maker, model.
fn equipment(trade: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    match trade {
        "hotel" => &[
            ("Vélo de prêt", "Gitane", "G-Life"),
            ("Coffre-fort de chambre", "Yale", "Standard"),
            ("Machine à café d’étage", "Nespresso", "Momento 100"),
            ("Borne de recharge", "Hager", "Witty Park"),
            ("Lit bébé", "Combelle", "Lilou"),
        ],
        _ => &[
            ("Four mixte", "Rational", "iCombi Pro"),
            ("Vitrine réfrigérée", "Seda", "Prima"),
            ("Machine à café", "La Cimbali", "M26"),
            ("Lave-vaisselle à capot", "Winterhalter", "PT-M"),
        ],
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(0)
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn days_before(today: Date, days: u64) -> Date {
    today.saturating_sub(Span::new().days(number(days)))
}

fn letters(dice: &mut Dice) -> String {
    loop {
        let pair: String = (0..2).filter_map(|_| dice.pick(LETTERS)).collect();
        if pair != "SS" && pair != "WW" {
            return pair;
        }
    }
}

/// Fills a company with what its contacts own.
pub(super) async fn fill(tx: &mut Tx, trade: &str, team: &[(Uuid, String)], contacts: &[DemoContact], seed: u64) -> Result<(), Failure> {
    let mut dice = Dice(0xCA25 + seed);
    let today = tx.now();
    let owners: Vec<&DemoContact> = contacts.iter().filter(|contact| contact.archived_at.is_none()).collect();
    let count = if trade == "garage" { VEHICLES } else { EQUIPMENT };
    let mut things = Vec::new();
    for n in 0..count {
        let (Some(contact), Some(by)) = (dice.pick(&owners), team.get(usize::try_from(dice.below(4)).unwrap_or(0))) else { continue };
        let mut thing = base(&mut dice, contact, by, today, n);
        if trade == "garage" {
            vehicle(&mut dice, &mut thing, &owners, today);
        } else if let Some((name, make, model)) = dice.pick(equipment(trade)) {
            thing.draft.name = Some(name.to_owned());
            thing.draft.make = Some(make.to_owned());
            thing.draft.model = Some(model.to_owned());
            thing.draft.serial_number =
                Some(format!("{}{:06}", make.chars().take(2).collect::<String>().to_uppercase(), dice.below(1_000_000)));
            thing.draft.inspection_due = Some(day_of(today).saturating_add(Span::new().days(number(dice.below(400)))));
        }
        things.push(thing);
    }
    for batch in things.chunks(200) {
        demo::insert(tx, batch).await?;
    }
    Ok(())
}

/// Something owned since a moment after its owner became a contact.
fn base(dice: &mut Dice, contact: &DemoContact, by: &(Uuid, String), today: Timestamp, n: u64) -> DemoEntity {
    let first = contact.events.first().map_or(today, |event| event.at);
    let age = u64::try_from((today.as_second() - first.as_second()).max(3600)).unwrap_or(3600);
    let created = first + SignedDuration::from_secs(number(dice.below(age / 2)));
    DemoEntity {
        id: id_at(created, 100_000 + n),
        draft: Draft::empty(EntityKind::Equipment, None),
        contact_id: Some(contact.id),
        owners: vec![(contact.id, day_of(created), None)],
        readings: Vec::new(),
        events: vec![(created, by.clone(), "entity.created", json!({}))],
    }
}

fn vehicle(dice: &mut Dice, thing: &mut DemoEntity, owners: &[&DemoContact], now: Timestamp) {
    let today = day_of(now);
    let Some((make, vin, models)) = dice.pick(MAKES) else { return };
    let created = thing.events.first().map_or(now, |event| event.0);
    let age = 200 + dice.below(18 * 365);
    let draft = &mut thing.draft;
    draft.kind = EntityKind::Vehicle;
    draft.make = Some(make.to_owned());
    draft.model = dice.pick(models).map(str::to_owned);
    draft.first_registration = Some(days_before(today, age));
    draft.plate = Some(if age > 17 * 365 {
        format!("{} {} 69", 100 + dice.below(9_800), letters(dice))
    } else {
        format!("{}-{:03}-{}", letters(dice), 1 + dice.below(999), letters(dice))
    });
    draft.plate_country = Some("FR".to_owned());
    draft.vin = (!dice.one_in(4)).then(|| {
        let body: String = (0..8).filter_map(|_| dice.pick(LETTERS)).map(|letter| if letter == 'Q' { '7' } else { letter }).collect();
        format!("{vin}{body}{:06}", dice.below(1_000_000))
    });
    let electric = draft.model.as_deref().is_some_and(|model| matches!(model, "Zoé" | "Spring" | "ë-C4"));
    draft.energy = if electric {
        Some(Energy::Electric)
    } else {
        dice.pick(&[Energy::Petrol, Energy::Petrol, Energy::Diesel, Energy::Diesel, Energy::Hybrid])
    };
    draft.inspection_due = Some(days_before(today, 45).saturating_add(Span::new().days(number(dice.below(760)))));

    // Some seven to seventeen thousand km a year, read at each visit since the vehicle is known.
    let per_day = 18 + dice.below(30);
    let known = u64::try_from((now.as_second() - created.as_second()) / 86_400).unwrap_or(0);
    let mut visits: Vec<u64> = (0..=dice.below(6)).map(|_| dice.below(known.max(1))).collect();
    visits.sort_unstable_by(|a, b| b.cmp(a));
    // Visits lie months apart, not days.
    visits.dedup_by(|later, earlier| *earlier < *later + 45);
    let mut replaced = 0;
    for (index, ago) in visits.iter().enumerate() {
        let total = age.saturating_sub(*ago) * per_day;
        let falls = index > 1 && replaced == 0 && dice.one_in(60);
        if falls {
            replaced = total.saturating_sub(40);
        }
        let value = i32::try_from(total - replaced).unwrap_or(0);
        thing.readings.push((days_before(today, *ago), value, if falls { dice.pick(REASONS) } else { None }));
        let at = now - SignedDuration::from_hours(number(*ago) * 24 + 3);
        let by = thing.events.first().map(|event| event.1.clone()).unwrap_or_default();
        thing.events.push((at.max(created), by, "entity.mileage_read", json!({ "value": value })));
    }
    // Bought second-hand from another client of the garage: the history stays, the name goes (GA-14).
    if dice.one_in(15)
        && let Some(previous) = dice.pick(owners)
        && Some(previous.id) != thing.contact_id
        && let Some(owner) = thing.owners.first_mut()
    {
        let since = owner.1;
        thing.owners.insert(0, (previous.id, days_before(since, 300 + dice.below(900)), Some(since)));
        let by = thing.events.first().map(|event| event.1.clone()).unwrap_or_default();
        thing
            .events
            .insert(1, (created + SignedDuration::from_secs(60), by, "entity.owner_changed", Value::Object(serde_json::Map::new())));
    }
}
