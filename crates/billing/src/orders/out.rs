//! Quotes as the API shows them.

use super::invoicing;
use super::model::{DepositKind, OrderLineIn, OrderState, Verification};
use super::ops::{self, Whole};
use super::store::{self, InvoiceOf, Row};
use super::trail::{self, AnswerRow, EvidenceRow, VersionRow};
use crate::day;
use crate::invoices::model::DiscountIn;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;
use vision_kernel::totals::Totals;
use vision_platform::http::Versioned;
use vision_platform::{Failure, Tx};

/// A contact, a thing or an invoice by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OrderRef {
    id: Uuid,
    name: String,
}

pub(super) fn named(id: Option<Uuid>, name: Option<String>) -> Option<OrderRef> {
    Some(OrderRef { id: id?, name: name.unwrap_or_default() })
}

/// A quote in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OrderRow {
    id: Uuid,
    state: OrderState,
    /// Null until it is first sent.
    number: Option<String>,
    revision: i32,
    /// Of a template: its name.
    template_name: Option<String>,
    title: Option<String>,
    contact: Option<OrderRef>,
    net_minor: i64,
    gross_minor: i64,
    /// What was accepted comes to.
    accepted_minor: Option<i64>,
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<Date>,
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

pub(super) fn listed(row: Row, today: Date) -> OrderRow {
    OrderRow {
        id: row.id,
        state: ops::state_of(&row, today),
        number: row.number,
        revision: row.revision,
        template_name: row.template_name,
        title: row.title,
        contact: named(row.contact_id, row.contact_name),
        net_minor: row.net_minor,
        gross_minor: row.gross_minor,
        accepted_minor: row.accepted_minor,
        valid_until: row.valid_until.map(jiff_sqlx::Date::to_jiff),
        sent_at: row.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
        updated_at: row.updated_at.to_jiff(),
    }
}

/// A line with what it comes to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OrderLine {
    #[serde(flatten)]
    line: OrderLineIn,
    net_minor: i64,
    gross_minor: i64,
    /// After an answer: whether the customer took it.
    accepted: Option<bool>,
}

/// A version that was sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OrderVersion {
    revision: i32,
    #[schema(value_type = String, format = DateTime)]
    sent_at: Timestamp,
    sent_by: String,
    gross_minor: i64,
    #[schema(value_type = String, format = Date)]
    valid_until: Date,
    replaced: bool,
}

/// The customer's answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OrderAnswer {
    /// `accepted`, `partially_accepted`, `refused`
    kind: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `remote_code`, `remote_link`, `in_person`, `staff`
    method: String,
    signer_name: String,
    mention: Option<String>,
    reason: Option<String>,
    gross_minor: i64,
    terms_version: Option<i32>,
    /// The customer asked for the work to begin before the time to go back has passed.
    early_start: bool,
    #[schema(value_type = Option<String>, format = Date)]
    withdrawable_until: Option<Date>,
    #[schema(value_type = Option<String>, format = DateTime)]
    withdrawn_at: Option<Timestamp>,
    /// SHA-256 of the sealed paper, in hexadecimal.
    sealed_sha256: Option<String>,
    /// SHA-256 of the evidence.
    evidence_sha256: Option<String>,
    /// Who stamped the time; null: no stamp yet.
    timestamp_authority: Option<String>,
}

/// A line of the evidence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OrderMoment {
    revision: i32,
    kind: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    ip: Option<String>,
}

impl From<EvidenceRow> for OrderMoment {
    fn from(row: EvidenceRow) -> Self {
        Self { revision: row.revision, kind: row.kind, at: row.at.to_jiff(), by: row.actor_name, ip: row.ip }
    }
}

/// An invoice of a quote.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct OrderInvoice {
    id: Uuid,
    kind: String,
    /// Null: a draft.
    number: Option<String>,
    gross_minor: i64,
    paid_minor: i64,
    credited_minor: i64,
    deducted_minor: i64,
}

/// A quote.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Order)]
pub(super) struct OrderOut {
    pub(super) id: Uuid,
    state: OrderState,
    number: Option<String>,
    /// The version that is being written, or the last that was sent.
    revision: i32,
    template_name: Option<String>,
    contact: Option<OrderRef>,
    contact_email: Option<String>,
    customer_kind: Option<String>,
    entity: Option<OrderRef>,
    title: Option<String>,
    intro: Option<String>,
    outro: Option<String>,
    order_reference: Option<String>,
    prices_include_vat: bool,
    discount: DiscountIn,
    lines: Vec<OrderLine>,
    /// What it comes to as it is offered, or as it was accepted.
    totals: Totals,
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<Date>,
    execution: Option<String>,
    deposit: DiscountIn,
    deposit_kind: DepositKind,
    /// What is asked on acceptance, in cents with VAT.
    deposit_minor: i64,
    line_by_line: bool,
    verification: Verification,
    withdrawal_exception: Option<String>,
    net_minor: i64,
    vat_minor: i64,
    gross_minor: i64,
    accepted_minor: Option<i64>,
    /// Of what was accepted: what was invoiced, with VAT, deposits counted once.
    invoiced_minor: i64,
    /// Of what was accepted: what is left to invoice.
    to_invoice_minor: i64,
    reason: Option<String>,
    versions: Vec<OrderVersion>,
    answer: Option<OrderAnswer>,
    evidence: Vec<OrderMoment>,
    invoices: Vec<OrderInvoice>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i32,
}

impl From<VersionRow> for OrderVersion {
    fn from(version: VersionRow) -> Self {
        Self {
            revision: version.revision,
            sent_at: version.sent_at.to_jiff(),
            sent_by: version.sent_by_name,
            gross_minor: version.gross_minor,
            valid_until: version.valid_until.to_jiff(),
            replaced: version.replaced_at.is_some(),
        }
    }
}

impl From<AnswerRow> for OrderAnswer {
    fn from(answer: AnswerRow) -> Self {
        Self {
            kind: answer.kind,
            at: answer.at.to_jiff(),
            method: answer.method,
            signer_name: answer.signer_name,
            mention: answer.mention,
            reason: answer.reason,
            gross_minor: answer.gross_minor,
            terms_version: answer.terms_version,
            early_start: answer.early_start,
            withdrawable_until: answer.withdrawable_until.map(jiff_sqlx::Date::to_jiff),
            withdrawn_at: answer.withdrawn_at.map(jiff_sqlx::Timestamp::to_jiff),
            sealed_sha256: answer.sealed_sha256.as_deref().map(ops::hex),
            evidence_sha256: answer.evidence_sha256.as_deref().map(ops::hex),
            timestamp_authority: answer.timestamp_authority,
        }
    }
}

impl From<InvoiceOf> for OrderInvoice {
    fn from(invoice: InvoiceOf) -> Self {
        Self {
            id: invoice.id,
            kind: invoice.kind,
            number: invoice.number,
            gross_minor: invoice.gross_minor,
            paid_minor: invoice.paid_minor,
            credited_minor: invoice.credited_minor,
            deducted_minor: invoice.deducted_minor,
        }
    }
}

/// Reads the rest and shapes a quote.
pub(super) async fn shown(tx: &mut Tx, (row, lines): Whole) -> Result<Versioned<OrderOut>, Failure> {
    let today = day::today(tx).await?;
    let state = ops::state_of(&row, today);
    let versions = if row.number.is_some() { trail::versions(tx, row.id).await? } else { Vec::new() };
    let answer = if row.number.is_some() { trail::answer(tx, row.id, row.revision).await? } else { None };
    let moments = if row.number.is_some() { trail::evidence_of(tx, row.id).await? } else { Vec::new() };
    let invoices = if row.number.is_some() { store::invoices_of(tx, row.id).await? } else { Vec::new() };
    let draft = row.draft(&lines);
    let agreed = answer.as_ref().filter(|answer| answer.kind != "refused");
    let totals = match agreed {
        Some(answer) => {
            let chosen: Vec<usize> = answer.lines.iter().filter_map(|place| usize::try_from(*place).ok()?.checked_sub(1)).collect();
            draft.totals_for(&chosen)?
        }
        None => draft.totals()?,
    };
    let taken =
        |index: usize| agreed.map(|answer| answer.lines.iter().any(|place| usize::try_from(*place).is_ok_and(|place| place == index + 1)));
    let (invoiced_minor, to_invoice_minor) = invoicing::invoiced(&row, &invoices);
    Ok(Versioned(
        row.version,
        OrderOut {
            id: row.id,
            state,
            number: row.number,
            revision: row.revision,
            template_name: row.template_name,
            contact: named(row.contact_id, row.contact_name),
            contact_email: row.contact_email,
            customer_kind: row.customer_kind,
            entity: named(row.entity_id, row.entity_name),
            title: row.title,
            intro: row.intro,
            outro: row.outro,
            order_reference: row.order_reference,
            prices_include_vat: row.prices_include_vat,
            discount: row.discount.0.into(),
            lines: ops::written(&lines)
                .into_iter()
                .zip(&lines)
                .enumerate()
                .map(|(index, (line, stored))| OrderLine {
                    line,
                    net_minor: stored.line.net_minor,
                    gross_minor: stored.line.gross_minor,
                    accepted: taken(index),
                })
                .collect(),
            deposit_minor: draft.deposit_of(totals.gross_minor),
            totals,
            valid_until: row.valid_until.map(jiff_sqlx::Date::to_jiff),
            execution: row.execution,
            deposit: row.deposit.0.into(),
            deposit_kind: DepositKind::from_word(&row.deposit_kind),
            line_by_line: row.line_by_line,
            verification: Verification::from_word(&row.verification),
            withdrawal_exception: row.withdrawal_exception,
            net_minor: row.net_minor,
            vat_minor: row.vat_minor,
            gross_minor: row.gross_minor,
            accepted_minor: row.accepted_minor,
            invoiced_minor,
            to_invoice_minor: if state.is_accepted() { to_invoice_minor } else { 0 },
            reason: row.reason,
            versions: versions.into_iter().map(OrderVersion::from).collect(),
            answer: answer.map(OrderAnswer::from),
            evidence: moments.into_iter().map(OrderMoment::from).collect(),
            invoices: invoices.into_iter().map(OrderInvoice::from).collect(),
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        },
    ))
}
