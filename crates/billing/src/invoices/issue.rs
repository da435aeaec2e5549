//! Issuing: the number, the document, its files, the seal and the event, all of it or nothing (QI-24).

use super::document::{self, Source, is_business};
use super::events::InvoiceEvent;
use super::model::{Draft, InvoiceKind};
use super::store::{self, Issued, LineRow, Row};
use super::{contract, credit, deposits, numbers, ops};
use crate::profiles::{self, Seller};
use crate::{accounting, day, seal};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;
use vision_crm::contacts::buyers::{self, Buyer};
use vision_documents::commercial::{self, Commercial};
use vision_kernel::totals::VatCategory;
use vision_kernel::{Actor, FieldError, Problem};
use vision_platform::crypto::Crypto;
use vision_platform::{App, Failure, Tx};
use vision_sales::vat;

/// What a document lacks before it can be issued; every lack at once, in words (QI-03, QI-15…QI-17, X-04).
fn lacks(seller: &Seller, buyer: Option<&Buyer>, draft: &Draft) -> Vec<FieldError> {
    let mut errors = seller.missing();
    let mut lack = |pointer: &str, code: &str, what: &str| errors.push(FieldError::new(pointer, code, what));
    if draft.lines.is_empty() {
        lack("/lines", "required", "La facture n’a pas de ligne.");
    }
    let Some(buyer) = buyer else {
        lack("/contact_id", "required", "Choisissez un client.");
        return errors;
    };
    let address = buyer.addresses.0.first();
    let missing = |part: Option<&String>| part.is_none_or(|part| part.trim().is_empty());
    if missing(address.and_then(|address| address.city.as_ref())) || missing(address.and_then(|address| address.line1.as_ref())) {
        lack("/buyer/address", "required", "L’adresse du client manque (rue et ville).");
    }
    // QI-16: the number of a French business stands on its invoices.
    if matches!(buyer.customer_kind.as_str(), "B2B_FR" | "B2G") && missing(buyer.siren.as_ref()) {
        lack("/buyer/siren", "required", "Le SIREN du client manque.");
    }
    // QI-17, QI-43, QI-44
    let without = |category| draft.lines.iter().any(|line| line.vat_category == category);
    if (without(VatCategory::AE) || without(VatCategory::K)) && missing(buyer.vat_number.as_ref()) {
        lack("/buyer/vat_number", "required", "Le numéro de TVA du client manque : il est obligatoire sans TVA.");
    }
    errors
}

/// Refuses rates that the company may not charge (QI-39, QI-41).
pub(crate) async fn check_rates(
    tx: &mut Tx,
    seller: &Seller,
    customer_kind: &str,
    draft: &Draft,
    kind: InvoiceKind,
    today: Date,
) -> Result<(), Failure> {
    // A credit note takes back at the rate of its day, whatever holds now (QI-29).
    if kind == InvoiceKind::CreditNote {
        return Ok(());
    }
    let allowed: Vec<Decimal> =
        vat::rates_on(tx, &seller.profile.territory, today).await?.iter().map(|rate| rate.rate.normalize()).collect();
    let mut errors = Vec::new();
    for (index, line) in draft.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}/vat_rate");
        let fits = match line.vat_category {
            VatCategory::S | VatCategory::E => true,
            // QI-41: a business under the exemption has one reason, and one mention.
            _ if seller.is_franchise() => false,
            VatCategory::Z => false,
            VatCategory::AE => is_business(customer_kind),
            VatCategory::K => customer_kind == "B2B_EU",
            VatCategory::G => customer_kind == "B2B_NON_EU",
            VatCategory::O => true,
        };
        if !fits {
            errors.push(FieldError::new(pointer, "category", "Ce motif d’absence de TVA ne convient pas à ce client."));
        } else if line.vat_category != VatCategory::S {
        } else if seller.is_franchise() {
            errors.push(FieldError::new(pointer, "franchise", "En franchise en base, aucune TVA n’est facturée."));
        } else if !allowed.contains(&line.vat_rate.normalize()) {
            errors.push(FieldError::new(pointer, "rate", "Ce taux n’existe pas dans le territoire de l’entreprise."));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::validation(errors).into()) }
}

/// When it is due: as written, else by the terms; a consumer pays at once (QI-36).
fn due_date(seller: &Seller, buyer: &Buyer, draft: &Draft, issued: Date) -> Result<Date, Problem> {
    let days = |days: i32| issued.checked_add(jiff::Span::new().days(days)).unwrap_or(issued);
    let business = is_business(&buyer.customer_kind);
    let due = draft.due_date.unwrap_or_else(|| if business { days(seller.profile.payment_days) } else { issued });
    if due < issued {
        return Err(Problem::field("/due_date", "too_early", "L’échéance précède la date de facture."));
    }
    // 60 days, or 45 and the end of the month, whichever is written: the later of the two is the bound.
    let end_of_month = days(45).last_of_month();
    if business && due > days(60).max(end_of_month) {
        return Err(Problem::field("/due_date", "too_late", "Au plus 60 jours, ou 45 jours fin de mois (C. com. L441-10)."));
    }
    Ok(due)
}

/// The company's logo, where it is a picture that a PDF can hold. Read before the transaction: files may lie far away.
pub async fn logo(app: &App, actor: &Actor) -> Result<Option<Vec<u8>>, Failure> {
    let mut tx = app.db.read(actor.clone()).await?;
    let key = profiles::seller(&mut tx).await?.logo_key;
    drop(tx);
    let Some(key) = key else { return Ok(None) };
    // A logo that is gone is no reason not to invoice.
    let Ok(bytes) = app.files.get(&key).await else { return Ok(None) };
    let fits = bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"\xff\xd8\xff");
    Ok(fits.then(|| bytes.to_vec()))
}

/// The two files of a document. Takes milliseconds of computing, hence a thread of its own.
pub(super) async fn files(
    mut document: Commercial,
    logo: Option<Vec<u8>>,
    ident: String,
    at: Timestamp,
) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    document.brand.logo = logo;
    let made = tokio::task::spawn_blocking(move || {
        // The rules of the reform, before a number is spent for good.
        let findings = if commercial::goes_to_a_platform(&document) { commercial::french_rules(&document) } else { Vec::new() };
        if !findings.is_empty() {
            let found = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ; ");
            return Err(Problem::conflict(format!("La facture électronique serait refusée : {found}")));
        }
        let made = commercial::hybrid(&document, &ident, at).map_err(|error| match error {
            commercial::FacturxError::Refused(findings) => {
                let found = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ; ");
                Problem::conflict(format!("La facture électronique serait refusée : {found}"))
            }
            other => Problem::internal(other.to_string()),
        })?;
        Ok::<_, Problem>((made.pdf, made.xml))
    });
    Ok(made.await.map_err(|error| Problem::internal(error.to_string()))??)
}

/// Issues a draft; `expected` is the version that the client has read, `logo` what [`logo`] gave.
pub(crate) async fn issue(
    tx: &mut Tx,
    crypto: &Crypto,
    id: Uuid,
    expected: Option<i32>,
    logo: Option<Vec<u8>>,
) -> Result<(Row, Vec<LineRow>), Failure> {
    let (row, draft) = ops::locked_draft(tx, id, expected).await?;
    let kind = ops::kind_of(&row);
    let seller = profiles::seller(tx).await?;
    let buyer = match draft.contact_id {
        Some(contact) => buyers::buyer(tx, contact).await?,
        None => None,
    };
    let lacking = lacks(&seller, buyer.as_ref(), &draft);
    let Some(buyer) = buyer.filter(|_| lacking.is_empty()) else { return Err(Problem::validation(lacking).into()) };
    let totals = draft.totals()?;
    let today = day::today(tx).await?;
    check_rates(tx, &seller, &buyer.customer_kind, &draft, kind, today).await?;
    if kind != InvoiceKind::CreditNote && totals.gross_minor < 0 {
        return Err(Problem::field("/lines", "negative", "Un total négatif se facture par un avoir (QI-29).").into());
    }
    credit::within(tx, &row, kind, &totals).await?;
    let (listed, deductions) = deposits::of(tx, &row, kind).await?;
    let deducted_minor: i64 = deductions.iter().map(|part| part.base_minor + part.vat_minor).sum();
    deposits::within(tx, &row, kind, &totals, deducted_minor).await?;
    let preceding = credit::preceding(tx, &row).await?;
    let mentions = store::mentions(tx, today, &seller.profile.mention_set).await?;

    // From here on whoever issues in the same series waits: the lock is taken last and held for as long as the document takes to write.
    let wanted = if kind == InvoiceKind::CreditNote { numbers::CREDIT_NOTES } else { numbers::INVOICES };
    let series = store::lock_series(tx, wanted, today).await?;
    // QI-25: who began before midnight and comes after somebody who began later is issued on the later day.
    let issued_on = series.last_issue_date.map_or(today, |last| last.to_jiff().max(today));
    if issued_on > today.tomorrow().unwrap_or(today) {
        return Err(Problem::conflict("La dernière facture de la série porte une date à venir : l’horloge a reculé.").into());
    }
    accounting::unlocked(tx, issued_on).await?;
    let due = due_date(&seller, &buyer, &draft, issued_on)?;
    let (year, place) = numbers::next(series.year, series.last_number, issued_on);
    let number = numbers::written(&series.template, issued_on.year(), place);
    let document = document::commercial(Source {
        kind,
        draft: &draft,
        totals: &totals,
        seller: &seller,
        buyer: Some(&buyer),
        mentions: &mentions,
        number: Some(&number),
        issue_date: issued_on,
        due_date: Some(due),
        preceding,
        deposits: listed,
        quote: row.order_number.as_deref(),
    });
    let frozen = serde_json::to_value(&document)?;
    let (pdf, xml) = files(document, logo, id.to_string(), tx.now()).await?;
    let chain_seq = seal::lock_head(tx, wanted.0).await?;
    let search = ops::search_text(&draft, Some(&buyer.display_name), Some(&number));
    let process = document::process(kind, &draft.lines);
    let issued = Issued {
        series: wanted.0,
        number: &number,
        chain_seq,
        issue_date: issued_on,
        due_date: due,
        type_code: document::type_code(kind),
        process: &process,
        customer_kind: &buyer.customer_kind,
        buyer_name: &buyer.display_name,
        document: &frozen,
        search: &search,
        pdf: &pdf,
        xml: &xml,
        vat: &totals.vat,
        deducted_minor,
    };
    store::issue(tx, id, &issued).await?;
    if !deductions.is_empty() {
        contract::insert_deductions(tx, id, &deductions).await?;
    }
    store::advance_series(tx, wanted.0, year, place, issued_on).await?;
    seal::append(tx, &seal::Key::of(crypto), wanted.0, "invoice", id).await?;
    if let Some(original) = row.corrects_id.filter(|_| kind == InvoiceKind::CreditNote) {
        store::add_credited(tx, original, totals.gross_minor).await?;
    }
    buyers::invoiced(tx, buyer.id).await?;
    let (row, lines) = ops::get(tx, id).await?;
    tx.emit(&InvoiceEvent::new(if kind == InvoiceKind::CreditNote { "credit_note.issued" } else { "invoice.issued" }, &row));
    Ok((row, lines))
}
