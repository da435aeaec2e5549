//! What a quote or an invoice is rendered from: values that are final. Nothing here is computed again, in the PDF or in the XML.
//!
//! Money is in whole cents, quantities, prices and rates are decimals; an empty text stands for none.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What a document is to the people who read it. What it is to the tax office is its type code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is its meaning")]
pub enum DocumentKind {
    Quote,
    #[default]
    Invoice,
    Deposit,
    Situation,
    Balance,
    CreditNote,
    Corrective,
}

/// A quote, an invoice or a credit note, whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Commercial {
    /// What it is called.
    pub kind: DocumentKind,
    /// BT-3: 380, 386, 381, 384, 503…; empty for a quote.
    pub type_code: String,
    /// BT-23: S1, B1, M1, S2, S4…
    pub process: String,
    /// None: a draft, marked so on every page.
    pub number: Option<String>,
    /// Made while training: marked so on every page (IS-10).
    pub simulation: bool,
    /// Which reprint this is (IS-11).
    pub duplicate: Option<u32>,
    /// `fr` or `en`.
    pub lang: String,
    /// ISO 4217 (BT-5).
    pub currency: String,
    /// VAT in cents of a euro, when the currency is another one (BT-111, QI-46).
    pub accounting_currency_vat: Option<i64>,
    /// BT-2.
    pub issue_date: Date,
    /// BT-9.
    pub due_date: Option<Date>,
    /// The last day on which a quote may be accepted.
    pub valid_until: Option<Date>,
    /// BT-72: when it was delivered or done.
    pub supply_date: Option<Date>,
    /// BG-14: from, to.
    pub supply_period: Option<(Date, Date)>,
    /// What it is about.
    pub title: String,
    /// Free text above the lines.
    pub intro: String,
    /// Free text below the totals.
    pub outro: String,
    /// BT-13: the buyer's order.
    pub order_reference: String,
    /// The quote it comes from.
    pub quote_reference: String,
    /// BT-12.
    pub contract_reference: String,
    /// BG-4.
    pub seller: Party,
    /// BG-7.
    pub buyer: Party,
    /// Where it is delivered, when that is not where it is invoiced (QI-16).
    pub deliver_to: Option<Address>,
    /// BG-25.
    pub lines: Vec<Line>,
    /// BG-20: discounts on the whole, each of one VAT rate (QI-51).
    pub allowances: Vec<Allowance>,
    /// BG-23.
    pub vat: Vec<VatSubtotal>,
    /// BG-22.
    pub totals: Totals,
    /// Deposit invoices that are deducted here (QI-32).
    pub deposits: Vec<Preceding>,
    /// BG-3: what is credited or corrected (QI-29, QI-30).
    pub preceding: Vec<Preceding>,
    /// BG-1.
    pub notes: Vec<CodedNote>,
    /// Legal texts that are printed, as they were in force at the issue.
    pub mentions: Vec<String>,
    /// How it is paid.
    pub payment: Payment,
    /// BT-8 as CII writes it: 5, 72, 29, or empty.
    pub vat_point: String,
    /// Prices are shown with VAT, as they were agreed.
    pub prices_include_vat: bool,
    /// What the company looks like.
    pub brand: Brand,
    /// Who accepted a quote.
    pub acceptance: Option<Acceptance>,
    /// The page that tells how it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// A company or a person.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Party {
    /// The legal name; that of a sole trader says "EI".
    pub name: String,
    /// SARL, SAS, EI…
    pub legal_form: String,
    /// The share capital as it is written.
    pub capital: String,
    /// The name over the door.
    pub trade_name: String,
    /// Nine digits (BT-30, BT-47).
    pub siren: String,
    /// Fourteen digits (BT-29, BT-46).
    pub siret: String,
    /// BT-31, BT-48.
    pub vat_number: String,
    /// "RCS Lyon".
    pub rcs: String,
    /// Where it sits.
    pub address: Address,
    /// E-mail.
    pub email: String,
    /// Phone as it is written.
    pub phone: String,
    /// BT-34, BT-49: where invoices arrive.
    pub electronic_address: String,
    /// 0225 for the French directory; empty means that.
    pub electronic_scheme: String,
    /// Whatever else is printed below.
    pub extra_lines: Vec<String>,
}

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name is its meaning")]
pub struct Address {
    pub line1: String,
    pub line2: String,
    pub postal_code: String,
    pub city: String,
    /// ISO 3166, two letters; empty means France.
    pub country: String,
}

/// Something sold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// BT-126; unique in the document.
    pub id: String,
    /// The heading that begins with this line.
    pub section: Option<String>,
    /// BT-153.
    pub label: String,
    /// BT-154; line breaks are kept.
    pub description: String,
    /// BT-155.
    pub reference: String,
    /// BT-129: up to 4 decimals; negative for what comes back.
    pub quantity: Decimal,
    /// BT-130: UN/ECE code, C62, HUR, DAY, KGM…
    pub unit: String,
    /// The unit as it is printed.
    pub unit_label: String,
    /// BT-146: without VAT, up to 6 decimals, never negative.
    pub unit_price: Decimal,
    /// The price with VAT, as it was agreed.
    pub unit_price_incl: Option<Decimal>,
    /// BT-136: cents without VAT that are taken off this line.
    pub discount: i64,
    /// BT-139.
    pub discount_reason: String,
    /// BT-131.
    pub net: i64,
    /// What the line costs with VAT, where prices include it; none: quantity × price with VAT.
    pub gross: Option<i64>,
    /// BT-151: S, Z, E, AE, K, G, O.
    pub vat_category: String,
    /// BT-152.
    pub vat_rate: Decimal,
    /// BT-121.
    pub exemption_code: String,
    /// BT-120.
    pub exemption_text: String,
    /// An option of a quote: not in the totals.
    pub optional: bool,
    /// Refused when the quote was accepted.
    pub refused: bool,
}

/// A discount on the whole document, or the part of it that falls to one VAT rate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Allowance {
    /// BT-97.
    pub reason: String,
    /// BT-92: more than zero takes off, less adds a charge (BT-99).
    pub amount: i64,
    /// The same with VAT, where prices include it.
    pub gross: Option<i64>,
    /// BT-95.
    pub vat_category: String,
    /// BT-96.
    pub vat_rate: Decimal,
}

/// What is taxed at one rate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VatSubtotal {
    /// BT-118.
    pub category: String,
    /// BT-119.
    pub rate: Decimal,
    /// BT-116.
    pub base: i64,
    /// BT-117.
    pub vat: i64,
    /// BT-121.
    pub exemption_code: String,
    /// BT-120.
    pub exemption_text: String,
}

/// The sums, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// BT-106: Σ lines.
    pub lines: i64,
    /// BT-107 − BT-108: Σ discounts.
    pub allowances: i64,
    /// BT-109.
    pub net: i64,
    /// BT-110.
    pub vat: i64,
    /// BT-112.
    pub gross: i64,
    /// BT-113: deposits and payments.
    pub paid: i64,
    /// BT-114.
    pub rounding: i64,
    /// BT-115.
    pub due: i64,
}

/// An earlier invoice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name is its meaning")]
pub struct Preceding {
    pub number: String,
    pub date: Date,
    pub type_code: String,
    pub net: i64,
    pub vat: Vec<VatSubtotal>,
    pub gross: i64,
}

/// A note with its subject: PMT, PMD, AAB, BAR, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name is its meaning")]
pub struct CodedNote {
    pub code: String,
    pub text: String,
}

/// How an invoice is paid, or was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// BT-81: 30 or 58 transfer, 48 card, 10 cash, 20 cheque, 59 direct debit…
    pub means_code: String,
    /// BT-84.
    pub iban: String,
    /// BT-86.
    pub bic: String,
    /// BT-83: what the payer quotes; a creditor reference (RF…) goes into the QR code.
    pub reference: String,
    /// BT-20.
    pub terms: String,
    /// When it was paid.
    pub paid_on: Option<Date>,
    /// The means as it is printed.
    pub method_label: String,
}

/// What a company looks like on paper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// `#rrggbb`; empty: ours.
    pub accent: String,
    /// PNG or JPEG.
    pub logo: Option<Vec<u8>>,
}

/// That a quote was accepted: who, when, and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Name of the person.
    pub name: String,
    /// The day and time, as they are printed.
    pub at: String,
    /// How the person was known: a code by e-mail, a signature on the spot…
    pub method: String,
    /// "Bon pour accord", as it was typed.
    pub mention: String,
    /// Labels of the lines that were refused.
    pub refused: Vec<String>,
}

/// How a quote was accepted, told on a page of its own: finished texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Above it all.
    pub intro: String,
    /// Name and value.
    pub facts: Vec<(String, String)>,
    /// What happened: when, what, from where.
    pub events: Vec<[String; 3]>,
    /// What it is worth, and how it is checked.
    pub note: String,
}
