//! The entries of a fiscal year: one a document, one a receipt, each balanced by its making.

use super::accounts::Accounts;
use super::fec::{COLUMNS, Line, letters};
use super::store::{self, Booked, Receipt};
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::{HashMap, VecDeque};
use std::io::Write;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_kernel::totals::split;
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, JobContext, Tx};

/// Rows per read.
const BATCH: i64 = 1000;

/// Letters and day of each invoice that was settled within its year.
type Lettered = HashMap<Uuid, (String, Date)>;

/// The customer's own account: short, and the same for ever.
fn auxiliary(contact: Option<Uuid>, name: &str) -> (String, String) {
    let code = contact.map_or_else(
        || "CDIVERS".to_owned(),
        |id| {
            let text = id.simple().to_string().to_uppercase();
            format!("C{}", text.get(20..).unwrap_or_default())
        },
    );
    let name = name.trim();
    (code, if name.is_empty() { "Clients divers".to_owned() } else { name.to_owned() })
}

fn rate_words(category: &str, rate: Decimal) -> String {
    if category == "S" { format!("{} %", rate.normalize().to_string().replace('.', ",")) } else { "sans TVA".to_owned() }
}

/// The entry of a document: what the customer owes against sales and VAT; the other way round for a credit note.
fn sale(accounts: &Accounts, document: &Booked, number: u64, lettered: &Lettered) -> Vec<Line> {
    let issued = document.issue_date.to_jiff();
    let sign = if document.kind == "credit_note" { -1 } else { 1 };
    let buyer = document.buyer_name.clone().unwrap_or_default();
    let what = match document.kind.as_str() {
        "credit_note" => "Avoir",
        "deposit" => "Acompte",
        _ => "Facture",
    };
    let line = |account: String, account_name: String, amount_minor: i64| Line {
        journal: accounts.of("journal.sales"),
        journal_name: "Ventes".to_owned(),
        number,
        date: issued,
        account,
        account_name,
        piece: document.number.clone(),
        piece_date: issued,
        label: format!("{what} {} {buyer}", document.number),
        amount_minor: amount_minor * sign,
        valid: issued,
        ..Line::default()
    };
    let (code, name) = auxiliary(document.contact_id, &buyer);
    let settles = if sign < 0 { document.corrects_id } else { Some(document.id) };
    let mut lines = vec![Line {
        auxiliary: code,
        auxiliary_name: name,
        letter: settles.and_then(|id| lettered.get(&id).cloned()),
        ..line(accounts.of("customers"), "Clients".to_owned(), document.gross_minor)
    }];
    for (category, rate, base, vat, natures, deposit_base, deposit_vat) in &document.rates.0 {
        let rate: Decimal = rate.parse().unwrap_or_default();
        let shown = rate_words(category, rate);
        // The document's discount is spread over natures as it was over rates (QI-51).
        let weights: Vec<i64> = natures.iter().map(|(_, net)| *net).collect();
        let parts = if weights.iter().sum::<i64>() == 0 { Vec::new() } else { split(*base, &weights) };
        // QI-32: what was received in advance becomes sales with the balance.
        lines.push(line(accounts.of("deposits"), "Clients – avances et acomptes reçus".to_owned(), *deposit_base));
        if document.kind == "deposit" || document.corrects_kind.as_deref() == Some("deposit") {
            lines.push(line(accounts.of("deposits"), "Clients – avances et acomptes reçus".to_owned(), -base));
        } else if parts.is_empty() {
            lines.push(line(accounts.at("sales.service", rate), format!("Prestations de services {shown}"), -base));
        } else {
            for ((nature, _), part) in natures.iter().zip(parts) {
                let (key, words) = if nature == "goods" {
                    ("sales.goods", "Ventes de marchandises")
                } else {
                    ("sales.service", "Prestations de services")
                };
                lines.push(line(accounts.at(key, rate), format!("{words} {shown}"), -part));
            }
        }
        lines.push(line(accounts.at("vat", rate), format!("TVA collectée {shown}"), deposit_vat - vat));
    }
    lines.retain(|line| line.amount_minor != 0);
    lines
}

/// The entry of a receipt, or of its reversal.
fn receipt(accounts: &Accounts, row: &Receipt, number: u64, lettered: &Lettered) -> Vec<Line> {
    let (key, words) = match row.method.as_str() {
        "cash" => ("money.cash", "Caisse"),
        "cheque" => ("money.cheque", "Chèques à encaisser"),
        "card" => ("money.card", "Cartes bancaires à encaisser"),
        "direct_debit" => ("money.direct_debit", "Banque"),
        "online" => ("money.online", "Paiements en ligne à encaisser"),
        _ => ("money.transfer", "Banque"),
    };
    let cash = row.method == "cash";
    let buyer = row.buyer_name.clone().unwrap_or_default();
    let invoice = row.invoice_number.clone().unwrap_or_default();
    let what = if row.amount_minor < 0 { "Annulation d’encaissement" } else { "Encaissement" };
    let line = |account: String, account_name: &str, amount_minor: i64| Line {
        journal: accounts.of(if cash { "journal.cash" } else { "journal.bank" }),
        journal_name: if cash { "Caisse" } else { "Banque" }.to_owned(),
        number,
        date: row.received_on.to_jiff(),
        account,
        account_name: account_name.to_owned(),
        // The till's own number: there is one for each entry, whatever was written on a cheque.
        piece: format!("ENC-{}", row.chain_seq),
        piece_date: row.received_on.to_jiff(),
        label: [what, invoice.as_str(), buyer.as_str(), row.reference.as_deref().unwrap_or_default()].join(" ").trim().to_owned(),
        amount_minor,
        valid: row.entered_on.to_jiff(),
        ..Line::default()
    };
    let (code, name) = auxiliary(row.contact_id, &buyer);
    let customer = Line {
        auxiliary: code,
        auxiliary_name: name,
        letter: row.invoice_id.and_then(|id| lettered.get(&id).cloned()),
        ..line(accounts.of("customers"), "Clients", -row.amount_minor)
    };
    vec![line(accounts.of(key), words, row.amount_minor), customer]
}

/// Letters for what is settled within the year.
async fn lettered(tx: &mut Tx, from: Date, to: Date) -> Result<Lettered, Failure> {
    let (mut all, mut after) = (Lettered::new(), None);
    loop {
        let batch = store::booked(tx, from, to, after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(all) };
        after = Some((last.issue_date.to_jiff(), last.id));
        for document in batch {
            let settled = document.kind != "credit_note" && document.gross_minor > 0 && document.settled_minor == document.gross_minor;
            if let Some(on) = document.settled_on.filter(|_| settled) {
                let place = u64::try_from(all.len()).unwrap_or_default();
                all.insert(document.id, (letters(place), on.to_jiff()));
            }
        }
    }
}

/// Writes the file of a fiscal year; `Ok(false)` when it was stopped. Entries are sorted by the day of validation (FE-04).
pub(super) async fn write(
    tx: &mut Tx,
    accounts: &Accounts,
    (from, to): (Date, Date),
    out: &mut (dyn Write + Send),
    watched: Option<(&JobContext, &BackgroundJob)>,
) -> Result<bool, Failure> {
    let failed = |error: std::io::Error| Failure::from(Problem::internal(error));
    let lettered = lettered(tx, from, to).await?;
    out.write_all(format!("{}\r\n", COLUMNS.join("\t")).as_bytes()).map_err(failed)?;
    let (mut sales, mut receipts): (VecDeque<Booked>, VecDeque<Receipt>) = Default::default();
    let (mut sales_after, mut receipts_after, mut sales_done, mut receipts_done) = (None, None, false, false);
    let mut numbers: HashMap<String, u64> = HashMap::new();
    let mut done = 0_i64;
    loop {
        if sales.is_empty() && !sales_done {
            sales = store::booked(tx, from, to, sales_after, BATCH).await?.into();
            sales_done = sales.is_empty();
            sales_after = sales.back().map(|row| (row.issue_date.to_jiff(), row.id));
        }
        if receipts.is_empty() && !receipts_done {
            receipts = store::entered(tx, from, to, receipts_after, BATCH).await?.into();
            receipts_done = receipts.is_empty();
            receipts_after = receipts.back().map(|row| (row.entered_on.to_jiff(), row.id));
        }
        // Of one day, what was sold comes before what was paid.
        let sale_first = match (sales.front(), receipts.front()) {
            (Some(sold), Some(paid)) => sold.issue_date.to_jiff() <= paid.entered_on.to_jiff(),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        let mut next = |journal: String| {
            let number = numbers.entry(journal).or_default();
            *number += 1;
            *number
        };
        let lines = if sale_first {
            sales.pop_front().map(|row| {
                let empty = row.gross_minor == 0 && row.rates.0.iter().all(|(_, _, base, vat, ..)| *base == 0 && *vat == 0);
                if empty { Vec::new() } else { sale(accounts, &row, next(accounts.of("journal.sales")), &lettered) }
            })
        } else {
            receipts.pop_front().map(|row| {
                let journal = accounts.of(if row.method == "cash" { "journal.cash" } else { "journal.bank" });
                receipt(accounts, &row, next(journal), &lettered)
            })
        };
        for line in lines.unwrap_or_default() {
            out.write_all(format!("{}\r\n", line.written()).as_bytes()).map_err(failed)?;
        }
        done += 1;
        if done % BATCH == 0
            && let Some((ctx, job)) = watched
        {
            let mut beside = ctx.begin().await?;
            let go_on = background::advance(&mut beside, job.id, done, job.total.max(done), None).await?;
            beside.commit().await?;
            if !go_on {
                return Ok(false);
            }
        }
    }
    out.flush().map_err(failed)?;
    Ok(true)
}
