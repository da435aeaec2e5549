//! A reminder as a mail and as a letter.

use crate::profiles::Seller;
use jiff::Timestamp;
use uuid::Uuid;
use vision_crm::contacts::buyers::Buyer;
use vision_documents::DocumentError;
use vision_documents::pdf::{Dossier, Item, Section, dossier};
use vision_platform::App;
use vision_platform::mailbox::{MailMessage, SendMail};

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The sender: the company's name at the address from which this instance sends.
fn sender(app: &App, seller: &Seller) -> String {
    let from = &app.config.mail_from;
    let address = from.rsplit_once('<').map_or(from.as_str(), |(_, rest)| rest.trim_end_matches('>'));
    let name: String = seller.name.chars().filter(|c| !matches!(c, '<' | '>' | '"') && !c.is_control()).collect();
    format!("{name} <{address}>")
}

/// The mail. It says who writes and how to answer; nothing else stands in it.
pub(super) fn mail(app: &App, seller: &Seller, id: Uuid, to: &str, subject: &str, body: &str) -> SendMail {
    let paragraphs: String =
        body.split("\n\n").map(|part| format!("<p style=\"margin:0 0 16px\">{}</p>", escape(part).replace('\n', "<br>"))).collect();
    let identity = [
        seller.legal_name.as_ref(),
        seller.address_line1.as_ref(),
        seller.postal_code.as_ref(),
        seller.city.as_ref(),
        seller.email.as_ref(),
    ];
    let identity = identity.into_iter().flatten().cloned().collect::<Vec<_>>().join(" · ");
    let html = format!(
        "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\
         <body style=\"margin:0;background:#f4f5f7;font-family:Arial,Helvetica,sans-serif;color:#1b1f24\"><div style=\"max-width:560px;margin:0 auto;padding:24px\">\
         <p style=\"font-weight:bold;font-size:18px\">{}</p><div style=\"background:#fff;border:1px solid #dfe3e8;border-radius:8px;padding:24px;font-size:15px;line-height:1.5\">{paragraphs}</div>\
         <p style=\"color:#5a616b;font-size:12px;line-height:1.5\">{}</p></div></body></html>",
        escape(&seller.name),
        escape(&identity)
    );
    let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    SendMail {
        message: MailMessage { id, to: to.to_owned(), from: sender(app, seller), subject, html, text: format!("{body}\n\n{identity}\n") },
    }
}

/// What a letter says, and to whom.
pub(super) struct Letter<'a> {
    pub id: Uuid,
    pub at: Timestamp,
    pub buyer: Option<&'a Buyer>,
    pub name: &'a str,
    pub subject: &'a str,
    pub body: &'a str,
}

/// The letter, to print and post.
pub(super) fn pdf(seller: &Seller, letter: &Letter<'_>, zone: &str) -> Result<Vec<u8>, DocumentError> {
    let line = |parts: &[&Option<String>]| parts.iter().filter_map(|part| part.as_deref()).collect::<Vec<_>>().join(" ");
    let company = [
        seller.address_line1.clone().unwrap_or_default(),
        seller.address_line2.clone().unwrap_or_default(),
        line(&[&seller.postal_code, &seller.city]),
        seller.phone.clone().unwrap_or_default(),
        seller.email.clone().unwrap_or_default(),
        seller.siren.as_ref().map_or_else(String::new, |siren| format!("SIREN {siren}")),
    ];
    let at = letter.at;
    let address = letter.buyer.and_then(|buyer| buyer.addresses.0.first());
    let recipient = address.map_or_else(Vec::new, |address| {
        vec![
            address.line1.clone().unwrap_or_default(),
            address.line2.clone().unwrap_or_default(),
            line(&[&address.postal_code, &address.city]),
        ]
    });
    let to: Vec<String> = std::iter::once(letter.name.to_owned()).chain(recipient).filter(|part| !part.is_empty()).collect();
    let day = at.in_tz(zone).map_or_else(|_| String::new(), |zoned| zoned.strftime("%d/%m/%Y").to_string());
    let place = seller.city.as_ref().map_or_else(|| format!("Le {day}"), |city| format!("{city}, le {day}"));
    let item = |text: String| vec![Item { text, ..Item::default() }];
    let document = Dossier {
        lang: "fr".to_owned(),
        company: seller.legal_name.clone().unwrap_or_else(|| seller.name.clone()),
        company_lines: company.into_iter().filter(|part| !part.is_empty()).collect(),
        accent: seller.accent_color.clone().unwrap_or_else(|| "#1f5fbf".to_owned()),
        title: letter.subject.to_owned(),
        subtitle: place,
        lead: Vec::new(),
        sections: vec![
            Section { title: "Destinataire".to_owned(), items: item(to.join("\n")), ..Section::default() },
            Section {
                title: "Lettre recommandée avec avis de réception".to_owned(),
                items: item(letter.body.to_owned()),
                ..Section::default()
            },
        ],
        page_words: ("Page".to_owned(), "sur".to_owned()),
    };
    dossier(&document, &letter.id.to_string(), at)
}
