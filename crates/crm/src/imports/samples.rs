//! An example of each kind of file, to fill in: the headers that are understood, and two rows.

use super::target::Kind;
use std::path::Path;
use vision_documents::{Cell, DocumentError, TableWriter};

/// The name of the file.
pub(crate) fn file_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Contacts => "exemple-contacts.csv",
        Kind::Entities => "exemple-vehicules.csv",
        Kind::Tasks => "exemple-taches.csv",
    }
}

const TASKS: &[&[&str]] = &[
    &["Type", "Titre", "Échéance", "Heure", "Priorité", "Assigné à", "Client", "E-mail", "Immatriculation", "Statut", "Fait le", "Notes"],
    &["Appel", "Rappeler pour le devis", "02/12/2026", "14h30", "Haute", "", "", "", "", "À faire", "", "Plutôt l’après-midi"],
    &["Tâche", "Commander les pneus", "27/11/2026", "", "Normale", "", "", "", "", "Terminé", "26/11/2026", "4 pneus hiver"],
];

fn rows(kind: Kind) -> &'static [&'static [&'static str]] {
    match kind {
        Kind::Contacts => &[
            &[
                "Civilité",
                "Prénom",
                "Nom",
                "Société",
                "E-mail",
                "Téléphone",
                "Adresse",
                "Code postal",
                "Ville",
                "SIREN",
                "Étiquettes",
                "Notes",
            ],
            &[
                "Mme",
                "Éloïse",
                "Dupré",
                "",
                "eloise.dupre@exemple.fr",
                "06 12 34 56 78",
                "12 rue de l’Église",
                "69003",
                "Lyon",
                "",
                "fidèle, VIP",
                "",
            ],
            &[
                "",
                "",
                "",
                "Taxis Lumière",
                "contact@taxis-lumiere.example",
                "04 72 00 00 00",
                "",
                "69001",
                "Lyon",
                "732829320",
                "",
                "Flotte de 12 voitures",
            ],
        ],
        Kind::Entities => &[
            &[
                "Type",
                "Immatriculation",
                "VIN",
                "Marque",
                "Modèle",
                "Énergie",
                "1re mise en circulation",
                "Contrôle technique avant",
                "Kilométrage",
                "Relevé le",
                "Client",
                "Téléphone",
                "E-mail",
            ],
            &[
                "Véhicule",
                "AB-123-CD",
                "",
                "Peugeot",
                "208",
                "Essence",
                "02/04/2019",
                "01/04/2027",
                "52 000",
                "24/11/2026",
                "Éloïse Dupré",
                "06 12 34 56 78",
                "",
            ],
            &[
                "Véhicule",
                "1234 AB 69",
                "",
                "Renault",
                "4L",
                "Essence",
                "01/06/1972",
                "",
                "98 500",
                "",
                "Taxis Lumière",
                "",
                "contact@taxis-lumiere.example",
            ],
        ],
        Kind::Tasks => TASKS,
    }
}

/// Writes the example.
pub(crate) fn write(kind: Kind, path: &Path) -> Result<(), DocumentError> {
    let [headers, rows @ ..] = rows(kind) else { return Ok(()) };
    let mut table = TableWriter::csv(path, headers)?;
    for row in rows {
        table.row(&row.iter().map(|cell| Cell::Text(cell)).collect::<Vec<_>>())?;
    }
    table.finish()?;
    Ok(())
}
