//! Eight hundred contacts of a demo company, from a fixed seed.

use super::words;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;
use vision_crm::contacts::Draft;
use vision_crm::contacts::model::{AddressEntry, EmailEntry, PhoneEntry};
use vision_crm::demo::{self, DemoContact, DemoEvent};
use vision_kernel::{Siren, text};
use vision_platform::{Failure, Tx};

/// Contacts per company.
const COUNT: u64 = 800;
/// Length of the history, in days.
const DAYS: u64 = 730;

/// A small generator with a fixed seed: the same people on every machine. Not for secrets.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let bound = u64::try_from(from.len()).unwrap_or(1);
        from.get(usize::try_from(self.below(bound)).unwrap_or(0)).copied()
    }

    pub(super) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// A SIREN that passes its check and belongs to nobody in particular.
fn siren(dice: &mut Dice) -> String {
    let base = 300_000_000 + dice.below(60_000_000) * 10;
    (0..10).map(|key| (base + key).to_string()).find(|candidate| candidate.parse::<Siren>().is_ok()).unwrap_or_default()
}

/// Some contacts that are neither archived nor without an owner: id and name.
pub(super) fn shown(contacts: &[DemoContact]) -> Vec<(Uuid, String)> {
    let shown = contacts.iter().filter(|contact| contact.archived_at.is_none() && contact.draft.owner_id.is_some());
    shown.take(20).map(|contact| (contact.id, contact.draft.display_name())).collect()
}

/// Fills a company with contacts and their past; returns them.
pub(super) async fn fill(tx: &mut Tx, trade: &str, team: &[(Uuid, String)], seed: u64) -> Result<Vec<DemoContact>, Failure> {
    let mut dice = Dice(0x5EED + seed);
    let day = tx.now().as_second().div_euclid(86_400) * 86_400;
    let today = Timestamp::from_second(day).unwrap_or(Timestamp::UNIX_EPOCH);
    let contacts: Vec<DemoContact> = (0..COUNT).map(|n| contact(&mut dice, trade, team, today, n)).collect();
    for batch in contacts.chunks(200) {
        demo::insert(tx, batch).await?;
    }
    for (name, tone) in words::tags(trade) {
        demo::tone(tx, name, tone).await?;
    }
    let companies: Vec<Uuid> = contacts.iter().filter(|c| c.draft.kind == "company").map(|c| c.id).collect();
    let mut links = Vec::new();
    for contact in contacts.iter().filter(|c| c.draft.kind == "person" && c.draft.job_title.is_some()) {
        if let Some(company) = dice.pick(&companies) {
            links.push((contact.id, company, contact.draft.job_title.as_deref().unwrap_or_default()));
        }
    }
    demo::link(tx, &links).await?;
    Ok(contacts)
}

fn contact(dice: &mut Dice, trade: &str, team: &[(Uuid, String)], today: Timestamp, n: u64) -> DemoContact {
    let is_company = n % 7 == 3;
    let first = dice.pick(words::FIRST_NAMES).unwrap_or_default();
    let last = dice.pick(words::LAST_NAMES).unwrap_or_default();
    let (city, postal_code) = dice.pick(words::towns(trade)).unwrap_or_default();
    let company = is_company.then(|| {
        format!("{} {last} {}", dice.pick(words::COMPANY_KINDS).unwrap_or_default(), dice.pick(words::LEGAL_FORMS).unwrap_or_default())
    });
    let domain =
        if is_company { format!("{}.example", text::slug(company.as_deref().unwrap_or_default())) } else { "courriel.example".to_owned() };
    let local = if is_company { "contact".to_owned() } else { format!("{}.{}{n}", text::slug(first), text::slug(last)) };
    let siren = is_company.then(|| siren(dice));
    let mut draft = Draft::empty();
    draft.kind = if is_company { "company" } else { "person" }.to_owned();
    draft.customer_kind = if is_company { "B2B_FR" } else { "B2C" }.to_owned();
    draft.vat_number = siren.as_deref().and_then(|siren| siren.parse::<Siren>().ok()).map(|siren| siren.vat_number().to_string());
    draft.siren = siren;
    draft.company_name = company;
    if !is_company {
        draft.first_name = Some(first.to_owned());
        draft.last_name = Some(last.to_owned());
        draft.civility = dice.one_in(2).then(|| if n.is_multiple_of(2) { "Mme" } else { "M." }.to_owned());
        draft.job_title = dice.one_in(9).then(|| dice.pick(words::JOBS).unwrap_or_default().to_owned());
    }
    if !dice.one_in(12) {
        draft.emails.push(EmailEntry { email: format!("{local}@{domain}"), label: None });
    }
    // 06 39 98 xx xx and 01 99 00 xx xx are numbers set aside for fiction: nobody is called by accident.
    let phone = if is_company { format!("+3319900{:04}", dice.below(10_000)) } else { format!("+3363998{:04}", dice.below(10_000)) };
    draft.phones.push(PhoneEntry { phone, label: Some(if is_company { "standard" } else { "mobile" }.to_owned()) });
    draft.addresses.push(AddressEntry {
        line1: Some(format!("{} {}", 1 + dice.below(120), dice.pick(words::STREETS).unwrap_or_default())),
        postal_code: Some(postal_code.to_owned()).filter(|code| !code.is_empty()),
        city: Some(city.to_owned()),
        country: Some(if city == "Bruxelles" { "BE" } else { "FR" }.to_owned()),
        ..AddressEntry::default()
    });
    draft.source = dice.pick(words::SOURCES).map(str::to_owned);
    draft.owner_id = dice.pick(&team.iter().map(|(id, _)| *id).collect::<Vec<_>>()).filter(|_| !dice.one_in(5));

    let age = dice.below(DAYS * 24 * 60);
    // Work happens between 8:00 and 18:00 in Paris, and the order of moments is kept.
    let at = |minutes: u64| {
        let (days, rest) = (minutes / 1440 + 1, minutes % 1440);
        today + SignedDuration::from_mins(17 * 60 - i64::try_from(days * 1440 + rest * 600 / 1440).unwrap_or(0))
    };
    let events = past(dice, trade, team, age, at);
    let created = at(age);
    let tags: Vec<&'static str> = (0..dice.below(3)).filter_map(|_| dice.pick(words::tags(trade)).map(|(name, _)| name)).collect();
    DemoContact {
        id: demo::id_at(created, n),
        first_invoiced_at: (dice.below(10) < 6).then(|| created + SignedDuration::from_hours(24)).filter(|invoiced| *invoiced < today),
        archived_at: dice.one_in(40).then_some(today - SignedDuration::from_hours(48)).filter(|archived| *archived > created),
        draft,
        tags,
        events,
    }
}

/// Creation, then some notes and changes until today.
fn past(dice: &mut Dice, trade: &str, team: &[(Uuid, String)], age: u64, at: impl Fn(u64) -> Timestamp) -> Vec<DemoEvent> {
    let who = |dice: &mut Dice| {
        let index = usize::try_from(dice.below(u64::try_from(team.len()).unwrap_or(1))).unwrap_or(0);
        team.get(index).cloned().unwrap_or_else(|| (Uuid::nil(), String::new()))
    };
    let mut events = vec![DemoEvent { at: at(age), by: who(dice), kind: "contact.created", changes: json!([]), note: None }];
    let mut moments: Vec<u64> = (0..dice.below(4)).map(|_| dice.below(age.max(1))).collect();
    moments.sort_unstable_by(|a, b| b.cmp(a));
    for moment in moments {
        let by = who(dice);
        events.push(if dice.one_in(3) {
            let changes = json!([{ "field": "source", "before": null, "after": dice.pick(words::SOURCES) }]);
            DemoEvent { at: at(moment), by, kind: "contact.updated", changes, note: None }
        } else {
            let note = dice.pick(words::notes(trade)).map(str::to_owned);
            DemoEvent { at: at(moment), by, kind: "note.added", changes: json!([]), note }
        });
    }
    events
}
