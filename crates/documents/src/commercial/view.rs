//! What the template shows of a document: finished texts, in the order in which they are read.

use super::figures::Figures;
use super::model::{Address, Commercial, DocumentKind, Line, Party, Preceding};
use super::transfer::{grouped, is_creditor_reference};
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

/// Our colour, for those who have none.
const ACCENT: (u8, u8, u8) = (0x1f, 0x4f, 0xd8);

/// One document in one language.
pub(super) struct View<'a> {
    doc: &'a Commercial,
    figures: Figures<'a>,
}

/// The texts of a document for the template.
pub(super) fn view(doc: &Commercial) -> Value {
    let english = doc.lang == "en";
    View { doc, figures: Figures { english, currency: &doc.currency } }.all()
}

/// The name of a document and its number, as in its title.
pub(super) fn title(doc: &Commercial) -> String {
    let view = View { doc, figures: Figures { english: doc.lang == "en", currency: &doc.currency } };
    let number = doc.number.as_deref().unwrap_or(view.say("brouillon", "draft"));
    format!("{} {number}", view.kind())
}

impl View<'_> {
    fn say(&self, french: &'static str, english: &'static str) -> &'static str {
        if self.figures.english { english } else { french }
    }

    fn kind(&self) -> &'static str {
        match self.doc.kind {
            DocumentKind::Quote => self.say("Devis", "Quote"),
            DocumentKind::Invoice => self.say("Facture", "Invoice"),
            DocumentKind::Deposit => self.say("Facture d’acompte", "Deposit invoice"),
            DocumentKind::Situation => self.say("Facture de situation", "Progress invoice"),
            DocumentKind::Balance => self.say("Facture de solde", "Final invoice"),
            DocumentKind::CreditNote => self.say("Avoir", "Credit note"),
            DocumentKind::Corrective => self.say("Facture rectificative", "Corrective invoice"),
        }
    }

    /// Whether VAT is shown at all: not where nobody charges any for the whole document (QI-41).
    fn has_vat(&self) -> bool {
        self.doc.vat.iter().any(|part| part.vat != 0 || matches!(part.category.as_str(), "S" | "Z"))
    }

    fn with_vat(&self) -> bool {
        self.doc.prices_include_vat && self.has_vat()
    }

    fn all(&self) -> Value {
        let doc = self.doc;
        let mark = match (&doc.number, doc.simulation) {
            (_, true) => "SIMULATION",
            (None, _) => self.say("BROUILLON", "DRAFT"),
            _ => "",
        };
        let duplicate = doc.duplicate.map_or_else(String::new, |count| format!("{} {count}", self.say("DUPLICATA n°", "DUPLICATE No.")));
        let quote = doc.kind == DocumentKind::Quote;
        let (accent, on_accent) = colours(&doc.brand.accent);
        json!({
            "lang": if self.figures.english { "en" } else { "fr" },
            "accent": accent,
            "on_accent": on_accent,
            "title": title(doc),
            "kind": self.kind(),
            "reference": doc.number.as_ref().map_or(self.kind().to_owned(), |_| title(doc)),
            "number": doc.number.as_ref().map_or(String::new(), |number| format!("{} {number}", self.say("n°", "No."))),
            "mark": mark,
            "duplicate": duplicate,
            "seller": { "name": shop(&doc.seller), "lines": self.seller_lines() },
            "identity": self.identity(),
            "buyer": { "title": self.say(if quote { "Client" } else { "Facturé à" }, if quote { "Customer" } else { "Bill to" }),
                       "name": doc.buyer.name, "lines": self.buyer_lines() },
            "deliver_to": doc.deliver_to.as_ref().map(|to| json!({
                "title": self.say("Livré à", "Deliver to"), "lines": address_lines(to, &doc.seller.address) })),
            "facts": self.facts(),
            "subject": doc.title,
            "intro": doc.intro,
            "outro": doc.outro,
            "columns": self.columns(),
            "show_vat": self.has_vat(),
            "rows": self.rows(),
            "carry_out": self.say("À reporter", "Carried forward"),
            "carry_in": self.say("Report", "Brought forward"),
            "vat": self.vat_table(),
            "totals": self.totals(),
            "due": self.due(),
            "deposits": self.deposits(),
            "payment": self.payment(),
            "untaxed": self.untaxed(),
            "mentions": self.mentions(),
            "many_mentions": doc.mentions.iter().map(String::len).sum::<usize>() > 1500,
            "acceptance": self.acceptance(),
            "certificate": self.certificate(),
            "page": self.say("Page", "Page"),
        })
    }

    fn seller_lines(&self) -> Vec<String> {
        let seller = &self.doc.seller;
        let mut lines = address_lines(&seller.address, &seller.address);
        if shop(seller) != seller.name {
            lines.insert(0, seller.name.clone());
        }
        lines.extend([&seller.phone, &seller.email].into_iter().filter(|line| !line.is_empty()).cloned());
        lines.extend(seller.extra_lines.iter().cloned());
        lines
    }

    fn buyer_lines(&self) -> Vec<String> {
        let buyer = &self.doc.buyer;
        let mut lines = address_lines(&buyer.address, &self.doc.seller.address);
        lines.extend(buyer.extra_lines.iter().cloned());
        let mut numbers = Vec::new();
        if !buyer.siren.is_empty() {
            numbers.push(format!("SIREN {}", thousands(&buyer.siren)));
        }
        if !buyer.vat_number.is_empty() {
            numbers.push(format!("{} {}", self.say("TVA", "VAT"), buyer.vat_number));
        }
        lines.extend((!numbers.is_empty()).then(|| numbers.join(" · ")));
        lines
    }

    /// Who the seller is to the law, at the foot of every page (QI-03).
    fn identity(&self) -> String {
        let seller = &self.doc.seller;
        let capital = if seller.capital.is_empty() { String::new() } else { format!(" au capital de {}", seller.capital) };
        let siret = if seller.siret.is_empty() { &seller.siren } else { &seller.siret };
        let label = if seller.siret.is_empty() { "SIREN" } else { "SIRET" };
        [
            format!("{} {}{capital}", seller.name, seller.legal_form).trim().to_owned(),
            if siret.is_empty() { String::new() } else { format!("{label} {}", thousands(siret)) },
            seller.rcs.clone(),
            if seller.vat_number.is_empty() { String::new() } else { format!("{} {}", self.say("TVA", "VAT"), seller.vat_number) },
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        // A line ends between two of them, not within one.
        .map(|part| part.replace(' ', "\u{a0}"))
        .collect::<Vec<_>>()
        .join(" · ")
    }

    fn facts(&self) -> Vec<(String, String)> {
        let doc = self.doc;
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut fact = |label: &str, value: String| {
            if !value.is_empty() {
                facts.push((label.to_owned(), value));
            }
        };
        let day = |day: Option<Date>| day.map(|day| self.figures.day(day)).unwrap_or_default();
        fact(self.say("Date", "Date"), self.figures.day(doc.issue_date));
        fact(self.say("Valable jusqu’au", "Valid until"), day(doc.valid_until));
        let paid = doc.process.ends_with('2') || doc.payment.paid_on.is_some();
        fact(self.say("Échéance", "Due date"), day(doc.due_date.filter(|_| !paid)));
        fact(self.say("Réalisé le", "Supplied on"), day(doc.supply_date));
        if let Some((from, to)) = doc.supply_period {
            fact(self.say("Période", "Period"), format!("{} – {}", self.figures.day(from), self.figures.day(to)));
        }
        fact(self.say("Devis", "Quote"), doc.quote_reference.clone());
        fact(self.say("Votre commande", "Your order"), doc.order_reference.clone());
        fact(self.say("Contrat", "Contract"), doc.contract_reference.clone());
        let label = match doc.kind {
            DocumentKind::CreditNote => self.say("Annule ou réduit", "Credits"),
            DocumentKind::Corrective => self.say("Rectifie", "Corrects"),
            _ => self.say("Fait suite à", "Follows"),
        };
        for other in &doc.preceding {
            fact(label, self.named(other));
        }
        facts
    }

    fn named(&self, other: &Preceding) -> String {
        format!("{} {} {}", other.number, self.say("du", "of"), self.figures.day(other.date))
    }

    fn columns(&self) -> Value {
        let incl = self.with_vat();
        let (suffix, total) = if !self.has_vat() {
            ("", "")
        } else if incl {
            (" TTC", " TTC")
        } else {
            (" HT", " HT")
        };
        let english = if !self.has_vat() {
            ""
        } else if incl {
            " incl. VAT"
        } else {
            " excl. VAT"
        };
        let label = |french: &str, english_label: &str, part: &str| {
            if self.figures.english { format!("{english_label}{english}") } else { format!("{french}{part}") }
        };
        json!({
            "label": self.say("Désignation", "Description"),
            "quantity": self.say("Quantité", "Quantity"),
            "price": label("Prix unitaire", "Unit price", suffix),
            "vat": self.say("TVA", "VAT"),
            "total": label("Total", "Total", total),
        })
    }

    /// What a line costs as it is shown.
    fn shown(&self, line: &Line) -> i64 {
        if !self.with_vat() {
            return line.net;
        }
        line.gross.unwrap_or_else(|| {
            let cents = line
                .unit_price_incl
                .unwrap_or(line.unit_price)
                .checked_mul(line.quantity)
                .and_then(|sum| sum.checked_mul(Decimal::ONE_HUNDRED));
            cents
                .and_then(|cents| i64::try_from(cents.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)).ok())
                .unwrap_or_default()
                - line.discount
        })
    }

    fn rows(&self) -> Vec<Value> {
        let lines = &self.doc.lines;
        let mut rows = Vec::new();
        let (mut sum, mut part, mut open) = (0_i64, 0_i64, None::<&str>);
        let close = |rows: &mut Vec<Value>, part: i64, open: Option<&str>| {
            if let Some(name) = open {
                let label = format!("{} {name}", self.say("Sous-total", "Subtotal"));
                rows.push(json!({ "kind": "subtotal", "label": label, "total": self.figures.bare(part) }));
            }
        };
        for line in lines {
            if let Some(section) = &line.section {
                close(&mut rows, part, open);
                part = 0;
                open = Some(section.as_str()).filter(|name| !name.is_empty());
                if open.is_some() {
                    rows.push(json!({ "kind": "section", "label": section }));
                }
            }
            let shown = self.shown(line);
            let counts = !line.optional && !line.refused;
            if counts {
                sum = sum.saturating_add(shown);
                part = part.saturating_add(shown);
            }
            rows.push(self.row(line, shown, sum));
        }
        close(&mut rows, part, open);
        rows
    }

    fn row(&self, line: &Line, shown: i64, sum: i64) -> Value {
        let figures = &self.figures;
        let price = if self.with_vat() { line.unit_price_incl.unwrap_or(line.unit_price) } else { line.unit_price };
        let vat = match line.vat_category.as_str() {
            "S" | "Z" => figures.rate(line.vat_rate),
            "" => String::new(),
            _ => "—".to_owned(),
        };
        let mut small = Vec::new();
        if !line.reference.is_empty() {
            small.push(format!("{} {}", self.say("Réf.", "Ref."), line.reference));
        }
        if line.discount != 0 {
            let reason = if line.discount_reason.is_empty() { self.say("Remise", "Discount") } else { &line.discount_reason };
            small.push(format!("{reason} : {}", figures.money(line.discount.saturating_neg())));
        }
        let tag = if line.refused {
            self.say("Non retenu", "Not taken")
        } else if line.optional {
            self.say("Option", "Option")
        } else {
            ""
        };
        json!({
            "kind": "line",
            "label": line.label,
            "description": line.description,
            "small": small.join(" · "),
            "tag": tag,
            "out": line.refused || line.optional,
            "quantity": format!("{} {}", figures.decimal(line.quantity, 0), line.unit_label).trim().replace(' ', "\u{a0}"),
            "price": figures.decimal(price, 2),
            "vat": vat,
            "total": figures.bare(shown),
            "carry": figures.money(sum),
            "whole": line.description.chars().count() < 900,
        })
    }

    fn vat_table(&self) -> Value {
        if !self.has_vat() {
            return Value::Null;
        }
        let figures = &self.figures;
        let rows: Vec<[String; 3]> = self
            .doc
            .vat
            .iter()
            .map(|part| {
                let rate = match part.category.as_str() {
                    "S" | "Z" => figures.rate(part.rate),
                    "AE" => self.say("Autoliquidation", "Reverse charge").to_owned(),
                    _ if !part.exemption_text.is_empty() && part.exemption_text.chars().count() < 48 => part.exemption_text.clone(),
                    "O" => self.say("Hors champ", "Out of scope").to_owned(),
                    _ => self.say("Exonéré", "Exempt").to_owned(),
                };
                [rate, figures.bare(part.base), figures.bare(part.vat)]
            })
            .collect();
        json!({ "head": [self.say("Taux de TVA", "VAT rate"), self.say("Base HT", "Net"), self.say("TVA", "VAT")], "rows": rows })
    }

    fn totals(&self) -> Vec<[String; 2]> {
        let (doc, figures) = (self.doc, &self.figures);
        let totals = &doc.totals;
        let mut rows: Vec<[String; 2]> = Vec::new();
        let mut row = |label: &str, amount: i64| rows.push([label.to_owned(), figures.money(amount)]);
        let incl = self.with_vat();
        let excl = if self.has_vat() { self.say(" HT", " excl. VAT") } else { "" };
        if !doc.allowances.is_empty() {
            let lines = if incl {
                doc.lines.iter().filter(|line| !line.optional && !line.refused).map(|line| self.shown(line)).sum()
            } else {
                totals.lines
            };
            let of = if incl { self.say(" TTC", " incl. VAT") } else { excl };
            row(&format!("{}{of}", self.say("Total des lignes", "Lines")), lines);
            // One row a reason: the parts by rate are for the tax office.
            let mut reasons: Vec<(&str, i64)> = Vec::new();
            for part in &doc.allowances {
                let amount = if incl { part.gross.unwrap_or(part.amount) } else { part.amount };
                match reasons.iter_mut().find(|(reason, _)| *reason == part.reason) {
                    Some((_, sum)) => *sum += amount,
                    None => reasons.push((&part.reason, amount)),
                }
            }
            for (reason, amount) in reasons {
                row(if reason.is_empty() { self.say("Remise", "Discount") } else { reason }, -amount);
            }
        }
        if self.has_vat() {
            row(self.say("Total HT", "Total excl. VAT"), totals.net);
            row(self.say("TVA", "VAT"), totals.vat);
        }
        rows
    }

    /// Why no VAT is charged, beside the total; empty where some is.
    fn untaxed(&self) -> Vec<&str> {
        let mut reasons: Vec<&str> = Vec::new();
        for part in self.doc.vat.iter().filter(|_| !self.has_vat()) {
            if !part.exemption_text.is_empty() && !reasons.contains(&part.exemption_text.as_str()) {
                reasons.push(&part.exemption_text);
            }
        }
        reasons
    }

    /// The legal texts that are not said elsewhere.
    fn mentions(&self) -> Vec<&str> {
        let said = self.untaxed();
        self.doc.mentions.iter().map(String::as_str).filter(|mention| !mention.is_empty() && !said.contains(mention)).collect()
    }

    /// What is to be paid, after the deposits; the last row is the one that counts.
    fn due(&self) -> Value {
        let (doc, figures) = (self.doc, &self.figures);
        let totals = &doc.totals;
        let mut rows: Vec<[String; 2]> = Vec::new();
        let total = match (self.has_vat(), doc.kind) {
            (true, DocumentKind::CreditNote) => self.say("Total de l’avoir TTC", "Total credited incl. VAT"),
            (false, DocumentKind::CreditNote) => self.say("Total de l’avoir", "Total credited"),
            (true, _) => self.say("Total TTC", "Total incl. VAT"),
            (false, _) => self.say("Total", "Total"),
        };
        if totals.due == totals.gross && doc.kind != DocumentKind::Invoice {
            return json!({ "rows": rows, "last": [total, figures.money(totals.gross)], "note": self.in_euros() });
        }
        rows.push([total.to_owned(), figures.money(totals.gross)]);
        let deducted: i64 = doc.deposits.iter().map(|deposit| deposit.gross).sum();
        for deposit in &doc.deposits {
            let label = format!("{} {}", self.say("Acompte", "Deposit"), deposit.number);
            rows.push([label, figures.money(-deposit.gross)]);
        }
        let paid = totals.paid - deducted;
        if paid != 0 {
            let on = doc.payment.paid_on.map(|day| format!(" {} {}", self.say("le", "on"), figures.day(day))).unwrap_or_default();
            rows.push([format!("{}{on}", self.say("Déjà réglé", "Paid")), figures.money(-paid)]);
        }
        if totals.rounding != 0 {
            rows.push([self.say("Arrondi", "Rounding").to_owned(), figures.money(totals.rounding)]);
        }
        if rows.len() == 1 {
            rows.clear();
        }
        let last = match (doc.kind, rows.is_empty()) {
            (DocumentKind::Quote, _) => total.to_owned(),
            (_, true) if self.has_vat() => self.say("Net à payer TTC", "To pay incl. VAT").to_owned(),
            _ => self.say("Net à payer", "To pay").to_owned(),
        };
        json!({ "rows": rows, "last": [last, figures.money(totals.due)], "note": self.in_euros() })
    }

    fn in_euros(&self) -> String {
        self.doc.accounting_currency_vat.map_or_else(String::new, |vat| {
            format!("{} {}", self.say("dont TVA, en euros :", "of which VAT, in euros:"), self.figures.money_in(vat, "EUR"))
        })
    }

    fn deposits(&self) -> Value {
        let figures = &self.figures;
        let rows: Vec<[String; 4]> = self
            .doc
            .deposits
            .iter()
            .map(|deposit| {
                let vat: Vec<String> =
                    deposit.vat.iter().map(|part| format!("{} ({})", figures.bare(part.vat), figures.rate(part.rate))).collect();
                [self.named(deposit), figures.bare(deposit.net), vat.join("\n"), figures.bare(deposit.gross)]
            })
            .collect();
        if rows.is_empty() {
            return Value::Null;
        }
        let title = self.say("Acomptes déduits", "Deposits deducted");
        json!({ "title": title, "head": [title, self.say("HT", "Net"), self.say("TVA", "VAT"), self.say("TTC", "Gross")], "rows": rows })
    }

    fn payment(&self) -> Value {
        let (doc, payment) = (self.doc, &self.doc.payment);
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut fact = |label: &str, value: String| {
            if !value.is_empty() {
                facts.push((label.to_owned(), value));
            }
        };
        let paid = payment.paid_on.filter(|_| doc.totals.due == 0).map(|day| self.figures.day(day));
        fact(self.say("Moyen", "Method"), payment.method_label.clone());
        fact(self.say("Payé le", "Paid on"), paid.clone().unwrap_or_default());
        if paid.is_none() {
            fact(self.say("Conditions", "Terms"), payment.terms.clone());
        }
        if paid.is_none() && doc.kind != DocumentKind::CreditNote {
            fact("IBAN", grouped(&payment.iban));
            fact("BIC", payment.bic.clone());
            let reference = if is_creditor_reference(&payment.reference) { grouped(&payment.reference) } else { payment.reference.clone() };
            fact(self.say("Référence", "Reference"), reference);
        }
        json!({
            "title": self.say("Règlement", "Payment"),
            "facts": facts,
            "qr_text": self.say("Virement : à scanner avec l’application de votre banque", "Transfer: scan with the app of your bank"),
        })
    }

    fn certificate(&self) -> Value {
        self.doc.certificate.as_ref().map_or(Value::Null, |certificate| {
            json!({
                "title": self.say("Certificat d’acceptation", "Certificate of acceptance"),
                "signature": self.say("Signature", "Signature"),
                "intro": certificate.intro,
                "facts": certificate.facts,
                "events_title": self.say("Déroulement", "What happened"),
                "events_head": [self.say("Quand", "When"), self.say("Quoi", "What"), self.say("D’où", "From where")],
                "events": certificate.events,
                "note": certificate.note,
            })
        })
    }

    fn acceptance(&self) -> Value {
        if self.doc.kind != DocumentKind::Quote {
            return Value::Null;
        }
        let Some(acceptance) = &self.doc.acceptance else {
            return json!({ "title": self.say("Bon pour accord", "Agreed"), "open": true, "lines": [],
                           "fields": [self.say("Date", "Date"), self.say("Nom", "Name"), self.say("Signature", "Signature")] });
        };
        let mut lines = vec![format!("{} {} {} {}", self.say("Par", "By"), acceptance.name, self.say("le", "on"), acceptance.at)];
        lines.extend([&acceptance.mention, &acceptance.method].into_iter().filter(|line| !line.is_empty()).cloned());
        if !acceptance.refused.is_empty() {
            lines.push(format!("{} {}", self.say("Non retenu :", "Not taken:"), acceptance.refused.join(", ")));
        }
        json!({ "title": self.say("Accepté", "Accepted"), "open": false, "lines": lines, "fields": [] })
    }
}

/// The name over the door, or the legal one.
fn shop(party: &Party) -> &str {
    if party.trade_name.is_empty() { &party.name } else { &party.trade_name }
}

/// The lines of an address; the country only where it is another than `home`.
fn address_lines(address: &Address, home: &Address) -> Vec<String> {
    let country = |address: &Address| if address.country.is_empty() { "FR".to_owned() } else { address.country.to_uppercase() };
    let mut lines =
        vec![address.line1.clone(), address.line2.clone(), format!("{} {}", address.postal_code, address.city).trim().to_owned()];
    if country(address) != country(home) {
        lines.push(country(address));
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Digits of a SIREN or SIRET in groups of three.
fn thousands(digits: &str) -> String {
    let compact: Vec<char> = digits.chars().filter(|c| !c.is_whitespace()).collect();
    let (head, tail) = compact.split_at(compact.len().min(9));
    let groups: Vec<String> = head.chunks(3).map(|part| part.iter().collect()).collect();
    let rest: String = tail.iter().collect();
    groups.into_iter().chain((!rest.is_empty()).then_some(rest)).collect::<Vec<_>>().join("\u{a0}")
}

/// The colour of a company, darkened until white reads on it (4.5 to 1); ours where it has none.
pub fn readable_colour(accent: &str) -> String {
    colours(accent).0
}

/// The colour of the company, darkened until it reads on white, and what reads on it.
fn colours(accent: &str) -> (String, &'static str) {
    let part = |at: usize| accent.strip_prefix('#').and_then(|hex| hex.get(at..at + 2)).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let (red, green, blue) = match (part(0), part(2), part(4)) {
        (Some(red), Some(green), Some(blue)) if accent.len() == 7 => (red, green, blue),
        _ => ACCENT,
    };
    let mut parts = [red, green, blue];
    // Contrast of 4.5 to 1 with white, in whole numbers: relative luminance below 0.183.
    while luminance(parts) > 183 {
        parts = parts.map(|part| u8::try_from(u16::from(part) * 94 / 100).unwrap_or(part));
    }
    (format!("#{:02x}{:02x}{:02x}", parts[0], parts[1], parts[2]), "#ffffff")
}

/// Relative luminance in thousandths; the curve of sRGB is taken as a square with a small correction, never below the true one.
fn luminance([red, green, blue]: [u8; 3]) -> u32 {
    let linear = |part: u8| u32::from(part) * u32::from(part) * 1000 / (255 * 255);
    (linear(red) * 213 + linear(green) * 715 + linear(blue) * 72) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_that_do_not_read_on_white_are_darkened() {
        assert_eq!(colours("#1f4fd8").0, "#1f4fd8");
        assert_eq!(colours("nonsense").0, "#1f4fd8");
        assert_eq!(colours("#12é45").0, "#1f4fd8");
        let (yellow, _) = colours("#ffdd00");
        assert_ne!(yellow, "#ffdd00");
        assert!(luminance([0x99, 0x99, 0x99]) > 183 && colours("#ffffff").0.as_str() < "#999999");
    }

    fn shown(name: &str) -> Value {
        let cases = super::super::golden_cases::cases();
        view(&cases.into_iter().find(|case| case.name == name).expect("a case").doc)
    }

    #[test]
    fn who_charges_no_vat_shows_none() {
        let view = shown("franchise");
        assert_eq!((&view["show_vat"], &view["vat"], &view["columns"]["total"]), (&json!(false), &Value::Null, &json!("Total")));
        assert_eq!(view["untaxed"], json!(["TVA non applicable, art. 293 B du CGI"]));
        assert!(!view.to_string().contains("TTC") && view["totals"] == json!([]));
    }

    #[test]
    fn prices_with_vat_are_shown_as_they_were_agreed() {
        let view = shown("ttc-ecart-un-centime");
        assert_eq!((&view["columns"]["total"], &view["rows"][0]["price"]), (&json!("Total TTC"), &json!("10,50")));
        assert_eq!(view["vat"]["rows"], json!([["10\u{a0}%", "9,55", "0,95"]]));
        assert_eq!(view["due"]["rows"][1], json!(["Déjà réglé le 22/11/2026", "−10,50\u{a0}€"]));
        assert_eq!(view["due"]["last"], json!(["Net à payer", "0,00\u{a0}€"]));
    }

    #[test]
    fn a_balance_tells_each_deposit() {
        let view = shown("solde-deux-acomptes");
        assert_eq!(view["deposits"]["rows"][0], json!(["FA-2026-00008 du 05/10/2026", "300,00", "60,00 (20\u{a0}%)", "360,00"]));
        assert_eq!(view["due"]["rows"].as_array().map(Vec::len), Some(3));
        assert_eq!(view["due"]["last"][1], "600,00\u{a0}€");
    }

    #[test]
    fn sections_have_their_sums_and_options_are_in_none() {
        let line = |section: Option<&str>, net, optional| Line { section: section.map(str::to_owned), net, optional, ..Line::default() };
        let lines = vec![line(None, 100, false), line(Some("A"), 200, false), line(None, 300, true), line(Some("B"), 400, false)];
        let rows = view(&Commercial { lines, currency: "EUR".into(), ..Commercial::default() })["rows"].clone();
        let kinds: Vec<&str> = rows.as_array().expect("rows").iter().filter_map(|row| row["kind"].as_str()).collect();
        assert_eq!(kinds, ["line", "section", "line", "line", "subtotal", "section", "line", "subtotal"]);
        assert_eq!((&rows[4]["total"], &rows[7]["total"]), (&json!("2,00"), &json!("4,00")));
        assert_eq!((&rows[3]["carry"], &rows[6]["carry"]), (&json!("3,00\u{a0}€"), &json!("7,00\u{a0}€")));
    }

    #[test]
    fn numbers_of_companies_are_grouped() {
        assert_eq!(thousands("73282932000074"), "732\u{a0}829\u{a0}320\u{a0}00074");
        assert_eq!(thousands("732829320"), "732\u{a0}829\u{a0}320");
    }
}
