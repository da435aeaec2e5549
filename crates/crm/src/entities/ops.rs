//! Use cases of a single entity.

use super::events::EntityEvent;
use super::kinds;
use super::model::{Draft, EntityIn, EntityKind};
use super::store::{self, Row};
use crate::contacts::store as contacts;
use crate::custom_fields::{self, model::RecordObject, ops::judged};
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vision_kernel::{Change, Problem, ProblemKind, text};
use vision_platform::{Failure, Tx};

/// Highest mileage that is believed, in km.
const MAX_MILEAGE: i64 = 9_999_999;
/// Free text may speak of the owner of its time: it does not follow the thing to the next one (GA-14).
const PERSONAL: [&str; 3] = ["name", "description", "address"];

/// The entity, or 404: also when it is somebody else's to see.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> Result<Row, Failure> {
    store::get(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

async fn locked(tx: &mut Tx, id: Uuid, expected: Option<i32>) -> Result<Row, Failure> {
    if !store::lock(tx, id).await? {
        return Err(Problem::not_found().into());
    }
    let row = get(tx, id).await?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    Ok(row)
}

/// The same, refused while archived.
async fn editable(tx: &mut Tx, id: Uuid, expected: Option<i32>) -> Result<Row, Failure> {
    let row = locked(tx, id, expected).await?;
    if row.archived_at.is_some() {
        return Err(Problem::conflict("Cette fiche est archivée. Restaurez-la avant de la modifier.").into());
    }
    Ok(row)
}

/// What of the changes follows the thing. Of a field of the tenant's own in which people may be named only its name does: the values stand
/// in the timeline of the owner and in the audit log.
pub(crate) struct Following {
    /// Keys of those fields.
    personal: Vec<String>,
}

impl Following {
    pub(crate) async fn load(tx: &mut Tx) -> Result<Self, Failure> {
        let fields = custom_fields::store::definitions(tx, RecordObject::Entity).await?;
        Ok(Self { personal: fields.into_iter().filter(|field| field.kind.may_name_a_person()).map(|field| field.key).collect() })
    }

    pub(crate) fn of(&self, changes: &[Change]) -> Vec<Change> {
        let personal = |change: &Change| change.field.strip_prefix("custom.").is_some_and(|key| self.personal.iter().any(|own| own == key));
        let kept = changes.iter().filter(|change| !PERSONAL.contains(&change.field.as_str())).cloned();
        kept.map(|change| if personal(&change) { Change { before: Value::Null, after: Value::Null, ..change } } else { change }).collect()
    }
}

/// Writes an event into the history of the thing, and emits it for the owner's timeline and the audit log.
async fn record(tx: &mut Tx, event: EntityEvent) -> Result<(), Failure> {
    let kept = if event.changes.is_empty() { Vec::new() } else { Following::load(tx).await?.of(&event.changes) };
    let mut data = event.data.clone();
    if let Some(data) = data.as_object_mut() {
        data.remove("entity");
    }
    store::insert_event(tx, event.id, event.name, &serde_json::to_value(kept)?, &data).await?;
    if let Some(contact) = event.contact_id {
        contacts::touch(tx, contact).await?;
    }
    tx.emit(&event);
    Ok(())
}

/// The name of a contact that may become an owner.
async fn owner(tx: &mut Tx, id: Uuid) -> Result<String, Failure> {
    match contacts::get(tx, id).await? {
        None => Err(Problem::field("/contact_id", "unknown", "Ce contact n’existe pas.").into()),
        Some(contact) if contact.archived_at.is_some() => {
            Err(Problem::field("/contact_id", "archived", "Ce contact est archivé : restaurez-le d’abord.").into())
        }
        Some(contact) => Ok(contact.display_name),
    }
}

/// Who sees only some contacts must name one of them, lest the thing vanish from their sight.
fn owner_needed(tx: &Tx, contact: Option<Uuid>) -> Result<(), Problem> {
    if contact.is_none() && tx.actor().owner_scope.is_some() {
        return Err(Problem::field("/contact_id", "required", "Indiquez le propriétaire, parmi vos contacts."));
    }
    Ok(())
}

/// Creates an entity. `hds`: the deployment declares HDS hosting (GD-17).
pub(crate) async fn create(tx: &mut Tx, mut input: EntityIn, hds: bool) -> Result<Row, Failure> {
    let kind = input.kind.unwrap_or(EntityKind::Vehicle);
    // GD-17: people in care exist only where health data may be hosted.
    if kind == EntityKind::Patient && !hds {
        return Err(Problem::field("/kind", "unavailable", "Les patients demandent un hébergement de données de santé (HDS).").into());
    }
    let kind_id = input.kind_id.filter(|_| kind == EntityKind::Custom);
    match kind_id {
        Some(id) if kinds::find(tx, id).await?.is_none() => {
            return Err(Problem::field("/kind_id", "unknown", "Ce type n’existe pas.").into());
        }
        None if kind == EntityKind::Custom => return Err(Problem::field("/kind_id", "required", "Choisissez un type.").into()),
        _ => {}
    }
    let (contact, mileage) = (input.contact_id, input.mileage.map(|value| checked(value, "/mileage")).transpose()?);
    let sent = std::mem::take(&mut input.custom);
    let empty = Draft::empty(kind, kind_id);
    let record_kind = empty.record_kind();
    let draft = empty.apply(input);
    let custom = custom_fields::ops::apply(tx, RecordObject::Entity, &record_kind, &Map::new(), &sent, true).await?;
    let (draft, custom) = judged(draft, custom)?;
    let draft = Draft { custom, ..draft };
    owner_needed(tx, contact)?;
    if let Some(contact) = contact {
        owner(tx, contact).await?;
    }
    let (id, label) = (tx.new_id(), draft.label());
    store::insert_many(tx, &[(id, draft, contact)]).await?;
    let today = store::today(tx).await?;
    if let Some(contact) = contact {
        store::begin_ownership(tx, id, contact, today).await?;
        store::index_owners(tx, &[contact]).await?;
    }
    if let Some(value) = mileage {
        store::insert_reading(tx, id, today, value, None).await?;
    }
    record(tx, EntityEvent::new("entity.created", id, label, contact)).await?;
    get(tx, id).await
}

/// Changes an entity; `expected` is the version that the client has read.
pub(crate) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, mut input: EntityIn) -> Result<Row, Failure> {
    let row = editable(tx, id, expected).await?;
    let before = row.draft();
    if input.kind.is_some_and(|kind| kind != before.kind) || input.kind_id.is_some_and(|kind| Some(kind) != before.kind_id) {
        return Err(Problem::field("/kind", "fixed", "Le type ne change pas : créez une autre fiche.").into());
    }
    if input.contact_id.is_some_and(|contact| Some(contact) != row.contact_id) {
        return Err(Problem::field("/contact_id", "fixed", "Le propriétaire change par « Changer de propriétaire ».").into());
    }
    if input.mileage.is_some_and(|value| Some(value) != row.mileage.map(i64::from)) {
        return Err(Problem::field("/mileage", "fixed", "Le kilométrage change par un relevé.").into());
    }
    let sent = std::mem::take(&mut input.custom);
    let after = before.clone().apply(input);
    let custom = custom_fields::ops::apply(tx, RecordObject::Entity, &before.record_kind(), &before.custom, &sent, false).await?;
    let (after, custom) = judged(after, custom)?;
    let after = Draft { custom, ..after };
    let mut changes = after.changes_since(&before);
    if changes.is_empty() {
        return Ok(row);
    }
    custom_fields::ops::name_references(tx, RecordObject::Entity, &mut changes).await?;
    store::rewrite(tx, id, &after).await?;
    if let Some(contact) = row.contact_id {
        store::index_owners(tx, &[contact]).await?;
    }
    record(tx, EntityEvent { changes, ..EntityEvent::new("entity.updated", id, after.label(), row.contact_id) }).await?;
    get(tx, id).await
}

/// Gives an entity another owner, or none, from a day on.
pub(crate) async fn change_owner(
    tx: &mut Tx,
    id: Uuid,
    expected: Option<i32>,
    contact: Option<Uuid>,
    on: Option<Date>,
) -> Result<Row, Failure> {
    let row = editable(tx, id, expected).await?;
    owner_needed(tx, contact)?;
    if contact == row.contact_id {
        return Err(Problem::field("/contact_id", "unchanged", "Ce contact en est déjà le propriétaire.").into());
    }
    if let Some(contact) = contact {
        owner(tx, contact).await?;
    }
    let today = store::today(tx).await?;
    let on = on.unwrap_or(today);
    if on > today {
        return Err(Problem::field("/on", "future", "Cette date est à venir.").into());
    }
    if row.owned_since.is_some_and(|since| since.to_jiff() > on) {
        return Err(Problem::field("/on", "too_early", "Cette date précède l’arrivée du propriétaire actuel.").into());
    }
    store::change_owner(tx, id, contact, on).await?;
    let touched: Vec<Uuid> = [row.contact_id, contact].into_iter().flatten().collect();
    store::index_owners(tx, &touched).await?;
    // GA-14: each owner's timeline tells their own part; the history of the thing names nobody.
    let label = row.draft().label();
    let data = json!({ "on": on });
    store::insert_event(tx, id, "entity.owner_changed", &json!([]), &data).await?;
    if let Some(previous) = row.contact_id {
        tx.emit(&EntityEvent::new("entity.released", id, label.clone(), Some(previous)).with("on", on.to_string()));
        contacts::touch(tx, previous).await?;
    }
    if let Some(next) = contact {
        tx.emit(&EntityEvent::new("entity.acquired", id, label, Some(next)).with("on", on.to_string()));
        contacts::touch(tx, next).await?;
    }
    get(tx, id).await
}

fn checked(value: i64, pointer: &str) -> Result<i32, Problem> {
    i32::try_from(value)
        .ok()
        .filter(|value| (0..=MAX_MILEAGE).contains(&i64::from(*value)))
        .ok_or_else(|| Problem::field(pointer, "invalid", "Un nombre de kilomètres entre 0 et 9 999 999."))
}

/// Adds a reading. Below an earlier one, or above a later one, it needs a reason, such as a new instrument panel (GA-10).
pub(crate) async fn read_mileage(tx: &mut Tx, id: Uuid, value: i64, on: Option<Date>, reason: Option<&str>) -> Result<Row, Failure> {
    let row = editable(tx, id, None).await?;
    let value = checked(value, "/value")?;
    let reason = reason.and_then(|reason| text::clean(reason, false));
    if reason.as_deref().is_some_and(|reason| reason.chars().count() > 200) {
        return Err(Problem::field("/reason", "too_long", "200 caractères au plus.").into());
    }
    let today = store::today(tx).await?;
    let on = on.unwrap_or(today);
    if on > today || on.year() < 1900 {
        return Err(Problem::field("/on", "invalid", "Un jour passé, ou aujourd’hui.").into());
    }
    let (earlier, later) = store::neighbours(tx, id, on).await?;
    let falls = earlier.is_some_and(|earlier| value < earlier) || later.is_some_and(|later| value > later);
    if falls && reason.is_none() {
        let known = earlier.filter(|earlier| value < *earlier).or(later).unwrap_or_default();
        let detail = format!("Un relevé de {known} km contredit cette valeur : indiquez pourquoi (compteur remplacé, erreur de saisie…).");
        return Err(Problem::field("/reason", "mileage_falls", &detail).into());
    }
    store::insert_reading(tx, id, on, value, reason.as_deref().filter(|_| falls)).await?;
    let event = EntityEvent {
        changes: Change::between("mileage", &row.mileage, &Some(value)).into_iter().collect(),
        ..EntityEvent::new("entity.mileage_read", id, row.draft().label(), row.contact_id)
    };
    let event = if falls { event.with("reason", reason.map_or(Value::Null, Value::from)) } else { event };
    record(tx, event).await?;
    get(tx, id).await
}

/// Archives or restores an entity.
pub(crate) async fn set_archived(tx: &mut Tx, id: Uuid, archived: bool) -> Result<Row, Failure> {
    let row = locked(tx, id, None).await?;
    if store::set_archived(tx, id, archived).await? {
        let name = if archived { "entity.archived" } else { "entity.restored" };
        record(tx, EntityEvent::new(name, id, row.draft().label(), row.contact_id)).await?;
    }
    get(tx, id).await
}

/// Deletes an archived entity for good.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = locked(tx, id, None).await?;
    if row.archived_at.is_none() {
        return Err(Problem::conflict("Archivez d’abord cette fiche : la suppression est définitive.").into());
    }
    store::delete(tx, id).await?;
    if let Some(contact) = row.contact_id {
        store::index_owners(tx, &[contact]).await?;
    }
    tx.emit(&EntityEvent::new("entity.deleted", id, row.draft().label(), row.contact_id));
    Ok(())
}
