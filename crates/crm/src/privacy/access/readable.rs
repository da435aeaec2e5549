//! The same rows for people to read: a PDF in French, in the order in which a person would ask, without what is of use to programs only.

use super::super::letterhead::Company;
use super::gather::{Part, is_id};
use crate::custom_fields::model::Definition;
use crate::entities::model::EntityKind;
use crate::zone::Zone;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};
use vision_documents::pdf::{Dossier, Fact, Item, Section};
use vision_documents::words;
use vision_kernel::contact_point::display_phone;

/// Most rows of one table in the PDF; the JSON has them all.
const MOST: usize = 300;

/// Columns in the order in which they are read, with their labels where the staff app's words do not fit.
const LABELS: &[(&str, &str)] = &[
    ("at", "Date"),
    ("number", "Numéro"),
    ("issue_date", "Date de facture"),
    ("due_date", "Échéance"),
    ("supply_date", "Date de réalisation"),
    ("buyer_name", "Client"),
    ("order_reference", "Référence de commande"),
    ("intro", "Texte avant les lignes"),
    ("outro", "Texte après les lignes"),
    ("lines", "Lignes"),
    ("quantity", "Quantité"),
    ("net_minor", "Total HT"),
    ("vat_minor", "TVA"),
    ("gross_minor", "Total TTC"),
    ("paid_minor", "Payé"),
    ("credited_minor", "Repris par avoir"),
    ("accepted_minor", "Accepté TTC"),
    ("sent_at", "Envoyé le"),
    ("valid_until", "Valable jusqu’au"),
    ("signer_name", "Signataire"),
    ("signer_email", "Adresse du signataire"),
    ("mention", "Mention"),
    ("reason", "Motif"),
    ("user_agent", "Navigateur"),
    ("withdrawn_at", "Rétracté le"),
    ("execution", "Exécution"),
    ("withdrawal_exception", "Sans droit de rétractation"),
    ("viewed_at", "Consulté le"),
    ("answered_at", "Répondu le"),
    ("message", "Message"),
    ("method", "Moyen de paiement"),
    ("amount_minor", "Montant"),
    ("received_on", "Reçu le"),
    ("reference", "Référence"),
    ("note", "Note"),
    ("civility", ""),
    ("first_name", ""),
    ("last_name", ""),
    ("company_name", ""),
    ("company", "Société"),
    ("role", ""),
    ("job_title", ""),
    ("birthday", ""),
    ("emails", ""),
    ("phones", ""),
    ("addresses", ""),
    ("website", ""),
    ("siren", ""),
    ("siret", ""),
    ("vat_number", ""),
    ("naf", ""),
    ("language", ""),
    ("customer_kind", ""),
    ("channel", "Canal"),
    ("purpose", "Pour"),
    ("granted", "Accord"),
    ("wording", "Texte présenté"),
    ("plate", ""),
    ("vin", ""),
    ("make", ""),
    ("model", ""),
    ("energy", ""),
    ("mileage", ""),
    ("mileage_on", "Relevé le"),
    ("read_on", "Relevé le"),
    ("first_registration", ""),
    ("inspection_due", ""),
    ("serial_number", ""),
    ("species", ""),
    ("breed", ""),
    ("birth_date", ""),
    ("address", ""),
    ("since", "Depuis le"),
    ("until", "Jusqu’au"),
    ("priority", ""),
    ("due_date", ""),
    ("due_time", ""),
    ("done_at", "Faite le"),
    ("outcome", ""),
    ("result", ""),
    ("duration_minutes", ""),
    ("received_on", "Reçue le"),
    ("status", ""),
    ("identity_note", "Vérification de l’identité"),
    ("details", "Précisions"),
    ("extension_reason", "Motif de prolongation"),
    ("answered_on", "Répondu le"),
    ("answer", "Réponse"),
    ("media_type", "Type"),
    ("size", "Taille, en octets"),
    ("path", "Dans l’archive"),
    ("row_number", "Ligne"),
    ("cells", "Contenu"),
    ("warnings", "Remarques"),
    ("source", ""),
    ("recipient", "Destinataire"),
    ("due_minor", "Reste dû"),
    ("subject", "Objet"),
    ("content", "Contenu"),
    ("starts_on", "Début"),
    ("reason", "Motif"),
    ("reference", "Référence"),
    ("given_at", "Le"),
    ("confirmed_at", "Confirmé le"),
    ("ip", "Adresse IP"),
    ("written_at", "Écrite le"),
    ("custom", "Autres champs"),
    ("first_invoiced_at", "Première facture"),
    ("last_activity_at", "Dernière activité"),
    ("created_at", "Enregistré le"),
    ("changes", "Changements"),
];

/// Columns whose value is the text of the item, not a fact.
const TEXTS: &[&str] = &["body", "description"];

/// What stored words are called.
const WORDS: &[(&str, &str)] = &[
    ("cash", "Espèces"),
    ("cheque", "Chèque"),
    ("card", "Carte"),
    ("transfer", "Virement"),
    ("direct_debit", "Prélèvement"),
    ("online", "En ligne"),
    ("email", "E-mail"),
    ("sms", "SMS"),
    ("whatsapp", "WhatsApp"),
    ("call", "Appel"),
    ("offers", "Offres et nouvelles"),
    ("reminders", "Rappels"),
    ("surveys", "Avis et satisfaction"),
    ("granted", "Accord donné"),
    ("withdrawn", "Retrait ou opposition"),
    ("unknown", "Aucun accord"),
    ("web_form", "Formulaire en ligne"),
    ("paper", "Papier"),
    ("phone", "Téléphone"),
    ("in_person", "De vive voix"),
    ("portal", "Espace client"),
    ("message", "Message"),
    ("other", "Autre"),
    ("todo", "Tâche"),
    ("meeting", "Rendez-vous"),
    ("low", "Basse"),
    ("normal", "Normale"),
    ("high", "Haute"),
    ("open", "En cours"),
    ("running", "En cours"),
    ("answered", "Traitée"),
    ("refused", "Refusée"),
    ("ready", "Disponible"),
    ("checking", "En cours de contrôle"),
    ("quarantined", "Écarté : un logiciel malveillant y a été trouvé"),
    ("access", "Demande d’accès"),
    ("rectification", "Demande de rectification"),
    ("erasure", "Demande d’effacement"),
    ("restriction", "Demande de limitation"),
    ("portability", "Demande de portabilité"),
    ("objection", "Opposition"),
    ("fr", "Français"),
    ("en", "Anglais"),
    ("petrol", "Essence"),
    ("diesel", "Gazole"),
    ("electric", "Électrique"),
    ("hybrid", "Hybride"),
    ("plugin_hybrid", "Hybride rechargeable"),
    ("lpg", "GPL"),
    ("cng", "GNV"),
    ("ethanol", "Superéthanol"),
    ("hydrogen", "Hydrogène"),
];

/// Parts of an address, a number, a link, in the order in which they are said.
const IN_ORDER: &[&str] = &["line1", "line2", "postal_code", "city", "country", "email", "phone", "name"];

/// Columns that hold stored words rather than text.
const CODED: &[&str] = &["channel", "purpose", "source", "status", "priority", "language", "energy"];

/// The PDF in the making.
pub(super) struct Readable {
    zone: Zone,
    /// The company's own fields of contacts and of things.
    fields: (Vec<Definition>, Vec<Definition>),
    /// Whether the row being written is about a thing.
    of_thing: bool,
    dossier: Dossier,
    items: Vec<Item>,
}

impl Readable {
    pub(super) fn new(zone: Zone, company: &Company, person: &str, fields: (Vec<Definition>, Vec<Definition>), now: Timestamp) -> Self {
        let name = company.full_name();
        let made = zone.wall(now).strftime("%d/%m/%Y %H:%M").to_string();
        let mut dossier = company.document(format!("Données de {person}"), format!("Établi le {made}"));
        dossier.lead = vec![
            format!(
                "Voici les données que {name} détient sur vous, en réponse à votre droit d’accès (RGPD, art. 15 et 20). Le fichier donnees.json les \
                 contient toutes, sous une forme qu’un autre logiciel peut lire ; vos fichiers sont dans le dossier fichiers."
            ),
            "Elles viennent de vous, de l’équipe, ou des fichiers nommés plus bas. Elles servent au suivi de la relation commerciale et au respect des \
             obligations légales ; les destinataires sont l’équipe de l’entreprise et l’hébergeur du logiciel, son sous-traitant."
                .to_owned(),
            "Vous pouvez les faire rectifier, effacer ou limiter, vous opposer à leur usage, et saisir la CNIL (cnil.fr).".to_owned(),
        ];
        Self { zone, fields, of_thing: false, dossier, items: Vec::new() }
    }

    /// What holds now, channel by channel.
    pub(super) fn choices(&mut self, choices: &[Value]) {
        let word = |choice: &Value, key: &str| choice.get(key).and_then(Value::as_str).map(word_of).unwrap_or_default();
        let said = choices.iter().filter(|choice| choice.get("status").and_then(Value::as_str) != Some("unknown"));
        let facts: Vec<Fact> = said
            .map(|choice| (format!("{}, {}", word(choice, "channel"), word(choice, "purpose").to_lowercase()), word(choice, "status")))
            .collect();
        let note = if facts.is_empty() { "Aucun accord, aucune opposition : aucun message commercial n’est envoyé." } else { "" };
        self.dossier.sections.push(Section {
            title: "Vos choix".to_owned(),
            items: if facts.is_empty() { Vec::new() } else { vec![Item { facts, ..Item::default() }] },
            note: note.to_owned(),
            about: String::new(),
        });
    }

    /// A row of a table.
    pub(super) fn row(&mut self, part: &Part, row: &Value) {
        if part.copy || self.items.len() >= MOST {
            return;
        }
        let Some(row) = row.as_object() else { return };
        let kind = row.get("kind").and_then(Value::as_str).unwrap_or_default();
        self.of_thing = matches!(part.table, "entities" | "entity_events") || kind.starts_with("entity.");
        let title = self.title(part.table, row);
        let facts = LABELS.iter().filter_map(|(column, label)| {
            let value = self.value(column, row.get(*column)?, 0);
            let label = if label.is_empty() { words::field(column).unwrap_or(column) } else { label };
            (!value.is_empty() && value != title).then(|| (label.to_owned(), value))
        });
        let facts = facts.collect();
        let text = TEXTS.iter().filter_map(|column| row.get(*column)?.as_str()).collect::<Vec<_>>().join("\n");
        self.items.push(Item { title, facts, text });
    }

    /// The end of a table, of which there were `count` rows.
    pub(super) fn end(&mut self, part: &Part, count: usize) {
        let items = std::mem::take(&mut self.items);
        if part.copy || count == 0 {
            return;
        }
        let note = if count > items.len() { format!("{} autres lignes dans donnees.json.", count - items.len()) } else { String::new() };
        self.dossier.sections.push(Section { title: part.title.to_owned(), about: String::new(), items, note });
    }

    /// The whole, with the files that could not be found.
    pub(super) fn finish(mut self, missing: &[String]) -> Dossier {
        if !missing.is_empty() {
            let note = format!("Supprimés pendant la préparation de l’archive : {}.", missing.join(", "));
            self.dossier.sections.push(Section { title: "Fichiers absents".to_owned(), note, ..Section::default() });
        }
        self.dossier
    }

    fn instant(&self, at: Timestamp) -> String {
        self.zone.wall(at).strftime("%d/%m/%Y %H:%M").to_string()
    }

    fn title(&self, table: &str, row: &Map<String, Value>) -> String {
        let text = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
        match table {
            "timeline" | "entity_events" => {
                let action = words::action(text("kind")).unwrap_or(text("kind")).to_owned();
                if text("name").is_empty() { action } else { format!("{} · {action}", text("name")) }
            }
            "privacy_requests" => word_of(text("kind")),
            "consents" => format!("{} · {}", word_of(text("channel")), word_of(text("purpose"))),
            "tasks" => format!("{} : {}", word_of(text("kind")), text("title")),
            "entities" => format!("{} · {}", EntityKind::from_stored(text("kind")).label(), text("display_name")),
            "contacts" => text("display_name").to_owned(),
            "notes" | "note_versions" => {
                self.value("at", row.get("created_at").or_else(|| row.get("written_at")).unwrap_or(&Value::Null), 0)
            }
            "import_rows" => text("filename").to_owned(),
            _ => text("name").to_owned(),
        }
    }

    /// A value as a person reads it; empty where there is nothing to read.
    fn value(&self, column: &str, value: &Value, depth: usize) -> String {
        match value {
            Value::String(text) if is_id(text) => String::new(),
            Value::String(text) if CODED.contains(&column) => word_of(text),
            Value::String(text) if column == "phone" || column == "phones" => display_phone(text),
            Value::String(text) => self.text(text),
            Value::Bool(yes) => if *yes { "Oui" } else { "Non" }.to_owned(),
            Value::Number(number) if column == "mileage" => format!("{} km", grouped(&number.to_string())),
            Value::Number(number) => number.to_string(),
            Value::Null => String::new(),
            _ if depth > 3 => String::new(),
            Value::Array(items) if column == "changes" => {
                let lines = items.iter().filter_map(Value::as_object).map(|change| self.change(change, depth)).collect::<Vec<_>>();
                lines.join("\n")
            }
            Value::Array(items) => {
                let lines = items.iter().map(|item| self.value(column, item, depth + 1)).filter(|line| !line.is_empty());
                lines.collect::<Vec<_>>().join(if depth == 0 { "\n" } else { ", " })
            }
            Value::Object(fields) if column == "custom" => self.custom(fields),
            Value::Object(fields) => {
                let first = IN_ORDER.iter().filter_map(|key| fields.get_key_value(*key));
                let rest = fields.iter().filter(|(key, _)| !IN_ORDER.contains(&key.as_str()));
                let parts = first.chain(rest).map(|(key, value)| self.value(key, value, depth + 1)).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn change(&self, change: &Map<String, Value>, depth: usize) -> String {
        let field = change.get("field").and_then(Value::as_str).unwrap_or_default();
        let own = field.strip_prefix("custom.").and_then(|key| self.own().iter().find(|known| known.key == key));
        let label = own.map(|own| own.label.as_str()).or_else(|| words::field(field)).unwrap_or(field);
        let side = |key: &str| {
            let shown = change.get(key).map(|value| self.value(field, value, depth + 1)).unwrap_or_default();
            if shown.is_empty() { "—".to_owned() } else { shown }
        };
        format!("{label} : {} → {}", side("before"), side("after"))
    }

    fn own(&self) -> &[Definition] {
        if self.of_thing { &self.fields.1 } else { &self.fields.0 }
    }

    fn custom(&self, values: &Map<String, Value>) -> String {
        let lines = self.own().iter().filter_map(|field| {
            let value = values.get(&field.key)?;
            let written = self.text(&field.written(value));
            (!written.is_empty() && !is_id(&written)).then(|| format!("{} : {written}", field.label))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Days and instants in the company's way of writing them; any other text as it is.
    fn text(&self, text: &str) -> String {
        if text.len() == 10
            && let Ok(day) = text.parse::<Date>()
        {
            return day.strftime("%d/%m/%Y").to_string();
        }
        if (20..=35).contains(&text.len())
            && text.as_bytes().get(10) == Some(&b'T')
            && let Ok(at) = text.parse::<Timestamp>()
        {
            return self.instant(at);
        }
        text.to_owned()
    }
}

/// Digits in groups of three, as French writes them.
fn grouped(digits: &str) -> String {
    let count = digits.len();
    digits.chars().enumerate().fold(String::new(), |mut out, (n, digit)| {
        if n > 0 && (count - n).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
        out
    })
}

fn word_of(stored: &str) -> String {
    WORDS.iter().find(|(word, _)| *word == stored).map_or(stored, |(_, shown)| shown).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::registry::{Class, tables};
    use super::super::gather::PARTS;
    use super::*;

    /// Shown in a title or elsewhere, or of use to programs only.
    const ELSEWHERE: &[&str] = &[
        // The frozen document says again what its columns and lines say.
        "document",
        // The papers of an answer: what they say is said by its other columns.
        "signature_image",
        "withdrawal",
        "evidence",
        "sealed_pdf",
        "actor_name",
        "display_name",
        "email",
        "phone",
        "city",
        "name",
        "label",
        "title",
        "filename",
        "data",
        "before",
        "after",
        "search",
        "sort_name",
        "city_sort",
        "doc",
        "plate_code",
        "person_name",
        "subject_hashes",
        "certificate",
        "n",
        "t",
    ];

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped("168302"), "168\u{202f}302");
        assert_eq!(grouped("999"), "999");
        assert_eq!(grouped("1000"), "1\u{202f}000");
    }

    #[test]
    fn every_personal_column_is_shown_to_the_person() {
        for part in PARTS.iter().filter(|part| !part.copy) {
            let table = tables().find(|table| table.name == part.table).expect("registered");
            for (class, names) in table.columns {
                if !matches!(class, Class::Person(_) | Class::Free | Class::Keep(_)) {
                    continue;
                }
                for column in names.split_whitespace() {
                    let shown = LABELS.iter().any(|(label, _)| *label == column) || TEXTS.contains(&column);
                    assert!(shown || ELSEWHERE.contains(&column), "{}.{column} has no label for the person", part.table);
                }
            }
        }
    }
}
