//! The customer's side of a quote: what a link opens, the code that proves who answers, acceptance in whole or line by line, refusal, and
//! going back on it within the time that the law gives (QI-05…QI-10).
//!
//! Invariants: a version is answered once, under the lock of its quote; what is accepted was shown with its total before it was confirmed;
//! the answer, its evidence and the sealed paper are written in one transaction.

use super::document;
use super::events::OrderEvent;
use super::evidence;
use super::model::{OrderDraft, Verification, withdrawable_until};
use super::ops;
use super::settings;
use super::store::{self, AnswerRow, LinkRow, NewAnswer, Row, VersionRow};
use crate::invoices::document::is_business;
use crate::letters::Letter;
use crate::{day, profiles};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::totals::Totals;
use vision_kernel::{Problem, french, text};
use vision_platform::{App, Failure, Tx, crypto};

/// Codes that one link sends in an hour.
const CODES_AN_HOUR: i64 = 5;
/// Tries of one code.
const TRIES: i32 = 5;
/// Minutes for which a code is good.
const CODE_MINUTES: i64 = 15;
/// Largest drawn signature, in bytes.
const MAX_SIGNATURE: usize = 200_000;

/// What can be done with a quote on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits for an answer.
    Open,
    /// Its last day has passed (QI-05).
    Expired,
    /// A later version has replaced it (QI-06).
    Replaced,
    /// It was called off.
    Cancelled,
    /// It was answered.
    Answered,
}

/// A quote as its link opens it.
#[derive(Debug, Clone)]
pub struct Opened {
    pub(crate) row: Row,
    pub(crate) link: LinkRow,
    pub(crate) version: VersionRow,
    pub(crate) answer: Option<AnswerRow>,
    /// What can be done with it.
    pub standing: Standing,
    /// The general terms that it is accepted under.
    pub terms: Option<String>,
}

/// A line on the page.
#[derive(Debug, Clone)]
pub struct OpenedLine {
    /// Place, from one.
    pub place: usize,
    /// Heading above it.
    pub section: Option<String>,
    /// What it is.
    pub label: String,
    /// More of it.
    pub description: String,
    /// How much at what price, in words.
    pub about: String,
    /// What it comes to in the taxes of the prices, in words.
    pub amount: String,
    /// Offered beside the rest.
    pub optional: bool,
    /// Whether it was accepted; before the answer, whether it is offered.
    pub taken: bool,
}

impl Opened {
    fn draft(&self) -> &OrderDraft {
        &self.version.content.0
    }

    /// Number and version.
    pub fn reference(&self) -> String {
        document::reference(self.row.number.as_deref().unwrap_or_default(), self.version.revision)
    }

    /// What it is about.
    pub fn title(&self) -> &str {
        self.draft().content.title.as_deref().unwrap_or_default()
    }

    /// Text above the lines.
    pub fn intro(&self) -> &str {
        self.draft().content.intro.as_deref().unwrap_or_default()
    }

    /// Text below the lines.
    pub fn outro(&self) -> &str {
        self.draft().content.outro.as_deref().unwrap_or_default()
    }

    /// Whom it was written for.
    pub fn buyer(&self) -> &str {
        &self.version.buyer_name
    }

    /// The last day on which it may be accepted.
    pub fn valid_until(&self) -> Date {
        self.version.valid_until.to_jiff()
    }

    /// When it was sent.
    pub fn sent_at(&self) -> jiff::Timestamp {
        self.version.sent_at.to_jiff()
    }

    /// When it will be done, in words.
    pub fn execution(&self) -> &str {
        self.draft().execution.as_deref().unwrap_or_default()
    }

    /// True for a consumer: who must read that the button obliges to pay (QI-08).
    pub fn consumer(&self) -> bool {
        !is_business(&self.version.customer_kind)
    }

    /// True when some lines may be left.
    pub fn line_by_line(&self) -> bool {
        self.draft().line_by_line
    }

    /// True when there is anything to tick: lines to leave or options to take.
    pub fn has_choice(&self) -> bool {
        self.line_by_line() || self.draft().optional.contains(&true)
    }

    /// True on a device of the company's.
    pub fn in_person(&self) -> bool {
        self.link.mode == "in_person"
    }

    /// True when a code must be typed.
    pub fn needs_code(&self) -> bool {
        !self.in_person() && self.draft().verification == Verification::Email
    }

    /// Where codes go, without most of its letters: who holds a passed-on link learns no address.
    pub fn masked_address(&self) -> String {
        let address = self.link.sent_to.as_deref().unwrap_or_default();
        let (name, host) = address.split_once('@').unwrap_or((address, ""));
        let first: String = name.chars().take(1).collect();
        format!("{first}•••@{host}")
    }

    /// True when a consumer who accepts at a distance may go back on it (QI-09, BP-05).
    pub fn withdrawable(&self) -> bool {
        self.consumer() && !self.in_person() && self.draft().withdrawal_exception.is_none()
    }

    /// Why not, where a reason was given.
    pub fn withdrawal_exception(&self) -> Option<&str> {
        self.draft().withdrawal_exception.as_deref().filter(|_| self.consumer())
    }

    /// True when prices are read with VAT.
    pub fn with_vat(&self) -> bool {
        self.draft().content.prices_include_vat
    }

    /// Every line, in order.
    pub fn lines(&self) -> Result<Vec<OpenedLine>, Failure> {
        let draft = self.draft();
        let offered = draft.offered();
        let totals = draft.totals()?;
        let taken = |index: usize| match &self.answer {
            Some(answer) => answer.lines.iter().any(|place| usize::try_from(*place).is_ok_and(|place| place == index + 1)),
            None => offered.contains(&index),
        };
        let with_vat = self.with_vat();
        let lines = draft.content.lines.iter().zip(&totals.lines).enumerate();
        Ok(lines
            .map(|(index, (line, total))| OpenedLine {
                place: index + 1,
                section: line.section.clone(),
                label: line.label.clone(),
                description: line.description.clone().unwrap_or_default(),
                about: format!("{} × {} {}", french::decimal(line.quantity), price(line.unit_price), if with_vat { "TTC" } else { "HT" }),
                amount: french::euros(if with_vat { total.gross_minor } else { total.net_minor }),
                optional: draft.optional.get(index).copied().unwrap_or_default(),
                taken: taken(index),
            })
            .collect())
    }

    /// Places of the lines that are offered as a whole.
    pub fn offered(&self) -> Vec<usize> {
        self.draft().offered().into_iter().map(|index| index + 1).collect()
    }

    /// What a choice of lines comes to; what is wrong with it otherwise.
    pub fn totals_for(&self, places: &[usize]) -> Result<Totals, Problem> {
        let chosen = self.draft().choice(places)?;
        self.draft().totals_for(&chosen)
    }

    /// What was accepted, or what is offered.
    pub fn totals(&self) -> Result<Totals, Problem> {
        match &self.answer {
            Some(answer) if answer.kind != "refused" => {
                self.totals_for(&answer.lines.iter().filter_map(|place| usize::try_from(*place).ok()).collect::<Vec<_>>())
            }
            _ => self.draft().totals(),
        }
    }

    /// What is asked on acceptance of a total, in words; empty: nothing.
    pub fn deposit_words(&self, gross_minor: i64) -> String {
        document::deposit_words(self.draft(), gross_minor)
    }

    /// The answer, for showing.
    pub fn answered(&self) -> Option<Answered<'_>> {
        self.answer.as_ref().map(|answer| Answered {
            accepted: answer.kind != "refused",
            partially: answer.kind == "partially_accepted",
            by: &answer.signer_name,
            at: answer.at.to_jiff(),
            reason: answer.reason.as_deref().unwrap_or_default(),
            withdrawable_until: answer.withdrawable_until.map(jiff_sqlx::Date::to_jiff),
            withdrawn_at: answer.withdrawn_at.map(jiff_sqlx::Timestamp::to_jiff),
            stamped: answer.timestamp_authority.is_some(),
            sealed_sha256: answer.sealed_sha256.as_deref().map(ops::hex).unwrap_or_default(),
        })
    }

    /// The quote's id, for the invoice that asks for its deposit.
    pub fn order_id(&self) -> Uuid {
        self.row.id
    }
}

/// A unit price: at least two decimals.
fn price(value: rust_decimal::Decimal) -> String {
    let mut value = value.normalize();
    if value.scale() < 2 {
        value.rescale(2);
    }
    format!("{}\u{a0}€", value.to_string().replace('.', ","))
}

/// An answer, for showing.
#[derive(Debug, Clone)]
pub struct Answered<'a> {
    /// Accepted, wholly or in part.
    pub accepted: bool,
    /// With other lines than those offered as a whole.
    pub partially: bool,
    /// Who answered.
    pub by: &'a str,
    /// When.
    pub at: jiff::Timestamp,
    /// Why it was refused.
    pub reason: &'a str,
    /// The last day on which a consumer may go back on it.
    pub withdrawable_until: Option<Date>,
    /// When they did.
    pub withdrawn_at: Option<jiff::Timestamp>,
    /// A time stamp of an authority is there.
    pub stamped: bool,
    /// Hash of the sealed paper.
    pub sealed_sha256: String,
}

async fn opened(tx: &mut Tx, link: LinkRow, lock: bool) -> Result<Option<Opened>, Failure> {
    let Some(row) = store::get(tx, link.order_id, lock).await? else { return Ok(None) };
    let Some(version) = store::version(tx, row.id, link.revision).await? else { return Ok(None) };
    let answer = store::answer(tx, row.id, link.revision).await?;
    let today = day::today(tx).await?;
    let standing = match () {
        () if answer.is_some() => Standing::Answered,
        () if version.replaced_at.is_some() || row.revision != link.revision => Standing::Replaced,
        () if row.state == "cancelled" => Standing::Cancelled,
        // QI-05: its last day counts to its end, on the company's clock.
        () if version.valid_until.to_jiff() < today => Standing::Expired,
        () => Standing::Open,
    };
    let terms = match version.terms_version {
        Some(wording) => settings::terms(tx, wording).await?,
        None => None,
    };
    Ok(Some(Opened { row, link, version, answer, standing, terms }))
}

async fn link(tx: &mut Tx, hash: &[u8]) -> Result<Option<LinkRow>, Failure> {
    let now = tx.now();
    let link = store::link(tx, hash).await?;
    Ok(link.filter(|link| link.revoked_at.is_none() && link.expires_at.to_jiff() > now))
}

/// What a link opens; nothing where it is unknown, ended or withdrawn.
pub async fn open(tx: &mut Tx, hash: &[u8]) -> Result<Option<Opened>, Failure> {
    match link(tx, hash).await? {
        Some(link) => opened(tx, link, false).await,
        None => Ok(None),
    }
}

/// The same, with the quote locked: for whoever is about to answer.
pub async fn open_to_answer(tx: &mut Tx, hash: &[u8]) -> Result<Option<Opened>, Failure> {
    match link(tx, hash).await? {
        Some(link) => opened(tx, link, true).await,
        None => Ok(None),
    }
}

/// The version that was last sent, for an answer that the staff records. Locks the quote.
pub(super) async fn open_for_staff(tx: &mut Tx, order: Uuid) -> Result<Opened, Failure> {
    let row = store::get(tx, order, true).await?.ok_or_else(Problem::not_found)?;
    if row.number.is_none() || row.state == "draft" {
        return Err(Problem::conflict("Ce devis n’est pas envoyé.").with("reason", "draft").into());
    }
    let end = jiff_sqlx::ToSqlx::to_sqlx(tx.now());
    let link = LinkRow {
        id: Uuid::nil(),
        order_id: order,
        revision: row.revision,
        mode: "remote".to_owned(),
        sent_to: None,
        expires_at: end,
        revoked_at: None,
    };
    opened(tx, link, true).await?.ok_or_else(|| Problem::not_found().into())
}

/// The very paper that was sent, as bytes.
pub async fn sent_pdf(tx: &mut Tx, opened: &Opened) -> Result<Option<Vec<u8>>, Failure> {
    Ok(store::version_files(tx, opened.row.id, opened.version.revision).await?.map(|(pdf, _)| pdf))
}

/// What proves the answer: sealed paper and evidence.
pub async fn proof(tx: &mut Tx, opened: &Opened) -> Result<Option<(Vec<u8>, String)>, Failure> {
    let Some((Some(pdf), Some(evidence), ..)) = store::proof_files(tx, opened.row.id, opened.version.revision).await? else {
        return Ok(None);
    };
    Ok(Some((pdf, evidence::canonical(&evidence)?)))
}

/// Notes that the page was looked at, once a version.
pub async fn seen(tx: &mut Tx, opened: &Opened, user_agent: &str) -> Result<(), Failure> {
    let (order, revision) = (opened.row.id, opened.version.revision);
    if opened.standing != Standing::Open || opened.in_person() || store::has_evidence(tx, order, revision, "viewed").await? {
        return Ok(());
    }
    store::evidence(tx, (order, revision), "viewed", Some(user_agent), &json!({ "link": opened.link.id })).await?;
    if opened.row.state == "sent" {
        store::set_state(tx, order, "viewed", None).await?;
        if let Some(row) = store::get(tx, order, false).await? {
            tx.emit(&OrderEvent::new("order.viewed", &row));
        }
    }
    Ok(())
}

/// What a person confirms.
#[derive(Debug, Clone, Default)]
pub struct Confirmation {
    /// Places of the lines, from one.
    pub lines: Vec<usize>,
    /// Their name.
    pub name: String,
    /// What they typed beside it, such as "Bon pour accord".
    pub mention: String,
    /// They have read and accept the general terms.
    pub terms: bool,
    /// They ask for the work to begin before the time to go back has passed (QI-09).
    pub early_start: bool,
    /// A drawn signature, as PNG.
    pub signature: Option<Vec<u8>>,
}

/// A confirmation that may stand.
#[derive(Debug, Clone, Serialize)]
struct Checked {
    order: Uuid,
    revision: i32,
    pdf_sha256: String,
    lines: Vec<i32>,
    name: String,
    mention: Option<String>,
    terms_version: Option<i32>,
    early_start: bool,
    #[serde(skip)]
    totals: Totals,
    #[serde(skip)]
    partially: bool,
}

impl Checked {
    /// What a code is bound to: another choice, name or paper needs another code.
    fn digest(&self) -> Result<Vec<u8>, Failure> {
        Ok(crypto::sha256(&serde_json::to_vec(self)?))
    }
}

fn must_be_open(opened: &Opened) -> Result<(), Problem> {
    let reason = match opened.standing {
        Standing::Open => return Ok(()),
        Standing::Expired => ("expired", "Ce devis a expiré : demandez une nouvelle version."),
        Standing::Replaced => ("replaced", "Ce devis est remplacé par une version plus récente."),
        Standing::Cancelled => ("cancelled", "Ce devis est annulé."),
        Standing::Answered => ("answered", "Ce devis a déjà reçu sa réponse."),
    };
    Err(Problem::conflict(reason.1).with("reason", reason.0))
}

fn checked(opened: &Opened, input: &Confirmation) -> Result<Checked, Problem> {
    must_be_open(opened)?;
    let chosen = opened.draft().choice(&input.lines)?;
    let totals = opened.draft().totals_for(&chosen)?;
    let name = text::clean(&input.name, false).ok_or_else(|| Problem::field("/name", "required", "Indiquez votre nom."))?;
    if name.chars().count() > 120 {
        return Err(Problem::field("/name", "too_long", "120 caractères au plus."));
    }
    let mention = text::clean(&input.mention, false);
    if mention.as_ref().is_some_and(|mention| mention.chars().count() > 120) {
        return Err(Problem::field("/mention", "too_long", "120 caractères au plus."));
    }
    if opened.terms.is_some() && !input.terms {
        return Err(Problem::field("/terms", "required", "Acceptez les conditions générales pour continuer."));
    }
    if let Some(signature) = &input.signature
        && (signature.len() > MAX_SIGNATURE || !signature.starts_with(b"\x89PNG\r\n\x1a\n"))
    {
        return Err(Problem::field("/signature", "invalid", "La signature n’a pas pu être lue : recommencez."));
    }
    Ok(Checked {
        order: opened.row.id,
        revision: opened.version.revision,
        pdf_sha256: ops::hex(&opened.version.pdf_sha256),
        partially: chosen != opened.draft().offered(),
        lines: chosen.iter().filter_map(|index| i32::try_from(index + 1).ok()).collect(),
        name,
        mention,
        terms_version: opened.version.terms_version.filter(|_| opened.terms.is_some()),
        early_start: input.early_start && opened.withdrawable(),
        totals,
    })
}

/// Says whether a confirmation may stand, before anything is sent or stored.
pub fn check(opened: &Opened, input: &Confirmation) -> Result<(), Problem> {
    checked(opened, input).map(|_| ())
}

/// Sends a code for a confirmation, to the address that the quote was sent to.
pub async fn send_code(app: &App, tx: &mut Tx, opened: &Opened, input: &Confirmation, user_agent: &str) -> Result<(), Failure> {
    let wanted = checked(opened, input)?;
    let to = opened.link.sent_to.clone().ok_or_else(|| Problem::conflict("Ce lien n’a pas d’adresse : demandez-en un nouveau."))?;
    let hour_ago = tx.now() - jiff::SignedDuration::from_hours(1);
    if store::codes_since(tx, opened.link.id, hour_ago).await? >= CODES_AN_HOUR {
        return Err(Problem::field("/code", "too_many", "Trop de codes demandés : réessayez dans une heure.").into());
    }
    let code = crypto::random_code();
    let end = tx.now() + jiff::SignedDuration::from_mins(CODE_MINUTES);
    store::insert_code(tx, &opened.link, &to, &code_hash(app, opened.link.id, &code), &wanted.digest()?, end).await?;
    store::evidence(tx, (wanted.order, wanted.revision), "code_sent", Some(user_agent), &json!({ "to": to, "lines": wanted.lines }))
        .await?;
    let seller = profiles::seller(tx).await?;
    let letter = Letter {
        subject: format!("{code} : votre code pour signer le devis {}", opened.reference()),
        paragraphs: vec![
            format!("Voici le code pour accepter le devis {} ({} TTC).", opened.reference(), french::euros(wanted.totals.gross_minor)),
            format!("Il est valable {CODE_MINUTES} minutes. Ne le communiquez à personne : il vaut votre signature."),
        ],
        button: None,
        code: Some(code),
    };
    let mail = letter.to(app, &seller, tx.new_id(), &to);
    tx.enqueue(&mail).await?;
    Ok(())
}

/// A code has six digits: its hash is keyed, or it would be found by trying.
fn code_hash(app: &App, link: Uuid, code: &str) -> Vec<u8> {
    let mut message = link.as_bytes().to_vec();
    message.extend(code.as_bytes());
    crypto::keyed_hash(&app.crypto.purpose_key("billing.order_code"), &message)
}

/// How a confirmation came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    RemoteCode,
    RemoteLink,
    InPerson,
    Staff,
}

impl Method {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::RemoteCode => "remote_code",
            Self::RemoteLink => "remote_link",
            Self::InPerson => "in_person",
            Self::Staff => "staff",
        }
    }
}

/// The outcome of a code that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It fits what is confirmed.
    Right,
    /// It does not; it was counted. Commit, or the count is lost.
    Wrong,
    /// There is none that may still be used.
    Gone,
}

/// Tries a code. The quote is locked ([`open_to_answer`]).
pub async fn try_code(
    app: &App,
    tx: &mut Tx,
    opened: &Opened,
    input: &Confirmation,
    code: &str,
    user_agent: &str,
) -> Result<Tried, Failure> {
    let wanted = checked(opened, input)?;
    let now = tx.now();
    let Some(live) = store::live_code(tx, opened.link.id).await?.filter(|live| live.expires_at.to_jiff() > now && live.attempts < TRIES)
    else {
        return Ok(Tried::Gone);
    };
    let typed: String = code.chars().filter(char::is_ascii_digit).collect();
    let right = crypto::equal(&code_hash(app, opened.link.id, &typed), &live.code_hash) && crypto::equal(&wanted.digest()?, &live.bound_to);
    store::tried(tx, live.id, right).await?;
    let (kind, data) =
        if right { ("code_verified", json!({ "to": live.sent_to })) } else { ("code_failed", json!({ "attempt": live.attempts + 1 })) };
    store::evidence(tx, (wanted.order, wanted.revision), kind, Some(user_agent), &data).await?;
    Ok(if right { Tried::Right } else { Tried::Wrong })
}

/// Accepts a version, or the lines of it that were chosen. The quote is locked, and its code was tried where it needs one: `verified`.
pub async fn accept(
    app: &App,
    tx: &mut Tx,
    opened: &Opened,
    input: &Confirmation,
    verified: bool,
    user_agent: &str,
    logo: Option<Vec<u8>>,
) -> Result<(), Failure> {
    let method = match (opened.in_person(), opened.needs_code(), verified) {
        (true, ..) => Method::InPerson,
        (_, true, true) => Method::RemoteCode,
        (_, true, false) => return Err(Problem::field("/code", "required", "Saisissez le code reçu par e-mail.").into()),
        (_, false, _) => Method::RemoteLink,
    };
    if method == Method::InPerson && input.signature.is_none() {
        return Err(Problem::field("/signature", "required", "Signez dans le cadre.").into());
    }
    record(app, tx, opened, input, method, Some(user_agent), logo).await
}

pub(super) async fn record(
    app: &App,
    tx: &mut Tx,
    opened: &Opened,
    input: &Confirmation,
    method: Method,
    user_agent: Option<&str>,
    logo: Option<Vec<u8>>,
) -> Result<(), Failure> {
    let wanted = checked(opened, input)?;
    let (order, revision) = (wanted.order, wanted.revision);
    let today = day::today(tx).await?;
    let state = if wanted.partially { "partially_accepted" } else { "accepted" };
    let signature_sha256 = input.signature.as_deref().map(|png| ops::hex(&crypto::sha256(png)));
    let said = json!({ "lines": wanted.lines, "gross_minor": wanted.totals.gross_minor, "name": wanted.name, "mention": wanted.mention,
        "method": method.word(), "terms_version": wanted.terms_version, "early_start": wanted.early_start, "signature_sha256": signature_sha256 });
    store::evidence(tx, (order, revision), "accepted", user_agent, &said).await?;
    // The customer's contract, not the staff's note of it, is made at a distance.
    let until = (opened.withdrawable() && method != Method::Staff).then(|| withdrawable_until(today));
    let proof = evidence::seal(
        app,
        tx,
        evidence::Agreed {
            opened,
            lines: &wanted.lines,
            totals: &wanted.totals,
            name: &wanted.name,
            mention: wanted.mention.as_deref(),
            terms_version: wanted.terms_version,
            early_start: wanted.early_start,
            method,
            user_agent,
            signature: input.signature.as_deref(),
            withdrawable_until: until,
        },
        logo,
    )
    .await?;
    let email = if method == Method::Staff { opened.row.contact_email.clone() } else { opened.link.sent_to.clone() };
    let answer = NewAnswer {
        kind: state,
        method: method.word(),
        signer_name: &wanted.name,
        signer_email: email.as_deref(),
        mention: wanted.mention.as_deref(),
        reason: None,
        lines: &wanted.lines,
        totals: &wanted.totals,
        terms_version: wanted.terms_version,
        early_start: wanted.early_start,
        user_agent,
        signature_image: input.signature.as_deref(),
        withdrawable_until: until,
        proof: Some(&proof),
    };
    store::insert_answer(tx, (order, revision), &answer).await?;
    store::remember(tx, &proof.sealed_sha256, "quote_sealed", &opened.reference()).await?;
    store::set_state(tx, order, state, None).await?;
    store::set_accepted(tx, order, Some(wanted.totals.gross_minor)).await?;
    tx.enqueue(&super::jobs::StampAnswer { order, revision }).await?;
    // An agreement on paper is acknowledged on paper.
    if let Some(to) = email.filter(|_| method != Method::Staff) {
        receipt(app, tx, opened, &wanted.totals, until, &to).await?;
    }
    let row = store::get(tx, order, false).await?.ok_or_else(Problem::not_found)?;
    tx.emit(&OrderEvent::new(if wanted.partially { "order.partially_accepted" } else { "order.accepted" }, &row));
    Ok(())
}

/// The acknowledgement that follows at once (C. civ. 1127-2).
async fn receipt(app: &App, tx: &mut Tx, opened: &Opened, totals: &Totals, until: Option<Date>, to: &str) -> Result<(), Failure> {
    let seller = profiles::seller(tx).await?;
    let (token, minted) = vision_platform::public_link::mint(tx.tenant());
    let end = tx.now() + jiff::SignedDuration::from_hours(24 * 3660);
    store::insert_link(tx, (opened.row.id, opened.version.revision), &minted.hash, "remote", Some(to), end).await?;
    let mut paragraphs = vec![
        format!("Bonjour {},", opened.version.buyer_name),
        format!(
            "Nous avons bien reçu votre accord sur le devis {} : {} TTC. Le devis signé, avec son certificat, est à votre disposition par ce lien.",
            opened.reference(),
            french::euros(totals.gross_minor)
        ),
    ];
    if let Some(until) = until {
        paragraphs.push(format!(
            "Vous pouvez renoncer au contrat jusqu’au {} inclus, sans donner de motif, depuis la même page.",
            french::day(until)
        ));
    }
    let letter = Letter {
        subject: format!("Devis {} accepté – {}", opened.reference(), seller.name),
        paragraphs,
        button: Some(("Voir le devis signé".to_owned(), ops::address(app, &token))),
        code: None,
    };
    let mail = letter.to(app, &seller, tx.new_id(), to);
    tx.enqueue(&mail).await
}

/// Refuses a version, with a reason. The quote is locked.
pub async fn refuse(tx: &mut Tx, opened: &Opened, name: &str, reason: &str, user_agent: Option<&str>) -> Result<(), Failure> {
    must_be_open(opened)?;
    let reason = text::clean(reason, true);
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 500) {
        return Err(Problem::field("/reason", "too_long", "500 caractères au plus.").into());
    }
    let name = text::clean(name, false).unwrap_or_else(|| opened.version.buyer_name.clone());
    let (order, revision) = (opened.row.id, opened.version.revision);
    store::evidence(tx, (order, revision), "refused", user_agent, &json!({ "name": name, "reason": reason })).await?;
    let answer = NewAnswer {
        kind: "refused",
        method: if user_agent.is_none() {
            Method::Staff.word()
        } else if opened.in_person() {
            Method::InPerson.word()
        } else {
            Method::RemoteLink.word()
        },
        signer_name: &name,
        signer_email: opened.link.sent_to.as_deref(),
        mention: None,
        reason: reason.as_deref(),
        lines: &[],
        totals: &Totals::default(),
        terms_version: None,
        early_start: false,
        user_agent,
        signature_image: None,
        withdrawable_until: None,
        proof: None,
    };
    store::insert_answer(tx, (order, revision), &answer).await?;
    store::set_state(tx, order, "refused", reason.as_deref()).await?;
    let row = store::get(tx, order, false).await?.ok_or_else(Problem::not_found)?;
    tx.emit(&OrderEvent::new("order.refused", &row));
    Ok(())
}

/// A consumer goes back on it (QI-10): the acknowledgement says what, when, and to whom. The quote is locked.
pub async fn withdraw(app: &App, tx: &mut Tx, opened: &Opened, user_agent: &str) -> Result<(), Failure> {
    let today = day::today(tx).await?;
    let answer = opened.answer.as_ref().filter(|answer| answer.kind != "refused");
    let Some(answer) = answer else { return Err(Problem::conflict("Ce devis n’est pas accepté.").into()) };
    if answer.withdrawn_at.is_some() {
        return Ok(());
    }
    if answer.withdrawable_until.is_none_or(|until| until.to_jiff() < today) {
        return Err(Problem::conflict("Le délai de rétractation est passé.").with("reason", "late").into());
    }
    let (order, revision) = (opened.row.id, opened.version.revision);
    let what = json!({ "quote": opened.reference(), "by": answer.signer_name, "accepted_at": answer.at.to_jiff().to_string(),
        "gross_minor": answer.gross_minor, "at": tx.now().to_string(), "statement": "Je renonce au contrat conclu par l’acceptation de ce devis." });
    store::set_withdrawn(tx, order, revision, &what).await?;
    store::evidence(tx, (order, revision), "withdrawn", Some(user_agent), &what).await?;
    store::set_state(tx, order, "withdrawn", None).await?;
    let row = store::get(tx, order, false).await?.ok_or_else(Problem::not_found)?;
    tx.emit(&OrderEvent::new("order.withdrawn", &row));
    if let Some(to) = answer.signer_email.clone().or_else(|| opened.link.sent_to.clone()) {
        let seller = profiles::seller(tx).await?;
        let at = day::moment(tx).await?;
        let letter = Letter {
            subject: format!("Rétractation enregistrée : devis {}", opened.reference()),
            paragraphs: vec![
                format!("Bonjour {},", answer.signer_name),
                format!(
                    "Nous accusons réception de votre rétractation, le {at} : vous renoncez au contrat conclu par l’acceptation du devis {} ({} TTC).",
                    opened.reference(),
                    french::euros(answer.gross_minor)
                ),
                "Conservez ce message : il vaut accusé de réception sur support durable. Les sommes versées vous sont remboursées au plus tard quatorze jours après cette date.".to_owned(),
            ],
            button: None,
            code: None,
        };
        let mail = letter.to(app, &seller, tx.new_id(), &to);
        tx.enqueue(&mail).await?;
    }
    Ok(())
}
