//! The fields of tasks in files, and what the headers of usual files mean: Outlook, Todoist, Trello, Google, Planner, Asana.

use super::super::engine::normal_header;
use super::words::kind_of;

/// A field: its key, the group that it is shown in, the headers that mean it.
pub(crate) struct Info {
    pub key: &'static str,
    pub group: &'static str,
    names: &'static str,
}

const fn info(key: &'static str, group: &'static str, names: &'static str) -> Info {
    Info { key, group, names }
}

/// Every field, in the order of the screen.
pub(crate) const FIELDS: &[Info] = &[
    info(
        "title",
        "task",
        "titre|objet|sujet|tache|intitule|libelle|nom de la tache|nom|a faire|title|subject|task|task name|name|content|card name|summary",
    ),
    info("task_kind", "task", ""),
    info(
        "due_date",
        "task",
        "echeance|date d echeance|date echeance|date due|a faire le|a faire pour le|pour le|date limite|date|due|due date|deadline|due on|due at",
    ),
    info("due_time", "task", "heure|heure d echeance|heure echeance|due time|time"),
    info("priority", "task", "priorite|importance|urgence|priority"),
    info(
        "assignee",
        "task",
        "assigne a|assignee|assigne|affecte a|attribue a|responsable|attribuee a|confie a|membres|assigned to|responsible|members|owner",
    ),
    info(
        "description",
        "task",
        "description|notes|note|commentaire|commentaires|details|detail|remarque|remarques|card description|comment|comments|body",
    ),
    info(
        "status",
        "done",
        "statut|etat|status|progress|avancement|progression|acheve|complete|due complete|fait|faite|termine|terminee|done",
    ),
    info(
        "done_at",
        "done",
        "date d achevement|date achevement|fait le|faite le|termine le|terminee le|date de fin reelle|date completed|completed|completed at|\
         completed date|completed on|completion date|date de realisation|realise le|done on",
    ),
    info("outcome", "done", "issue|resultat|resultat de l appel|outcome"),
    info("result", "done", "compte rendu|bilan|result"),
    info(
        "contact_name",
        "subject",
        "contact|contacts|client|nom client|nom du client|nom du contact|fiche|fiche liee|nom complet|customer|customer name|related to",
    ),
    info("contact_email", "subject", "e mail|email|mail|courriel|e mail client|email client|mail client|e mail du contact|adresse e mail"),
    info(
        "contact_phone",
        "subject",
        "telephone|tel|portable|mobile|telephone client|tel client|portable client|telephone du contact|phone",
    ),
    info("contact_siren", "subject", "siren|siret|siren client|siret client|n siren|n siret"),
    info(
        "plate",
        "subject",
        "immatriculation|immat|plaque|plaque d immatriculation|n immatriculation|numero d immatriculation|vehicule|license plate|plate|vehicle",
    ),
];

/// Guesses the field of each column.
pub(crate) fn guess(headers: &[String], samples: &[Vec<String>]) -> Vec<Option<String>> {
    let values =
        |column: usize| samples.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let normals: Vec<String> = headers.iter().map(|header| normal_header(header)).collect();
    let mut mapping: Vec<Option<String>> = Vec::with_capacity(headers.len());
    for (column, header) in normals.iter().enumerate() {
        let field = match header.as_str() {
            // Todoist tells tasks from sections there; other programs keep something else under these words.
            "type" | "kind" | "genre" | "nature" | "categorie" | "type de tache" => {
                let understood = values(column).filter(|text| kind_of(text).is_some()).count();
                (understood > 0 && understood * 2 >= values(column).count()).then_some("task_kind")
            }
            other => FIELDS.iter().find(|info| info.names.split('|').any(|name| name == other)).map(|info| info.key),
        };
        // The first column of a field has it, unless it is empty.
        let taken = field.and_then(|field| mapping.iter().position(|known| known.as_deref() == Some(field)));
        if let Some(earlier) = taken {
            if values(earlier).next().is_some() || values(column).next().is_none() {
                mapping.push(None);
                continue;
            }
            if let Some(place) = mapping.get_mut(earlier) {
                *place = None;
            }
        }
        mapping.push(field.map(str::to_owned));
    }
    mapping
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(headers: &str, sample: &str) -> String {
        let split = |line: &str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
        let mapping = guess(&split(headers), &[split(sample)]);
        mapping.iter().map(|key| key.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn no_header_has_two_meanings_and_all_are_in_normal_form() {
        let mut seen = std::collections::HashSet::new();
        for name in FIELDS.iter().flat_map(|info| info.names.split('|')).filter(|name| !name.is_empty()) {
            assert_eq!(normal_header(name), name);
            assert!(seen.insert(name), "{name}");
        }
    }

    #[test]
    fn files_of_usual_programs_are_understood() {
        assert_eq!(
            guessed("Objet;Date de début;Date d'échéance;Date d’achèvement;% achevé;Contacts;Notes;Priorité;Statut", ";;;;;;;;Terminée"),
            "title - due_date done_at - contact_name description priority status"
        );
        assert_eq!(guessed("Subject;Start Date;Due Date;Priority;Status;Notes", ""), "title - due_date priority status description");
        assert_eq!(
            guessed("TYPE;CONTENT;DESCRIPTION;PRIORITY;INDENT;AUTHOR;RESPONSIBLE;DATE", "task;x;;4;1;a;b;"),
            "task_kind title description priority - - assignee due_date"
        );
        assert_eq!(
            guessed("Card ID;Card Name;Card Description;Due Date;List Name;Members;Due Complete", ""),
            "- title description due_date - assignee status"
        );
        assert_eq!(guessed("Title;Notes;Due;Status;Completed", ""), "title description due_date status done_at");
        assert_eq!(
            guessed("Type;Titre;Échéance;Heure;Client;Téléphone;Immat", "RDV;x;;;;;"),
            "task_kind title due_date due_time contact_name contact_phone plate"
        );
        assert_eq!(guessed("Type;Titre", "Urgent;x"), "- title");
    }
}
