//! The fields of things in files, and what the headers of usual files mean: those of French garages, and those of our own export.

use super::super::engine::normal_header;
use super::row::kind_of;
use vision_kernel::Vin;

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
    info("kind", "thing", ""),
    info(
        "name",
        "thing",
        "designation|libelle|vehicule|nom du vehicule|marque modele|marque et modele|nom du bien|nom de l animal|animal|thing|vehicle",
    ),
    info(
        "plate",
        "vehicle",
        "immatriculation|immat|n immat|no immat|numero immat|immatriculation actuelle|immatriculation vehicule|plaque|plaque d immatriculation|\
         plaque immatriculation|numero d immatriculation|numero immatriculation|n immatriculation|n d immatriculation|no immatriculation|\
         registration|registration number|license plate|licence plate|plate",
    ),
    info("plate_country", "vehicle", "pays|pays d immatriculation|pays immatriculation|pays plaque|country"),
    info(
        "vin",
        "vehicle",
        "vin|n vin|no vin|numero vin|numero de vin|code vin|chassis|n chassis|no chassis|numero chassis|numero de chassis|n de chassis|\
         vin chassis|chassis vin|n de serie vin|numero de serie vin",
    ),
    info("make", "thing", "marque|constructeur|fabricant|make|brand"),
    info("model", "thing", "modele|modele commercial|denomination commerciale|gamme|model"),
    info("energy", "vehicle", "energie|carburant|type de carburant|type carburant|motorisation|fuel|fuel type|energy"),
    info(
        "first_registration",
        "vehicle",
        "1re mise en circulation|1ere mise en circulation|premiere mise en circulation|mise en circulation|date de mise en circulation|\
         date mise en circulation|date de 1ere mise en circulation|date 1ere mise en circulation|date de premiere mise en circulation|mec|date mec|\
         1ere mec|1re mec|date 1ere mec|date 1re mec|date de 1ere mec|date premiere mec|date de premiere immatriculation|date 1ere immatriculation|\
         1ere immatriculation|premiere immatriculation|first registration",
    ),
    info(
        "inspection_due",
        "vehicle",
        "controle technique avant|ct|date ct|date du ct|date controle technique|date de controle technique|date du controle technique|\
         controle technique|prochain ct|date prochain ct|prochain controle technique|prochain controle|echeance ct|echeance controle technique|\
         fin de validite ct|fin validite ct|validite ct|validite controle technique|inspection due",
    ),
    info(
        "mileage",
        "vehicle",
        "kilometrage|km|kms|kilometres|kilometrage compteur|kilometrage actuel|compteur|km compteur|dernier km|mileage|odometer",
    ),
    info("mileage_on", "vehicle", "releve le|date km|date kilometrage|date du kilometrage|date releve|date du releve|date releve km|km au"),
    info(
        "serial_number",
        "thing",
        "n de serie|no de serie|numero de serie|numero serie|n serie|n de puce|numero de puce|puce|serial number|serial",
    ),
    info("species", "animal", "espece|species"),
    info("breed", "animal", "race|breed"),
    info("birth_date", "animal", "naissance|date de naissance|ne le|nee le|birth date|birthday"),
    info("address", "thing", "adresse|adresse du bien|address"),
    info(
        "description",
        "thing",
        "description|notes|note|commentaire|commentaires|observation|observations|remarque|remarques|comment|comments",
    ),
    info(
        "owner_name",
        "owner",
        "proprietaire|client|nom client|nom du client|nom proprietaire|nom du proprietaire|titulaire|titulaire carte grise|nom complet|nom et prenom|\
         nom prenom|raison sociale|societe|client proprietaire|owner|customer|customer name",
    ),
    info("owner_first_name", "owner", "prenom|prenom client|prenom du client|prenom proprietaire|first name"),
    info("owner_last_name", "owner", "nom de famille|nom de famille client|last name"),
    info(
        "owner_email",
        "owner",
        "e mail|email|mail|courriel|e mail client|email client|mail client|e mail proprietaire|adresse e mail|adresse email",
    ),
    info(
        "owner_phone",
        "owner",
        "telephone|tel|portable|mobile|telephone client|tel client|portable client|telephone portable|tel portable|telephone proprietaire|phone",
    ),
    info("owner_siren", "owner", "siren|siret|siren client|siret client|n siret|n siren"),
    info("owner_since", "owner", "depuis le|proprietaire depuis|proprietaire depuis le|date achat|date d achat|date d acquisition"),
    info("archived", "thing", "archive|archivee|archived"),
];

/// Guesses the field of each column. `own` are the names of the tenant's own kinds, folded.
pub(crate) fn guess(headers: &[String], samples: &[Vec<String>], own: &[String]) -> Vec<Option<String>> {
    let normals: Vec<String> = headers.iter().map(|header| normal_header(header)).collect();
    let has = |names: &[&str]| normals.iter().any(|header| names.contains(&header.as_str()));
    let known = |header: &str| FIELDS.iter().find(|info| info.names.split('|').any(|name| name == header)).map(|info| info.key);
    let has_field = |key: &str| normals.iter().any(|header| known(header) == Some(key));
    let values =
        |column: usize| samples.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let all = |column: usize, test: &dyn Fn(&str) -> bool| values(column).next().is_some() && values(column).all(test);
    // Of vehicles with their clients, an address or a date of birth is the client's; our own export says whose it is.
    let ours = has(&["releve le"]) && has(&["depuis le"]);
    let of_client = has_field("plate") && !ours;
    let mut mapping: Vec<Option<String>> = Vec::with_capacity(headers.len());
    for (column, header) in normals.iter().enumerate() {
        let field = match header.as_str() {
            "type" | "kind" | "categorie" | "genre" | "nature" => all(column, &|text| kind_of(text, own).is_some()).then_some("kind"),
            "nom" | "name" if has(&["prenom", "first name", "prenom client"]) => Some("owner_last_name"),
            "nom" if of_client && !has_field("owner_name") => Some("owner_name"),
            "nom" | "name" => Some("name"),
            other => match known(other) {
                Some("address" | "birth_date") if of_client => None,
                // On a registration document the serial number is the VIN.
                Some("serial_number") if !has_field("vin") && all(column, &|text| text.parse::<Vin>().is_ok()) => Some("vin"),
                // A foreign country of the client says nothing about the plate.
                Some("plate_country") if of_client && has(&["adresse", "ville", "code postal"]) => None,
                field => field,
            },
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

    fn guessed(headers: &str, samples: &[&str]) -> String {
        let split = |line: &str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
        let samples: Vec<_> = samples.iter().map(|line| split(line)).collect();
        guess(&split(headers), &samples, &["bateau".to_owned()])
            .iter()
            .map(|key| key.as_deref().unwrap_or("-"))
            .collect::<Vec<_>>()
            .join(" ")
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
    fn files_of_garages_are_understood() {
        assert_eq!(
            guessed("Immat;N° VIN;Marque;Modèle;Km;Date 1ère MEC;Date CT;Client;Tél.;E-mail", &[]),
            "plate vin make model mileage first_registration inspection_due owner_name owner_phone owner_email"
        );
        assert_eq!(
            guessed("Nom;Prénom;Adresse;Pays;Date de naissance;Immatriculation;Châssis;Énergie;Mise en circulation;Kilométrage", &[]),
            "owner_last_name owner_first_name - - - plate vin energy first_registration mileage"
        );
        assert_eq!(guessed("Nom;Plaque;N° de série", &["Dupré;AB-123-CD;VF1BB05CF12345678"]), "owner_name plate vin");
        assert_eq!(
            guessed("Type;Nom;Espèce;Race;Naissance;N° de puce", &["Animal;Rex;Chien;Briard;;1"]),
            "kind name species breed birth_date serial_number"
        );
        assert_eq!(guessed("Type;Immat", &["208 1.2;AB-123-CD"]), "- plate");
        assert_eq!(guessed("Type;Nom", &["Bateau;Tabarly"]), "kind name");
        assert_eq!(guessed("Immat;Immatriculation", &[";AB-123-CD"]), "- plate");
    }

    #[test]
    fn our_own_export_is_understood_whole() {
        let headers: Vec<String> = crate::entities::export::HEADERS.iter().map(|header| (*header).to_owned()).collect();
        let sample = vec!["Véhicule".to_owned()];
        let guessed = guess(&headers, &[sample], &[]);
        assert!(guessed.iter().all(Option::is_some), "{guessed:?}");
    }
}
