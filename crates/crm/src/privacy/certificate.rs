//! The certificate of an erasure as a PDF: what was done, signed, to nobody by name (GD-03).

use super::letterhead::Company;
use super::registry::tables;
use crate::zone::Zone;
use jiff::Timestamp;
use serde_json::Value;
use vision_documents::pdf::{Dossier, Fact, Item, Section};

/// What a certificate says, for people.
pub(super) fn document(company: &Company, zone: &Zone, certificate: &Value) -> Dossier {
    let statement = certificate.get("statement").unwrap_or(&Value::Null);
    let text = |key: &str| statement.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let erased_at = text("erased_at");
    let at = erased_at.parse::<Timestamp>().map_or(erased_at, |at| zone.wall(at).strftime("%d/%m/%Y %H:%M").to_string());
    let about = |name: &str| tables().find(|table| table.name == name).map_or(name, |table| first_sentence(table.about)).to_owned();
    let rows = statement.get("rows").and_then(Value::as_object).into_iter().flatten();
    let rows: Vec<Fact> = rows.map(|(table, count)| (count.to_string(), about(table))).collect();
    let list = |key: &str| statement.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let kept: Vec<Item> = list("kept")
        .iter()
        .map(|one| {
            let part = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
            Item { title: about(part("table")), text: part("reason").to_owned(), ..Item::default() }
        })
        .collect();
    let hashes: Vec<Fact> =
        list("subject_hashes").iter().filter_map(Value::as_str).map(|hash| ("Empreinte".to_owned(), hash.to_owned())).collect();
    let proof = vec![
        ("Demande".to_owned(), text("request_id")),
        ("Entreprise".to_owned(), text("company_id")),
        ("Signature".to_owned(), certificate.get("signature").and_then(Value::as_str).unwrap_or_default().to_owned()),
    ];
    let facts = |facts: Vec<Fact>| if facts.is_empty() { Vec::new() } else { vec![Item { facts, ..Item::default() }] };
    let mut document = company.document("Attestation d’effacement".to_owned(), format!("Effacement terminé le {at}"));
    document.lead = vec![
        format!(
            "{} atteste avoir effacé, à la date ci-dessus, les données d’une personne qui en avait fait la demande ou dont la durée de conservation était \
             atteinte (RGPD, art. 17).",
            company.full_name()
        ),
        "Cette attestation ne nomme personne : elle désigne la personne par des empreintes à clé de ses adresses, que seule l’entreprise peut recalculer."
            .to_owned(),
    ];
    document.sections = vec![
        Section {
            title: "Effacé ou anonymisé".to_owned(),
            about: "Nombre de lignes, par endroit.".to_owned(),
            items: facts(rows),
            ..Section::default()
        },
        Section { title: "Conservé, et pourquoi".to_owned(), items: kept, ..Section::default() },
        Section { title: "Empreintes de la personne".to_owned(), items: facts(hashes), ..Section::default() },
        Section {
            title: "Preuve".to_owned(),
            about: "La signature porte sur l’énoncé complet, que l’entreprise conserve avec la demande.".to_owned(),
            items: facts(proof),
            ..Section::default()
        },
    ];
    document.sections.retain(|section| !section.items.is_empty());
    document
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_sentence_says_what_a_table_holds() {
        assert_eq!(
            super::first_sentence("Notes de l’équipe sur une fiche. Aussi longtemps que la fiche."),
            "Notes de l’équipe sur une fiche"
        );
        assert_eq!(super::first_sentence("Étiquettes posées sur une fiche."), "Étiquettes posées sur une fiche");
    }
}
