//! The customer's answer to a quote: the code that proves who answers, acceptance in whole or line by line, refusal, and going back on it
//! within the time that the law gives (QI-05…QI-10).
//!
//! Invariants: a version is answered once, under the lock of its quote; what is accepted was shown with its total before it was confirmed;
//! the answer, its evidence and the sealed paper are written in one transaction.

use super::events::OrderEvent;
use super::evidence;
use super::invoicing;
use super::model::withdrawable_until;
use super::opened::{Opened, Standing};
use super::ops;
use super::store;
use super::trail::{self, NewAnswer};
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
/// Codes that one version sends in a day, through all its links: guessing stays hopeless, and the mailbox is not flooded.
const CODES_A_DAY: i64 = 10;
/// Tries of one code.
const TRIES: i32 = 5;
/// Minutes for which a code is good.
const CODE_MINUTES: i64 = 15;
/// Largest drawn signature, in bytes.
const MAX_SIGNATURE: usize = 200_000;

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
    if totals.gross_minor < 0 {
        return Err(Problem::field("/lines", "negative", "Ce choix ne laisse rien à payer : gardez au moins une prestation."));
    }
    let name = text::clean(&input.name, false).ok_or_else(|| Problem::field("/name", "required", "Indiquez votre nom."))?;
    if name.chars().count() > 120 {
        return Err(Problem::field("/name", "too_long", "120 caractères au plus."));
    }
    // Signs that are not seen sign nothing.
    if !name.chars().any(char::is_alphabetic) {
        return Err(Problem::field("/name", "invalid", "Indiquez votre nom en toutes lettres."));
    }
    let mention = text::clean(&input.mention, false);
    if mention.as_ref().is_some_and(|mention| mention.chars().count() > 120) {
        return Err(Problem::field("/mention", "too_long", "120 caractères au plus."));
    }
    if opened.terms.is_some() && !input.terms {
        return Err(Problem::field("/terms", "required", "Acceptez les conditions générales pour continuer."));
    }
    if input.signature.as_ref().is_some_and(|signature| !is_drawing(signature)) {
        return Err(Problem::field("/signature", "invalid", "La signature n’a pas pu être lue : recommencez."));
    }
    Ok(Checked {
        order: opened.row.id,
        revision: opened.version.revision,
        pdf_sha256: ops::hex(&opened.version.pdf_sha256),
        // An option on top of everything is no part of it.
        partially: opened.draft().offered().iter().any(|index| !chosen.contains(index)),
        lines: chosen.iter().filter_map(|index| i32::try_from(index + 1).ok()).collect(),
        name,
        mention,
        terms_version: opened.version.terms_version.filter(|_| opened.terms.is_some()),
        early_start: input.early_start && opened.withdrawable(),
        totals,
    })
}

/// True for a PNG of the size of a signature: what a picture claims to be is read before anything unpacks it.
fn is_drawing(png: &[u8]) -> bool {
    let number = |at: usize| png.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(u32::MAX, u32::from_be_bytes);
    let (width, height, depth) = (number(16), number(20), png.get(24).copied().unwrap_or(u8::MAX));
    png.len() <= MAX_SIGNATURE
        && png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        && depth <= 8
        && (1..=4_000).contains(&width)
        && (1..=4_000).contains(&height)
        && width * height <= 2_000_000
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
    if trail::codes_since(tx, opened.link.id, hour_ago).await? >= CODES_AN_HOUR {
        return Err(Problem::field("/code", "too_many", "Trop de codes demandés : réessayez dans une heure.").into());
    }
    let day_ago = tx.now() - jiff::SignedDuration::from_hours(24);
    if trail::codes_of_version_since(tx, opened.row.id, opened.version.revision, day_ago).await? >= CODES_A_DAY {
        let text = "Trop de codes demandés aujourd’hui pour ce devis : appelez votre professionnel, ou réessayez demain.";
        return Err(Problem::field("/code", "too_many", text).into());
    }
    let code = crypto::random_code();
    let end = tx.now() + jiff::SignedDuration::from_mins(CODE_MINUTES);
    trail::insert_code(tx, &opened.link, &to, &code_hash(app, opened.link.id, &code), &wanted.digest()?, end).await?;
    trail::evidence(tx, (wanted.order, wanted.revision), "code_sent", Some(user_agent), &json!({ "to": to, "lines": wanted.lines }))
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
    let Some(live) = trail::live_code(tx, opened.link.id).await?.filter(|live| live.expires_at.to_jiff() > now && live.attempts < TRIES)
    else {
        return Ok(Tried::Gone);
    };
    let typed: String = code.chars().filter(char::is_ascii_digit).collect();
    let right = crypto::equal(&code_hash(app, opened.link.id, &typed), &live.code_hash) && crypto::equal(&wanted.digest()?, &live.bound_to);
    trail::tried(tx, live.id, right).await?;
    let (kind, data) =
        if right { ("code_verified", json!({ "to": live.sent_to })) } else { ("code_failed", json!({ "attempt": live.attempts + 1 })) };
    trail::evidence(tx, (wanted.order, wanted.revision), kind, Some(user_agent), &data).await?;
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
    trail::evidence(tx, (order, revision), "accepted", user_agent, &said).await?;
    // The customer's contract, not the staff's note of it, is made at a distance.
    let until = (opened.withdrawable() && method != Method::Staff).then(|| withdrawable_until(today, opened.draft().has_goods()));
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
    let email = opened.link.sent_to.clone().or_else(|| opened.row.contact_email.clone());
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
    trail::insert_answer(tx, (order, revision), &answer).await?;
    trail::remember(tx, &proof.sealed_sha256, "quote_sealed", &opened.reference()).await?;
    store::set_state(tx, order, state, None).await?;
    store::set_accepted(tx, order, Some(wanted.totals.gross_minor)).await?;
    tx.enqueue(&super::jobs::StampAnswer { order, revision }).await?;
    // Also when nobody waits for the page any more.
    tx.enqueue(&super::jobs::AskForDeposit { order }).await?;
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
    let end = tx.now() + jiff::SignedDuration::from_hours(24 * 4400);
    trail::insert_link(tx, (opened.row.id, opened.version.revision), &minted.hash, "remote", Some(to), end).await?;
    let mut paragraphs = vec![
        format!("Bonjour {},", opened.version.buyer_name),
        format!(
            "Nous avons bien reçu votre accord sur le devis {} : {} TTC. Le devis signé, avec son certificat, est joint à ce message et reste à votre disposition par ce lien.",
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
    let message = letter.to(app, &seller, tx.new_id(), to).message;
    tx.enqueue(&super::jobs::MailSealed { message, order: opened.row.id, revision: opened.version.revision }).await
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
    trail::evidence(tx, (order, revision), "refused", user_agent, &json!({ "name": name, "reason": reason })).await?;
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
        // Whoever holds the link may refuse: nothing says that they read that mailbox.
        signer_email: None,
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
    trail::insert_answer(tx, (order, revision), &answer).await?;
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
    if !matches!(opened.row.state.as_str(), "accepted" | "partially_accepted") {
        return Err(Problem::conflict("Ce devis est annulé.").with("reason", "cancelled").into());
    }
    if answer.withdrawable_until.is_none_or(|until| until.to_jiff() < today) {
        return Err(Problem::conflict("Le délai de rétractation est passé.").with("reason", "late").into());
    }
    let (order, revision) = (opened.row.id, opened.version.revision);
    let what = json!({ "quote": opened.reference(), "by": answer.signer_name, "accepted_at": answer.at.to_jiff().to_string(),
        "gross_minor": answer.gross_minor, "at": tx.now().to_string(), "statement": "Je renonce au contrat conclu par l’acceptation de ce devis." });
    trail::set_withdrawn(tx, order, revision, &what).await?;
    trail::evidence(tx, (order, revision), "withdrawn", Some(user_agent), &what).await?;
    store::set_state(tx, order, "withdrawn", None).await?;
    invoicing::call_off(tx, order, "Rétractation du client").await?;
    let row = store::get(tx, order, false).await?.ok_or_else(Problem::not_found)?;
    tx.emit(&OrderEvent::new("order.withdrawn", &row));
    let known = [&answer.signer_email, &opened.link.sent_to, &opened.row.contact_email];
    if let Some(to) = known.into_iter().flatten().next().cloned() {
        let money = if answer.early_start {
            "Les sommes versées vous sont remboursées au plus tard quatorze jours après cette date, déduction faite de ce qui a été exécuté à votre demande expresse."
        } else {
            "Les sommes versées vous sont remboursées au plus tard quatorze jours après cette date."
        };
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
                format!("Conservez ce message : il vaut accusé de réception sur support durable. {money}"),
            ],
            button: None,
            code: None,
        };
        let mail = letter.to(app, &seller, tx.new_id(), &to);
        tx.enqueue(&mail).await?;
    }
    Ok(())
}
