use super::*;
use vision_kernel::VatNumber;

fn row(cells: &[(Field, &str)]) -> Result<Parsed, Reason> {
    let mapping: Vec<_> = cells.iter().map(|(field, _)| Some(*field)).collect();
    let cells = cells.iter().map(|(_, cell)| (*cell).to_owned()).collect();
    parse_row(&mapping, &Row { number: 1, cells, ..Row::default() })
}

fn candidate(cells: &[(Field, &str)]) -> Candidate {
    let parsed = row(cells).unwrap();
    assert_eq!(parsed.warnings, [], "{cells:?}");
    parsed.candidate
}

fn warned(cells: &[(Field, &str)]) -> Vec<(Field, WarningCode)> {
    row(cells).unwrap().warnings.into_iter().map(|warning| (warning.field, warning.code)).collect()
}

#[test]
fn a_row_without_anything_to_call_it_by_is_refused() {
    assert_eq!(row(&[(Field::City, "Lyon"), (Field::Notes, "x"), (Field::FullName, "  ")]), Err(Reason::NothingToIdentify));
    assert_eq!(row(&[(Field::Email, "pas-une-adresse")]), Err(Reason::NothingToIdentify));
    for one in [(Field::FirstName, "Ana"), (Field::CompanyName, "X"), (Field::Email, "a@b.fr"), (Field::Phone, "0600000000")] {
        assert!(row(&[one]).is_ok(), "{one:?}");
    }
}

#[test]
fn a_row_with_a_field_too_many_is_refused() {
    let row = Row { number: 1, cells: vec!["Ana".into(), "x".into()], extra: true, truncated: vec![] };
    assert_eq!(parse_row(&[Some(Field::FirstName)], &row), Err(Reason::MoreFieldsThanHeaders));
}

#[test]
fn what_is_invalid_is_dropped_and_told() {
    let parsed = row(&[
        (Field::LastName, "Dupré"),
        (Field::Email, "pas-une-adresse"),
        (Field::Phone, "poste 42"),
        (Field::Siren, "123456789"),
        (Field::VatNumber, "FR00123456789"),
        (Field::Birthday, "31/02/1990"),
        (Field::Website, "javascript://x.fr"),
        (Field::Naf, "boulangerie"),
        (Field::Country, "Atlantide"),
        (Field::Kind, "ours"),
    ])
    .unwrap();
    assert_eq!(parsed.candidate, Candidate { last_name: Some("Dupré".into()), ..Candidate::default() });
    assert_eq!(parsed.warnings.len(), 9);
    assert!(parsed.warnings.iter().all(|warning| warning.code == WarningCode::Invalid));
    assert_eq!(parsed.warnings[1], Warning { field: Field::Phone, value: "poste 42".into(), code: WarningCode::Invalid });
}

#[test]
fn emails_and_phones_keep_their_order_and_lose_their_doubles() {
    let found = candidate(&[
        (Field::Email2, "b@x.fr"),
        (Field::Email, "  A@X.FR ::: c@x.fr"),
        (Field::Email2, "Jean <a@x.fr>; d@x.fr"),
        (Field::Phone2, "01 99 00 12 34"),
        (Field::Phone, "06.00.00.12.34 / +33 (0)6 00 00 12 34"),
    ]);
    let emails: Vec<_> = found.emails.iter().map(Email::normalized).collect();
    assert_eq!(emails, ["a@x.fr", "c@x.fr", "b@x.fr", "d@x.fr"]);
    let phones: Vec<_> = found.phones.iter().map(Phone::as_str).collect();
    assert_eq!(phones, ["+33600001234", "+33199001234"]);
}

#[test]
fn companies_and_people_are_told_apart() {
    let company = candidate(&[(Field::CompanyName, "Garage Dupré"), (Field::Siret, "732 829 320 00074"), (Field::Naf, "45.20a")]);
    assert_eq!(company.kind, Kind::Company);
    assert_eq!(company.siren.as_ref().map(Siren::as_str), Some("732829320"));
    assert_eq!(company.naf.as_deref(), Some("4520A"));
    let person = candidate(&[(Field::CompanyName, "Garage Dupré"), (Field::LastName, "Dupré")]);
    assert_eq!((person.kind, person.company_name.as_deref()), (Kind::Person, Some("Garage Dupré")));
    assert_eq!(candidate(&[(Field::FullName, "SARL Dupré")]).company_name.as_deref(), Some("SARL Dupré"));
    let typed = candidate(&[(Field::Kind, "Entreprise"), (Field::FullName, "Aux Délices")]);
    assert_eq!((typed.kind, typed.company_name.as_deref(), typed.last_name), (Kind::Company, Some("Aux Délices"), None));
    assert_eq!(candidate(&[(Field::Email, "a@b.fr")]).kind, Kind::Person);
}

#[test]
fn numbers_of_one_company_must_agree() {
    assert_eq!(
        warned(&[(Field::CompanyName, "X"), (Field::Siren, "732829320"), (Field::Siret, "35600000000048")]),
        [(Field::Siret, WarningCode::Invalid)]
    );
    let found = candidate(&[(Field::CompanyName, "X"), (Field::Siren, "73282932000074")]);
    assert_eq!(found.siret.as_ref().map(Siret::as_str), Some("73282932000074"));
    let post = candidate(&[(Field::CompanyName, "La Poste"), (Field::Siret, "35600000012345"), (Field::VatNumber, "FR 39 356000000")]);
    assert_eq!(post.vat_number.as_ref().map(VatNumber::as_str), Some("FR39356000000"));
}

#[test]
fn tags_addresses_and_texts_are_gathered() {
    let found = candidate(&[
        (Field::FirstName, "Marie"),
        (Field::FirstName, "Claire"),
        (Field::Civility, "Madame"),
        (Field::Tags, "* myContacts ::: Client fidèle"),
        (Field::Tags, "vip, à rappeler; VIP | client fidele"),
        (Field::Line1, "12 rue de l'Église"),
        (Field::PostalCode, "1000"),
        (Field::Country, "France"),
        (Field::Birthday, "01/03/1984"),
        (Field::Website, "exemple.fr/accueil"),
        (Field::Notes, "une\nligne"),
        (Field::Notes, "deux"),
    ]);
    assert_eq!(found.first_name.as_deref(), Some("Marie Claire"));
    assert_eq!(found.civility.as_deref(), Some("Mme"));
    assert_eq!(found.tags, ["Client fidèle", "vip", "à rappeler"]);
    assert_eq!(found.addresses[0].postal_code.as_deref(), Some("01000"));
    assert_eq!(found.addresses[0].country.as_deref(), Some("FR"));
    assert_eq!(found.birthday, Some(jiff::civil::date(1984, 3, 1)));
    assert_eq!(found.website.as_deref(), Some("https://exemple.fr/accueil"));
    assert_eq!(found.notes.as_deref(), Some("une\nligne\ndeux"));
}

#[test]
fn what_is_too_long_or_said_twice_is_told() {
    let long = "A".repeat(300);
    let parsed = row(&[(Field::LastName, long.as_str()), (Field::City, "Lyon"), (Field::City, "Paris")]).unwrap();
    assert_eq!(parsed.candidate.last_name.map(|name| name.len()), Some(250));
    let codes: Vec<_> = parsed.warnings.iter().map(|warning| (warning.field, warning.code)).collect();
    assert_eq!(codes, [(Field::LastName, WarningCode::Truncated), (Field::City, WarningCode::Ignored)]);
    assert_eq!(parsed.warnings[0].value.len(), 200);
}

#[test]
fn the_apostrophe_of_an_export_goes_away_again() {
    let found = candidate(&[(Field::LastName, "'=1+1"), (Field::Phone, "'+33 6 00 00 12 34"), (Field::City, "'s-Hertogenbosch")]);
    assert_eq!(found.last_name.as_deref(), Some("=1+1"));
    assert_eq!(found.phones[0].as_str(), "+33600001234");
    assert_eq!(found.addresses[0].city.as_deref(), Some("'s-Hertogenbosch"));
}
