//! Routes of consents, wordings and objections.

use super::model::{Channel, ConsentIn, ConsentSource, Purpose};
use super::oppositions::Address;
use super::ops::{self, ConsentStatus, State, instant};
use super::store::{self, ConsentRow, OppositionRow, WordingRow};
use crate::contacts::store as contacts;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page, Problem, ProblemKind, text};
use vision_platform::http::{Json, cursor, page_limit};
use vision_platform::permits::{CompanyManage, ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized};

/// Most addresses listed in one request.
const MOST_ADDRESSES: usize = 1000;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_consents, record_consent))
        .routes(routes!(list_consent_history))
        .routes(routes!(list_wordings, publish_wording))
        .routes(routes!(count_oppositions, add_oppositions))
        .routes(routes!(check_opposition))
        .routes(routes!(lift_opposition))
}

/// A decision with its proof (MK-16).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Consent)]
pub struct ConsentOut {
    id: Uuid,
    channel: Option<Channel>,
    purpose: Option<Purpose>,
    granted: bool,
    /// Version of the words that were agreed to.
    wording_version: Option<i32>,
    wording: Option<String>,
    source: Option<ConsentSource>,
    reference: Option<String>,
    /// When the person said so.
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
    /// When it was written here, by whom, from which address.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    recorded_by: String,
    ip: Option<String>,
}

impl From<ConsentRow> for ConsentOut {
    fn from(row: ConsentRow) -> Self {
        Self {
            id: row.id,
            channel: Channel::from_word(&row.channel),
            purpose: Purpose::from_word(&row.purpose),
            granted: row.granted,
            wording_version: row.wording_version,
            wording: row.wording,
            source: ConsentSource::from_word(&row.source),
            reference: row.reference,
            given_at: instant(row.given_at),
            confirmed_at: row.confirmed_at.map(instant),
            recorded_at: instant(row.recorded_at),
            recorded_by: row.actor_name,
            ip: row.ip,
        }
    }
}

/// What holds for a channel and a purpose.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ConsentState)]
pub struct StateOut {
    channel: Channel,
    purpose: Purpose,
    status: ConsentStatus,
    /// Since when; null where nothing was said.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Where it comes from.
    source: Option<ConsentSource>,
    /// True: an address of the contact is on the list of objections.
    opposed: bool,
}

impl From<State> for StateOut {
    fn from(state: State) -> Self {
        let listed = state.opposition.as_ref().map(|row| (instant(row.created_at), ConsentSource::from_word(&row.source)));
        let decided = state.decision.as_ref().map(|row| (instant(row.given_at), ConsentSource::from_word(&row.source)));
        // A decision of this contact says more than the list, unless the list contradicts it.
        let contradicts = listed.is_some() && state.decision.as_ref().is_none_or(|row| row.granted);
        let shown = if contradicts { listed } else { decided.or(listed) };
        Self {
            channel: state.channel,
            purpose: state.purpose,
            status: state.status,
            since: shown.map(|(at, _)| at),
            source: shown.and_then(|(_, source)| source),
            opposed: listed.is_some(),
        }
    }
}

/// What holds for a contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Consents {
    /// Every channel and purpose, in order.
    items: Vec<StateOut>,
}

impl From<Vec<State>> for Consents {
    fn from(states: Vec<State>) -> Self {
        Self { items: states.into_iter().map(StateOut::from).collect() }
    }
}

/// What a contact agreed and objected to.
#[utoipa::path(get, path = "/contacts/{id}/consents", operation_id = "get_consents", tag = "consents", params(("id" = Uuid, Path)),
    responses((status = 200, body = Consents), (status = 404)), security(("session" = ["contacts.read"])))]
async fn get_consents(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Json<Consents>> {
    let mut tx = auth.read().await?;
    let contact = contacts::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(ops::states(&mut tx, &auth.app.crypto, &contact).await?.into()))
}

/// Records a decision: agrees, withdraws, objects. 409 with `reason: opposed` when the person objected before.
#[utoipa::path(post, path = "/contacts/{id}/consents", operation_id = "record_consent", tag = "consents", params(("id" = Uuid, Path)),
    request_body = ConsentIn, responses((status = 201, body = Consents), (status = 404), (status = 409), (status = 422)), security(("session" = ["contacts.write"])))]
async fn record_consent(
    auth: Authorized<ContactsWrite>,
    Path(id): Path<Uuid>,
    Json(input): Json<ConsentIn>,
) -> ApiResult<(StatusCode, Json<Consents>)> {
    let mut tx = auth.begin().await?;
    let states = ops::record(&mut tx, &auth.app.crypto, id, input).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(states.into())))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct HistoryQuery {
    /// 1 to 100; default 20.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Every decision of a contact with its proof, the latest first.
#[utoipa::path(get, path = "/contacts/{id}/consents/history", operation_id = "list_consent_history", tag = "consents",
    params(("id" = Uuid, Path), HistoryQuery), responses((status = 200, body = Page<ConsentOut>), (status = 404)), security(("session" = ["contacts.read"])))]
async fn list_consent_history(
    auth: Authorized<ContactsRead>,
    Path(id): Path<Uuid>,
    Query(query): Query<HistoryQuery>,
) -> ApiResult<Json<Page<ConsentOut>>> {
    let limit = page_limit(query.limit, 20);
    let before = match cursor(query.cursor.as_deref())? {
        None => None,
        Some(cursor) => Some((cursor.key.parse::<Timestamp>().map_err(|_| Problem::new(ProblemKind::BadRequest))?, cursor.id)),
    };
    let mut tx = auth.read().await?;
    contacts::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let rows = store::history(&mut tx, id, before, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor { key: instant(row.given_at).to_string(), id: row.id }).map(ConsentOut::from)))
}

/// A version of the words for a purpose.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ConsentWording)]
pub struct WordingOut {
    purpose: Option<Purpose>,
    version: i32,
    body: String,
    author_name: String,
    /// Null: the product's own words, not yet used.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
}

impl From<WordingRow> for WordingOut {
    fn from(row: WordingRow) -> Self {
        Self {
            purpose: Purpose::from_word(&row.purpose),
            version: row.version,
            body: row.body,
            author_name: row.author_name,
            created_at: Some(instant(row.created_at)),
        }
    }
}

/// Wordings.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConsentWordings {
    /// Newest first; every purpose has at least one.
    items: Vec<WordingOut>,
}

/// The words that people agree to, every version.
#[utoipa::path(get, path = "/consent-wordings", operation_id = "list_consent_wordings", tag = "consents",
    responses((status = 200, body = ConsentWordings)), security(("session" = ["contacts.read"])))]
async fn list_wordings(auth: Authorized<ContactsRead>) -> ApiResult<Json<ConsentWordings>> {
    let mut items: Vec<WordingOut> = store::wordings(&mut auth.read().await?).await?.into_iter().map(WordingOut::from).collect();
    for purpose in Purpose::ALL {
        if !items.iter().any(|item| item.purpose == Some(*purpose)) {
            let body = purpose.default_wording().to_owned();
            items.push(WordingOut { purpose: Some(*purpose), version: 1, body, author_name: "Vision".to_owned(), created_at: None });
        }
    }
    Ok(Json(ConsentWordings { items }))
}

/// The next version of a purpose's wording.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ConsentWordingIn)]
pub struct WordingIn {
    purpose: Purpose,
    /// 20 to 2,000 characters.
    body: String,
}

/// Writes the next version. Earlier agreements keep the words that they were given to.
#[utoipa::path(post, path = "/consent-wordings", operation_id = "publish_consent_wording", tag = "consents", request_body = WordingIn,
    responses((status = 201, body = WordingOut), (status = 409), (status = 422)), security(("session" = ["company.manage"])))]
async fn publish_wording(auth: Authorized<CompanyManage>, Json(input): Json<WordingIn>) -> ApiResult<(StatusCode, Json<WordingOut>)> {
    let mut tx = auth.begin().await?;
    let row = ops::publish_wording(&mut tx, input.purpose, &input.body).await?;
    let row = row.ok_or_else(|| Problem::conflict("Ce texte est déjà celui de la dernière version."))?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// How many addresses objected, by channel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OppositionCount {
    channel: Channel,
    count: i64,
}

/// The list of objections, as far as it can be shown: it holds hashes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OppositionCounts {
    items: Vec<OppositionCount>,
}

/// How long the list of objections is.
#[utoipa::path(get, path = "/oppositions", operation_id = "count_oppositions", tag = "consents",
    responses((status = 200, body = OppositionCounts)), security(("session" = ["contacts.read"])))]
async fn count_oppositions(auth: Authorized<ContactsRead>) -> ApiResult<Json<OppositionCounts>> {
    let counts = store::count_oppositions(&mut auth.read().await?).await?;
    let count = |channel: &Channel| counts.iter().find(|(word, _)| word == channel.word()).map_or(0, |(_, count)| *count);
    Ok(Json(OppositionCounts {
        items: Channel::ALL.iter().map(|channel| OppositionCount { channel: *channel, count: count(channel) }).collect(),
    }))
}

/// Addresses to list: from a phone call, from the unsubscribed of another tool.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OppositionsIn {
    /// E-mails and telephones, 1 to 1,000.
    addresses: Vec<String>,
    /// Only those that suit an address count for it; all by default.
    channels: Option<Vec<Channel>>,
    /// All by default.
    purposes: Option<Vec<Purpose>>,
    source: ConsentSource,
}

/// What became of the addresses.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OppositionsAdded {
    /// Not listed before.
    added: u64,
    /// Listed already.
    known: u64,
    /// Neither an e-mail nor a telephone: places in the request, from 0.
    invalid: Vec<usize>,
}

/// Lists addresses as objecting.
#[utoipa::path(post, path = "/oppositions", operation_id = "add_oppositions", tag = "consents", request_body = OppositionsIn,
    responses((status = 200, body = OppositionsAdded), (status = 422)), security(("session" = ["contacts.write"])))]
async fn add_oppositions(auth: Authorized<ContactsWrite>, Json(input): Json<OppositionsIn>) -> ApiResult<Json<OppositionsAdded>> {
    if input.addresses.is_empty() || input.addresses.len() > MOST_ADDRESSES {
        return Err(Problem::field("/addresses", "length", "De 1 à 1 000 adresses.").into());
    }
    let (mut addresses, mut invalid) = (Vec::new(), Vec::new());
    for (index, line) in input.addresses.iter().enumerate() {
        match Address::parse(line) {
            Some(address) if !addresses.contains(&address) => addresses.push(address),
            Some(_) => {}
            None => invalid.push(index),
        }
    }
    let channels = input.channels.unwrap_or_else(|| Channel::ALL.to_vec());
    let purposes = input.purposes.unwrap_or_else(|| Purpose::ALL.to_vec());
    let mut tx = auth.begin().await?;
    let added = ops::oppose(&mut tx, &auth.app.crypto, &addresses, &channels, &purposes, input.source).await?;
    tx.commit().await?;
    let known = u64::try_from(addresses.len()).unwrap_or(0).saturating_sub(added);
    Ok(Json(OppositionsAdded { added, known, invalid }))
}

/// An address.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct AddressIn {
    /// An e-mail or a telephone.
    address: String,
}

/// An objection.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Opposition)]
pub struct OppositionOut {
    channel: Option<Channel>,
    purpose: Option<Purpose>,
    source: Option<ConsentSource>,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl From<OppositionRow> for OppositionOut {
    fn from(row: OppositionRow) -> Self {
        Self {
            channel: Channel::from_word(&row.channel),
            purpose: Purpose::from_word(&row.purpose),
            source: ConsentSource::from_word(&row.source),
            since: instant(row.created_at),
        }
    }
}

/// What an address objected to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Oppositions {
    /// Empty: it is not on the list.
    items: Vec<OppositionOut>,
}

fn parse(address: &str) -> Result<Address, Problem> {
    Address::parse(address).ok_or_else(|| Problem::field("/address", "invalid", "Indiquez une adresse e-mail ou un téléphone."))
}

/// Asks whether an address is on the list.
#[utoipa::path(post, path = "/oppositions/check", operation_id = "check_opposition", tag = "consents", request_body = AddressIn,
    responses((status = 200, body = Oppositions), (status = 422)), security(("session" = ["contacts.read"])))]
async fn check_opposition(auth: Authorized<ContactsRead>, Json(input): Json<AddressIn>) -> ApiResult<Json<Oppositions>> {
    let address = parse(&input.address)?;
    let rows = ops::objections(&mut auth.read().await?, &auth.app.crypto, &address).await?;
    Ok(Json(Oppositions { items: rows.into_iter().map(OppositionOut::from).collect() }))
}

/// An address to take off the list.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct LiftIn {
    /// An e-mail or a telephone.
    address: String,
    /// Why; goes into the audit log. 5 to 200 characters.
    reason: String,
}

/// Takes an address off the list: a typing error, or the person's own wish.
#[utoipa::path(post, path = "/oppositions/lift", operation_id = "lift_opposition", tag = "consents", request_body = LiftIn,
    responses((status = 204), (status = 404), (status = 422)), security(("session" = ["company.manage"])))]
async fn lift_opposition(auth: Authorized<CompanyManage>, Json(input): Json<LiftIn>) -> ApiResult<StatusCode> {
    let address = parse(&input.address)?;
    let reason = text::clean(&input.reason, false)
        .filter(|reason| (5..=200).contains(&reason.chars().count()))
        .ok_or_else(|| Problem::field("/reason", "length", "Dites pourquoi, en 5 à 200 caractères."))?;
    let mut tx = auth.begin().await?;
    if !ops::lift(&mut tx, &auth.app.crypto, &address, &reason).await? {
        return Err(Problem::not_found().into());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
