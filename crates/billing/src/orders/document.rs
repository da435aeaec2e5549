//! The paper of a quote (QI-04): as it is sent, and as it was accepted.

use super::model::{DepositKind, OrderDraft};
use crate::invoices::document::{self, Source};
use crate::invoices::model::InvoiceKind;
use crate::profiles::Seller;
use jiff::civil::Date;
use vision_crm::contacts::buyers::Buyer;
use vision_documents::commercial::{Commercial, DocumentKind, Payment};
use vision_kernel::french::{day, decimal, euros};
use vision_kernel::totals::{Discount, Totals};

/// What a paper is made from.
pub(super) struct Paper<'a> {
    pub draft: &'a OrderDraft,
    pub totals: &'a Totals,
    pub seller: &'a Seller,
    pub buyer: Option<&'a Buyer>,
    pub mentions: &'a [(String, String)],
    /// Number and version; none: a draft.
    pub number: Option<&'a str>,
    pub issue_date: Date,
    pub valid_until: Date,
    /// The version of the general terms that it is accepted under.
    pub terms_version: Option<i32>,
}

/// The name of a version: its number, and which one it is from the second on.
pub(crate) fn reference(number: &str, revision: i32) -> String {
    if revision > 1 { format!("{number}-v{revision}") } else { number.to_owned() }
}

/// What is asked when it is accepted, in words.
pub(crate) fn deposit_words(draft: &OrderDraft, gross_minor: i64) -> String {
    let minor = draft.deposit_of(gross_minor);
    if minor == 0 {
        return String::new();
    }
    let name = match draft.deposit_kind {
        DepositKind::Acompte => "Acompte",
        DepositKind::Arrhes => "Arrhes",
    };
    match draft.deposit {
        Discount::Percent(percent) => format!("{name} de {} % à la commande, soit {} TTC", decimal(percent), euros(minor)),
        _ => format!("{name} de {} TTC à la commande", euros(minor)),
    }
}

/// The whole paper.
pub(super) fn commercial(paper: &Paper<'_>) -> Commercial {
    let draft = paper.draft;
    let mut document = document::commercial(Source {
        kind: InvoiceKind::Invoice,
        draft: &draft.content,
        totals: paper.totals,
        seller: paper.seller,
        buyer: paper.buyer,
        mentions: paper.mentions,
        number: paper.number,
        issue_date: paper.issue_date,
        due_date: None,
        preceding: Vec::new(),
        deposits: Vec::new(),
        quote: None,
    });
    document.kind = DocumentKind::Quote;
    (document.type_code, document.process, document.vat_point) = Default::default();
    document.notes = Vec::new();
    document.supply_date = None;
    document.valid_until = Some(paper.valid_until);
    document.payment = Payment::default();
    for (line, optional) in document.lines.iter_mut().zip(&draft.optional) {
        line.optional = *optional;
    }
    let consumer = paper.buyer.is_none_or(|buyer| !document::is_business(&buyer.customer_kind));
    let mut said: Vec<String> = Vec::new();
    for exemption in document.vat.iter().map(|vat| &vat.exemption_text).filter(|text| !text.is_empty()) {
        if !said.contains(exemption) {
            said.push(exemption.clone());
        }
    }
    said.extend(draft.execution.as_ref().map(|execution| format!("Exécution : {execution}")));
    let deposit = deposit_words(draft, paper.totals.gross_minor);
    if !deposit.is_empty() {
        // QI-12: what it is called decides who may back out, and at what price.
        let meaning = match draft.deposit_kind {
            DepositKind::Acompte => "L’acompte engage les deux parties.",
            DepositKind::Arrhes => {
                "Arrhes : le client qui renonce les perd, le professionnel qui renonce en rend le double (C. civ. art. 1590)."
            }
        };
        said.push(format!("{deposit}. {meaning}"));
    }
    said.push(format!("Devis gratuit, valable jusqu’au {}.", day(paper.valid_until)));
    if let Some(version) = paper.terms_version {
        said.push(format!("Conditions générales de vente : version {version}, jointes à l’acceptation."));
    }
    if consumer {
        said.push(match &draft.withdrawal_exception {
            // BP-05
            Some(reason) => format!("Pas de droit de rétractation : {reason}"),
            // QI-09
            None => {
                "Contrat conclu à distance : vous disposez de 14 jours pour vous rétracter, sans motif, depuis la page du devis.".to_owned()
            }
        });
    }
    document.mentions = said;
    document
}
