//! What a link opens: a quote as it was sent, where it stands, and what a page shows of it.

use super::document;
use super::events::OrderEvent;
use super::evidence;
use super::model::{OrderDraft, Verification};
use super::ops;
use super::settings;
use super::store::{self, Row};
use super::trail::{self, AnswerRow, LinkRow, VersionRow};
use crate::day;
use crate::invoices::document::is_business;
use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::totals::Totals;
use vision_kernel::{Problem, french};
use vision_platform::{Failure, Tx};

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
    pub(super) fn draft(&self) -> &OrderDraft {
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
    let Some(version) = trail::version(tx, row.id, link.revision).await? else { return Ok(None) };
    let answer = trail::answer(tx, row.id, link.revision).await?;
    let today = day::today(tx).await?;
    let standing = match () {
        // Called off after it was accepted: nothing more is paid or withdrawn here.
        () if row.state == "cancelled" && row.revision == link.revision => Standing::Cancelled,
        () if answer.is_some() => Standing::Answered,
        () if version.replaced_at.is_some() || row.revision != link.revision => Standing::Replaced,
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
    let link = trail::link(tx, hash).await?;
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
    Ok(trail::version_files(tx, opened.row.id, opened.version.revision).await?.map(|(pdf, _)| pdf))
}

/// What proves the answer: sealed paper and evidence.
pub async fn proof(tx: &mut Tx, opened: &Opened) -> Result<Option<(Vec<u8>, String)>, Failure> {
    let Some((Some(pdf), Some(evidence), ..)) = trail::proof_files(tx, opened.row.id, opened.version.revision).await? else {
        return Ok(None);
    };
    Ok(Some((pdf, evidence::canonical(&evidence)?)))
}

/// Notes that the page was looked at, once a version. The page was read in an earlier transaction: what became of the quote since decides.
pub async fn seen(tx: &mut Tx, opened: &Opened, user_agent: &str) -> Result<(), Failure> {
    let (order, revision) = (opened.row.id, opened.version.revision);
    if opened.in_person() || !store::mark_viewed(tx, order, revision).await? {
        return Ok(());
    }
    trail::evidence(tx, (order, revision), "viewed", Some(user_agent), &json!({ "link": opened.link.id })).await?;
    if let Some(row) = store::get(tx, order, false).await? {
        tx.emit(&OrderEvent::new("order.viewed", &row));
    }
    Ok(())
}
