//! A reminder as a letter.

use crate::profiles::Seller;
use jiff::Timestamp;
use uuid::Uuid;
use vision_crm::contacts::buyers::Buyer;
use vision_documents::DocumentError;
use vision_documents::pdf::{Dossier, Item, Section, dossier};

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
