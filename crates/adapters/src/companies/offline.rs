//! Registers that need no network: none at all, and thirty-two invented companies to try things with.

use vision_kernel::{Siren, text};
use vision_ports::companies::{CompaniesError, CompanyDirectory, CompanyRecord};

/// Where no register is wanted.
pub struct NoRegister;

#[async_trait::async_trait]
impl CompanyDirectory for NoRegister {
    async fn search(&self, _query: &str, _limit: usize) -> Result<Vec<CompanyRecord>, CompaniesError> {
        Ok(Vec::new())
    }

    fn name(&self) -> &'static str {
        "none"
    }
}

/// Invented companies with valid numbers.
pub struct Offline;

type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// Name, legal form, NAF, street, postal code, town. Invented; any likeness is chance.
const COMPANIES: &[Line] = &[
    ("Carrosserie des Trois Ponts", "SARL", "45.20A", "18 rue des Trois Ponts", "69007", "Lyon"),
    ("Garage du Vieux Moulin", "SARL", "45.20A", "4 chemin du Moulin", "38200", "Vienne"),
    ("Pneus Express Villeurbanne", "SAS", "45.32Z", "112 cours Émile-Zola", "69100", "Villeurbanne"),
    ("Auto Pièces Rhodania", "SAS", "45.31Z", "7 rue de l’Industrie", "69200", "Vénissieux"),
    ("Transports Guérin et Fils", "SARL", "49.41A", "35 route de Vienne", "69360", "Communay"),
    ("Taxis Réunis de la Saône", "SAS", "49.32Z", "2 quai Rambaud", "69002", "Lyon"),
    ("Ambulances du Plateau", "SARL", "86.90A", "9 place de la Mairie", "69130", "Écully"),
    ("Loc’Utilitaires", "SAS", "77.11B", "61 avenue Berthelot", "69007", "Lyon"),
    ("Auto-école du Parc", "EURL", "85.53Z", "14 boulevard des Belges", "69006", "Lyon"),
    ("Maçonnerie Bonnevay", "SARL", "43.99C", "22 rue Laurent-Bonnevay", "69500", "Bron"),
    ("Plomberie Chaleur Douce", "EURL", "43.22A", "3 impasse des Tilleuls", "69300", "Caluire-et-Cuire"),
    ("Électricité Lumen", "SASU", "43.21A", "48 rue Garibaldi", "69006", "Lyon"),
    ("Toitures d’Ainay", "SARL", "43.91B", "5 rue des Remparts-d’Ainay", "69002", "Lyon"),
    ("Menuiserie L’Érable", "SARL", "43.32A", "27 rue du Bœuf", "69005", "Lyon"),
    ("Boulangerie Au Bon Levain", "SARL", "10.71C", "1 place Bellecour", "69002", "Lyon"),
    ("Fromagerie des Halles neuves", "SAS", "47.29Z", "102 cours Lafayette", "69003", "Lyon"),
    ("Brasserie du Quai Nord", "SAS", "56.10A", "6 quai de Bacalan", "33300", "Bordeaux"),
    ("Hôtel de la Porte Dijeaux", "SAS", "55.10Z", "31 rue de la Porte-Dijeaux", "33000", "Bordeaux"),
    ("Blanchisserie Girondine", "SARL", "96.01A", "15 rue Lucien-Faure", "33300", "Bordeaux"),
    ("Vignobles Saint-Aubert", "SCEA", "01.21Z", "Lieu-dit Saint-Aubert", "33330", "Saint-Émilion"),
    ("Traiteur Les Capucins", "SARL", "56.21Z", "40 place des Capucins", "33800", "Bordeaux"),
    ("Cidrerie de l’Ill", "SAS", "11.03Z", "8 quai des Bateliers", "67000", "Strasbourg"),
    ("Winstub Chez Odile", "SARL", "56.10A", "19 rue du Maroquin", "67000", "Strasbourg"),
    ("Maraîchers du Ried", "SCEA", "01.13Z", "3 rue du Rhin", "67230", "Benfeld"),
    ("Agence immobilière Kléber", "SAS", "68.31Z", "10 place Kléber", "67000", "Strasbourg"),
    ("Cabinet comptable Armorique", "SELARL", "69.20Z", "12 rue de Siam", "29200", "Brest"),
    ("Chantier naval du Trieux", "SAS", "30.12Z", "Quai du Trieux", "22500", "Paimpol"),
    ("Clinique vétérinaire des Lices", "SELARL", "75.00Z", "7 place des Lices", "35000", "Rennes"),
    ("Pépinières du Val", "SARL", "01.30Z", "Route d’Orléans", "45160", "Olivet"),
    ("Imprimerie Clairefontaine-le-Vieux", "SA", "18.12Z", "2 avenue Gutenberg", "21000", "Dijon"),
    ("Informatique Passerelle", "SASU", "62.02A", "55 rue de Paris", "59000", "Lille"),
    ("Nettoyage Clair et Net", "SASU", "81.21Z", "90 boulevard de la Villette", "75019", "Paris"),
];

/// A valid SIREN in a range that the register has not reached.
fn siren(index: usize) -> Option<Siren> {
    (0..10).find_map(|key| format!("99999{:03}{key}", index * 7 + 1).parse().ok())
}

/// Two digits that make the head office's SIRET valid.
fn siret(siren: &Siren) -> Option<String> {
    (0..10).map(|key| format!("{siren}0001{key}")).find(|number| number.parse::<vision_kernel::Siret>().is_ok())
}

#[async_trait::async_trait]
impl CompanyDirectory for Offline {
    async fn search(&self, query: &str, limit: usize) -> Result<Vec<CompanyRecord>, CompaniesError> {
        let wanted = text::fold(query);
        let found = COMPANIES.iter().enumerate().filter_map(|(index, (name, form, naf, line1, postal_code, city))| {
            let siren = siren(index)?;
            let known = text::fold(&format!("{name} {city}"));
            let matches = siren.as_str() == wanted || wanted.split(' ').all(|word| known.contains(word));
            matches.then(|| CompanyRecord {
                siret: siret(&siren),
                siren: siren.to_string(),
                name: (*name).to_owned(),
                legal_form: Some((*form).to_owned()),
                naf: Some((*naf).to_owned()),
                line1: Some((*line1).to_owned()),
                line2: None,
                postal_code: Some((*postal_code).to_owned()),
                city: Some((*city).to_owned()),
                active: true,
            })
        });
        Ok(found.take(limit).collect())
    }

    fn name(&self) -> &'static str {
        "offline"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vision_kernel::Siret;

    #[tokio::test] // QI-01
    async fn invented_companies_have_valid_numbers_and_are_found_by_name_town_or_siren() {
        let all = Offline.search("", 100).await.expect("answer");
        assert!(all.len() > 30);
        for company in &all {
            let siren: Siren = company.siren.parse().expect("siren");
            assert_eq!(company.siret.as_deref().map(str::parse::<Siret>).expect("siret").expect("valid").siren(), siren);
        }
        let found = Offline.search("BOEUF erable", 10).await.expect("answer");
        assert!(found.is_empty(), "every word counts, in name and town only");
        assert_eq!(Offline.search("érable lyon", 10).await.expect("answer").len(), 1);
        let first = all.first().expect("some");
        assert_eq!(Offline.search(&first.siren, 10).await.expect("answer"), std::slice::from_ref(first));
        assert_eq!(Offline.search("lyon", 3).await.expect("answer").len(), 3);
    }
}
