//! Recording decisions, reading what holds, and keeping the list of objections in step.

use super::model::{Channel, ConsentIn, ConsentSource, Purpose};
use super::oppositions::{self, Address, OppositionKey};
use super::store::{self, ConsentRow, OppositionRow, WordingRow};
use crate::contacts::events::ContactEvent;
use crate::contacts::store::{self as contacts, DetailRow};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::{DomainEvent, Problem, ProblemKind, Subject, text};
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// What holds for a channel and a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentStatus {
    /// Agreed.
    Granted,
    /// Withdrew, or an address of the contact is on the list of objections.
    Withdrawn,
    /// Has said nothing: has agreed to nothing.
    Unknown,
}

/// A channel and a purpose, with what holds.
pub(crate) struct State {
    pub channel: Channel,
    pub purpose: Purpose,
    pub status: ConsentStatus,
    /// The decision that counts.
    pub decision: Option<ConsentRow>,
    /// The objection, where it is the list that says so.
    pub opposition: Option<OppositionRow>,
}

/// The addresses of a contact, as they are compared.
pub(crate) fn addresses(contact: &DetailRow) -> Vec<Address> {
    let emails = contact.emails.iter().filter_map(|entry| Address::parse(&entry.email));
    emails.chain(contact.phones.iter().filter_map(|entry| Address::parse(&entry.phone))).collect()
}

/// What holds for a contact: every channel and purpose, in order.
pub(crate) async fn states(tx: &mut Tx, crypto: &Crypto, contact: &DetailRow) -> Result<Vec<State>, Failure> {
    let mut decisions = store::latest(tx, contact.id).await?;
    let mut listed = match OppositionKey::find(tx, crypto).await? {
        None => Vec::new(),
        Some(key) => {
            let hashes: Vec<Vec<u8>> = addresses(contact).iter().map(|address| key.hash(address)).collect();
            if hashes.is_empty() { Vec::new() } else { store::oppositions(tx, &hashes).await? }
        }
    };
    let mut states = Vec::new();
    for channel in Channel::ALL {
        for purpose in Purpose::ALL {
            let decision = decisions.iter().position(|row| row.channel == channel.word() && row.purpose == purpose.word());
            let decision = decision.map(|index| decisions.swap_remove(index));
            let opposition = listed.iter().position(|row| row.channel == channel.word() && row.purpose == purpose.word());
            let opposition = opposition.map(|index| listed.swap_remove(index));
            // MK-17: the list has the last word. Agreeing again takes the addresses off it.
            let status = match (&decision, &opposition) {
                (None, None) => ConsentStatus::Unknown,
                (Some(row), None) if row.granted => ConsentStatus::Granted,
                _ => ConsentStatus::Withdrawn,
            };
            states.push(State { channel: *channel, purpose: *purpose, status, decision, opposition });
        }
    }
    Ok(states)
}

/// Records a decision of a contact's, and says what holds now.
pub(crate) async fn record(tx: &mut Tx, crypto: &Crypto, id: Uuid, input: ConsentIn) -> Result<Vec<State>, Failure> {
    let input = input.checked(tx.now())?;
    let (label, ..) = contacts::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let contact = contacts::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let addresses = addresses(&contact);
    if input.granted {
        for (index, channel) in input.channels.iter().enumerate() {
            if !addresses.iter().any(|address| address.suits(*channel)) {
                let what =
                    if channel.is_email() { "Ce contact n’a pas d’adresse e-mail." } else { "Ce contact n’a pas de téléphone." };
                return Err(Problem::field(&format!("/channels/{index}"), "no_address", what).into());
            }
        }
    }
    let given_at = input.given_at.unwrap_or_else(|| tx.now());
    // What holds before: an agreement older than the last decision is history, and moves nothing.
    let before = states(tx, crypto, &contact).await?;
    let concerned: Vec<&State> =
        before.iter().filter(|state| input.channels.contains(&state.channel) && input.purposes.contains(&state.purpose)).collect();
    let newer = |state: &State| {
        let decided = state.decision.as_ref().map(|row| row.given_at.to_jiff());
        let listed = state.opposition.as_ref().map(|row| row.created_at.to_jiff());
        decided.into_iter().chain(listed).all(|at| given_at >= at)
    };
    if input.granted && !input.after_opposition && concerned.iter().any(|state| state.status == ConsentStatus::Withdrawn && newer(state)) {
        return Err(Problem::new(ProblemKind::Conflict)
            .detail("Cette personne s’est opposée à ces messages. N’enregistrez un accord que si elle vous l’a redemandé d’elle-même.")
            .with("reason", "opposed")
            .into());
    }
    if input.granted {
        first_wordings(tx, &input.purposes).await?;
    }
    store::insert(tx, id, &input, given_at).await?;
    let hashing = if input.granted { OppositionKey::find(tx, crypto).await? } else { Some(OppositionKey::ensure(tx, crypto).await?) };
    if let Some(key) = hashing {
        for state in concerned.iter().filter(|state| newer(state)) {
            let suited: Vec<Address> = addresses.iter().filter(|address| address.suits(state.channel)).cloned().collect();
            if input.granted {
                let hashes: Vec<Vec<u8>> = suited.iter().map(|address| key.hash(address)).collect();
                store::delete_oppositions(tx, &hashes, &[state.channel.word()], &[state.purpose.word()]).await?;
            } else {
                oppositions::add(tx, &key, &suited, &[state.channel], &[state.purpose], input.source).await?;
            }
        }
    }
    contacts::touch(tx, id).await?;
    tx.emit(&ContactEvent {
        data: json!({
            "channels": input.channels, "purposes": input.purposes, "source": input.source,
        }),
        ..ContactEvent::new(if input.granted { "consent.granted" } else { "consent.withdrawn" }, id, label)
    });
    states(tx, crypto, &contact).await
}

/// Writes the product's wordings where the company has none of its own.
pub(crate) async fn first_wordings(tx: &mut Tx, purposes: &[Purpose]) -> Result<(), Failure> {
    let words: Vec<&str> = purposes.iter().map(|purpose| purpose.word()).collect();
    let bodies: Vec<&str> = purposes.iter().map(|purpose| purpose.default_wording()).collect();
    Ok(store::insert_first_wordings(tx, &words, &bodies).await?)
}

/// A wording was written.
#[derive(Serialize)]
struct WordingPublished {
    version: i32,
    #[serde(skip)]
    purpose: &'static str,
    #[serde(skip)]
    tenant: Uuid,
}

impl DomainEvent for WordingPublished {
    fn name(&self) -> &'static str {
        "consent_wording.published"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "consent_wording", id: self.tenant, label: format!("{} v{}", self.purpose, self.version) }
    }
}

/// Writes the next version of a purpose's wording; the same words make no version.
pub(crate) async fn publish_wording(tx: &mut Tx, purpose: Purpose, body: &str) -> Result<Option<WordingRow>, Failure> {
    let body = text::clean(body, true).ok_or_else(|| Problem::field("/body", "required", "Écrivez le texte proposé à la personne."))?;
    if !(20..=2000).contains(&body.chars().count()) {
        return Err(Problem::field("/body", "length", "De 20 à 2 000 caractères.").into());
    }
    first_wordings(tx, &[purpose]).await?;
    let row = store::insert_wording(tx, purpose.word(), &body).await?;
    if let Some(row) = &row {
        let tenant = tx.tenant();
        tx.emit(&WordingPublished { version: row.version, purpose: purpose.word(), tenant });
    }
    Ok(row)
}

/// The list of objections changed by hand. Addresses are masked: the log must not be the list that the list avoids.
#[derive(Serialize)]
struct OppositionsChanged {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    tenant: Uuid,
    #[serde(skip)]
    label: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl DomainEvent for OppositionsChanged {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "opposition", id: self.tenant, label: self.label.clone() }
    }
}

/// Lists addresses; says how many were new.
pub(crate) async fn oppose(
    tx: &mut Tx,
    crypto: &Crypto,
    addresses: &[Address],
    channels: &[Channel],
    purposes: &[Purpose],
    source: ConsentSource,
) -> Result<u64, Failure> {
    let key = OppositionKey::ensure(tx, crypto).await?;
    let added = oppositions::add(tx, &key, addresses, channels, purposes, source).await?;
    if added > 0 {
        let label = match addresses {
            [one] => one.masked(),
            _ => String::new(),
        };
        let tenant = tx.tenant();
        tx.emit(&OppositionsChanged { name: "opposition.added", tenant, label, count: added, reason: None });
    }
    Ok(added)
}

/// Takes an address off the list, for a reason that is logged; false when it was not on it.
pub(crate) async fn lift(tx: &mut Tx, crypto: &Crypto, address: &Address, reason: &str) -> Result<bool, Failure> {
    let Some(key) = OppositionKey::find(tx, crypto).await? else { return Ok(false) };
    let channels: Vec<&str> = Channel::ALL.iter().map(|channel| channel.word()).collect();
    let purposes: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.word()).collect();
    let removed = store::delete_oppositions(tx, &[key.hash(address)], &channels, &purposes).await?;
    if removed > 0 {
        let (tenant, label) = (tx.tenant(), address.masked());
        tx.emit(&OppositionsChanged { name: "opposition.lifted", tenant, label, count: 1, reason: Some(reason.to_owned()) });
    }
    Ok(removed > 0)
}

/// What an address objected to.
pub(crate) async fn objections(tx: &mut Tx, crypto: &Crypto, address: &Address) -> Result<Vec<OppositionRow>, Failure> {
    let Some(key) = OppositionKey::find(tx, crypto).await? else { return Ok(Vec::new()) };
    Ok(store::oppositions(tx, &[key.hash(address)]).await?)
}

/// When a row was decided.
pub(crate) fn instant(at: jiff_sqlx::Timestamp) -> Timestamp {
    at.to_jiff()
}
