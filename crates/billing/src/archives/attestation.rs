//! The individual attestation of article 286 of the tax code, filled in from the profile (IS-03). It states what the software does; what only a
//! person can certify is left for their signature.

use crate::profiles::Seller;
use jiff::Timestamp;
use jiff::civil::Date;
use vision_documents::DocumentError;
use vision_documents::pdf::{Dossier, Item, Section, dossier};

/// Root of the version, which the attestation is valid for (IS-03).
pub(super) fn major() -> &'static str {
    env!("CARGO_PKG_VERSION_MAJOR")
}

fn section(title: &str, text: &str, facts: Vec<(String, String)>) -> Section {
    Section { title: title.to_owned(), items: vec![Item { title: String::new(), facts, text: text.to_owned() }], ..Section::default() }
}

fn fact(label: &str, value: impl Into<String>) -> (String, String) {
    (label.to_owned(), value.into())
}

/// The document.
pub(super) fn pdf(seller: &Seller, zone: &str, first_used: Option<Date>, at: Timestamp) -> Result<Vec<u8>, DocumentError> {
    let name = seller.legal_name.clone().unwrap_or_else(|| seller.name.clone());
    let address = [&seller.address_line1, &seller.address_line2].into_iter().flatten().cloned();
    let town = [&seller.postal_code, &seller.city].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = address.chain([town]).filter(|line| !line.is_empty()).collect();
    let day = at.in_tz(zone).map_or_else(|_| at.to_string(), |zoned| zoned.strftime("%d/%m/%Y").to_string());
    let version = env!("CARGO_PKG_VERSION");
    let none = "………………………………".to_owned();
    let missing = |value: &Option<String>| value.clone().filter(|value| !value.is_empty()).unwrap_or_else(|| none.clone());
    let document = Dossier {
        lang: "fr".to_owned(),
        company: name.clone(),
        company_lines: lines.clone(),
        accent: seller.accent_color.clone().unwrap_or_else(|| "#1f5fbf".to_owned()),
        title: "Attestation individuelle relative à l’utilisation d’un logiciel de caisse".to_owned(),
        subtitle: format!("Article 286, I, 3° bis du code général des impôts · préparée le {day}"),
        lead: vec![
            "Ce document est prérempli selon le modèle d’attestation individuelle. Il ne vaut attestation qu’une fois daté et signé par l’éditeur du logiciel (volet 1) et par l’entreprise qui l’utilise (volet 2).".to_owned(),
            "La délivrance ou l’usage d’une fausse attestation est puni par l’article 441-1 du code pénal.".to_owned(),
        ],
        sections: vec![
            section(
                "Volet 1 – à signer par l’éditeur",
                &format!(
                    "Je soussigné(e), représentant légal de l’éditeur du logiciel désigné ci-dessous, atteste que ce logiciel, dans sa version majeure {}, satisfait aux conditions d’inaltérabilité, de sécurisation, de conservation et d’archivage des données prévues au 3° bis du I de l’article 286 du code général des impôts.",
                    major()
                ),
                vec![
                    fact("Éditeur (dénomination, SIREN, adresse)", none.clone()),
                    fact("Logiciel", "Vision CRM"),
                    fact("Version majeure couverte", format!("{}.x", major())),
                    fact("Version mineure installée ce jour", version),
                    fact("Utilisateur", name.clone()),
                    fact("SIREN de l’utilisateur", missing(&seller.siren)),
                    fact("Fait à, le", none.clone()),
                    fact("Nom, qualité et signature", none.clone()),
                ],
            ),
            section(
                "Comment le logiciel y répond",
                "",
                vec![
                    fact("Inaltérabilité", "Factures émises et encaissements ne se modifient ni ne s’effacent ; une erreur se corrige par un avoir ou par une écriture contraire, toutes deux visibles."),
                    fact("Sécurisation", "Chaque enregistrement est chaîné au précédent (SHA-256) et signé (Ed25519) par une clé que l’entreprise ne détient pas ; la page « Numérotation prouvée » relit toutes les chaînes."),
                    fact("Conservation", "Clôtures quotidiennes, mensuelles et annuelles, avec total de période, cumul et total perpétuel ; le détail ligne à ligne reste conservé."),
                    fact("Archivage", "Archive de toute période close, en format ouvert, avec empreintes et signature, vérifiable sans le logiciel."),
                ],
            ),
            section(
                "Volet 2 – à signer par l’entreprise utilisatrice",
                "Je soussigné(e), représentant légal de l’entreprise désignée ci-dessous, certifie utiliser le logiciel désigné au volet 1 pour enregistrer les règlements de mes clients.",
                vec![
                    fact("Entreprise", name),
                    fact("SIREN", missing(&seller.siren)),
                    fact("Adresse", if lines.is_empty() { none.clone() } else { lines.join(", ") }),
                    fact("Utilisé depuis le", first_used.map_or_else(|| none.clone(), |day| day.strftime("%d/%m/%Y").to_string())),
                    fact("Logiciel et version", format!("Vision CRM, version majeure {}", major())),
                    fact("Fait à, le", none.clone()),
                    fact("Nom, qualité et signature", none),
                ],
            ),
        ],
        page_words: ("Page".to_owned(), "sur".to_owned()),
    };
    dossier(&document, &format!("attestation-{}-{}", seller.siren.as_deref().unwrap_or("sans-siren"), major()), at)
}
