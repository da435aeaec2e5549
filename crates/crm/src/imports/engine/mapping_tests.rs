use super::*;

fn guess(headers: &str, samples: &[&str]) -> (Source, String) {
    let split = |line: &str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
    let samples: Vec<_> = samples.iter().map(|line| split(line)).collect();
    let (source, fields) = guess_mapping(&split(headers), &samples);
    (source, fields.iter().map(|field| field.map_or("-", Field::key)).collect::<Vec<_>>().join(" "))
}

#[test]
fn outlook_in_french_and_english() {
    let french = "Titre;Prénom;Nom;Société;Titre (poste);Rue (bureau);Ville (bureau);Code postal (bureau);Pays/Région (bureau);Rue (domicile);\
                  Télécopie (bureau);Téléphone (bureau);Tél. mobile;Adresse de messagerie;Nom complet de l'adresse de messagerie;Anniversaire;Notes";
    let expected =
        "civility first_name last_name company_name job_title line1 city postal_code country - - phone2 phone email - birthday notes";
    assert_eq!(guess(french, &[]), (Source::Outlook, expected.into()));
    let english = "Title;First Name;Middle Name;Last Name;Company;Job Title;Business Street;Business City;Home Street;Home City;Business Phone;\
                   Mobile Phone;E-mail Address;E-mail 2 Address;Web Page;Categories";
    let samples = ["Mr;Jean;;Dupré;;;;;3 place du Marché;Lyon;;0600000000;a@b.fr;;;"];
    let expected = "civility first_name first_name last_name company_name job_title - - line1 city phone2 phone email email2 website tags";
    assert_eq!(guess(english, &samples), (Source::Outlook, expected.into()));
}

#[test]
fn google_old_and_new() {
    let new = "First Name;Middle Name;Last Name;Phonetic First Name;Name Prefix;Organization Name;Organization Title;Birthday;Notes;Labels;\
               E-mail 1 - Label;E-mail 1 - Value;E-mail 2 - Value;Phone 1 - Label;Phone 1 - Value;Phone 2 - Label;Phone 2 - Value;Address 1 - Formatted;Address 1 - Street;Address 1 - City";
    let samples = ["A;;B;;;;;;;;Home;a@b.fr;;Work;0199001234;Mobile;0600001234;;;"];
    let expected = "first_name first_name last_name - civility company_name job_title birthday notes tags - email email2 - phone2 - phone - line1 city";
    assert_eq!(guess(new, &samples), (Source::Google, expected.into()));
    let old = "Name;Given Name;Family Name;Group Membership;E-mail 1 - Value;Organization 1 - Name";
    assert_eq!(guess(old, &[]), (Source::Google, "full_name first_name last_name tags email company_name".into()));
}

#[test]
fn hubspot_dolibarr_and_their_companies() {
    let hubspot =
        "Record ID;First Name;Last Name;Email;Phone Number;Contact owner;Company name;Lifecycle Stage;City;Postal Code;Country/Region";
    assert_eq!(
        guess(hubspot, &[]),
        (Source::Hubspot, "- first_name last_name email phone - company_name - city postal_code country".into())
    );
    let french = "ID de fiche d'informations;Prénom;Nom;E-mail;Numéro de téléphone;Propriétaire du contact;Nom de l'entreprise;Phase du cycle de vie";
    assert_eq!(guess(french, &[]), (Source::Hubspot, "- first_name last_name email phone - company_name -".into()));
    assert_eq!(guess("Record ID;Company name;Company Domain Name;City", &[]), (Source::Hubspot, "- company_name - city".into()));
    let dolibarr = "Nom;Nom alternatif;Client (0|1|2|3);Code client;Adresse;Code postal;Ville;Pays;Téléphone;Email;SIREN;SIRET;Code NAF;Numéro de TVA;Note publique";
    let expected = "company_name - - - line1 postal_code city country phone email siren siret naf vat_number notes";
    assert_eq!(guess(dolibarr, &[]), (Source::Dolibarr, expected.into()));
}

#[test]
fn any_other_file_in_french_or_english() {
    let (source, fields) = guess("nom complet;mail;tel;société;ville;né le;budget;étiquettes", &[]);
    assert_eq!((source, fields.as_str()), (Source::Generic, "full_name email phone company_name city birthday - tags"));
    assert_eq!(guess("NOM;PRENOM;PORTABLE;CP;VILLE", &[]).1, "last_name first_name phone postal_code city");
    assert_eq!(guess("Nom;Téléphone", &[]).1, "full_name phone");
    assert_eq!(guess("Nom;SIRET", &[]).1, "company_name siret");
    assert_eq!(guess("Raison sociale;Nom;Fonction;Titre", &["X;Ana Pérès;Gérante;Mme"]).1, "company_name full_name job_title civility");
    assert_eq!(guess("Titre;Nom;Type", &["Gérante;Ana;Particulier"]).1, "job_title full_name kind");
    assert_eq!(guess("A;B;C;D", &["Ana;ana@exemple.fr;06 00 00 12 34;510000001", "Léa;;;510000002"]).1, "- email phone -");
}

#[test]
fn a_field_of_one_value_keeps_the_fullest_column() {
    assert_eq!(guess("Société;Entreprise;E-mail;Courriel", &[";X;a@b.fr;"]).1, "- company_name email email2");
}
