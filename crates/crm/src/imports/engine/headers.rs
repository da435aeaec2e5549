//! What the headers of usual exports mean, in French and English.

use vision_kernel::text::fold;

use super::field::Field;

/// What a header says of its column, before columns of one sort are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    One(Field),
    /// An e-mail address: the first such column is the primary one.
    Email,
    /// A telephone: a mobile one is primary, as it reaches the person.
    Phone {
        mobile: bool,
    },
    /// A part of one of several addresses.
    Address(u8, Field),
    /// "Titre", "Title": a form of address or a job, as the samples say.
    Title,
    /// "Nom", "Name": a family name, a full name or a company, as the other columns say.
    Name,
    /// "Type": only where the samples are kinds.
    Type,
}

/// Lower case, no accents, one space between words of letters and digits.
pub fn normal(header: &str) -> String {
    let folded = fold(header);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The meaning of a normal header, whatever program wrote it.
pub(super) fn meaning(header: &str) -> Option<Meaning> {
    numbered(header).or_else(|| known(header))
}

/// Google's `E-mail 2 - Value` and Outlook's `Rue (domicile)`.
fn numbered(header: &str) -> Option<Meaning> {
    let words: Vec<&str> = header.split(' ').collect();
    Some(match words.as_slice() {
        ["e", "mail", number, "value"] if number.parse::<u8>().is_ok() => Meaning::Email,
        ["phone", number, "value"] if number.parse::<u8>().is_ok() => Meaning::Phone { mobile: false },
        ["website", number, "value"] if number.parse::<u8>().is_ok() => Meaning::One(Field::Website),
        ["organization", number, "name"] if number.parse::<u8>().is_ok() => Meaning::One(Field::CompanyName),
        ["organization", number, "title"] if number.parse::<u8>().is_ok() => Meaning::One(Field::JobTitle),
        ["address", number, part @ ..] => {
            let group = number.parse().ok()?;
            let field = match part {
                ["street"] => Field::Line1,
                ["extended", "address"] | ["po", "box"] => Field::Line2,
                ["city"] => Field::City,
                ["postal", "code"] => Field::PostalCode,
                ["country"] => Field::Country,
                _ => return None,
            };
            Meaning::Address(group, field)
        }
        [part @ .., place @ ("bureau" | "domicile" | "autre")] | [place @ ("business" | "home" | "other"), part @ ..] => {
            Meaning::Address(group(place), outlook_part(&part.join(" "))?)
        }
        _ => return None,
    })
}

fn group(place: &str) -> u8 {
    match place {
        "bureau" | "business" => 1,
        "domicile" | "home" => 2,
        _ => 3,
    }
}

fn outlook_part(part: &str) -> Option<Field> {
    Some(match part {
        "rue" | "street" | "adresse" | "address" => Field::Line1,
        "rue 2" | "street 2" | "rue 3" | "street 3" | "boite postale" | "po box" => Field::Line2,
        "ville" | "city" => Field::City,
        "code postal" | "postal code" => Field::PostalCode,
        "pays region" | "country region" | "pays" | "country" => Field::Country,
        _ => return None,
    })
}

/// Meanings by header; the names of one meaning are separated by `|`.
const KNOWN: &[(Meaning, &str)] = &[
    (Meaning::Title, "titre|title"),
    (Meaning::Name, "nom|name"),
    (Meaning::Type, "type|type de contact|type de tiers|kind|nature|type de client"),
    (Meaning::One(Field::Civility), "civilite|name prefix|prefixe|prefix|salutation|titre de civilite|formule d appel"),
    (
        Meaning::One(Field::FullName),
        "nom complet|full name|nom et prenom|nom prenom|prenom nom|prenom et nom|nom prenoms|contact|nom du contact|contact name|display name|\
         nom affiche|interlocuteur|nom du client|customer name",
    ),
    (Meaning::One(Field::FirstName), "prenom|prenoms|first name|firstname|given name|forename|deuxieme prenom|middle name|additional name"),
    (Meaning::One(Field::LastName), "last name|lastname|family name|surname|nom de famille|nom usuel"),
    (
        Meaning::One(Field::CompanyName),
        "societe|entreprise|company|company name|organisation|organization|organization name|raison sociale|nom de l entreprise|\
         nom de la societe|nom entreprise|nom societe|employeur|account name|denomination|denomination sociale|enseigne|nom du tiers|tiers|\
         etablissement|nom de l etablissement|associated company",
    ),
    (
        Meaning::One(Field::JobTitle),
        "fonction|poste|job title|jobtitle|titre poste|intitule du poste|intitule de poste|profession|metier|poste fonction|position|\
         organization title|role",
    ),
    (
        Meaning::Email,
        "e mail|email|mail|mel|courriel|adresse e mail|adresse email|adresse mail|adresse courriel|adresse electronique|\
         adresse de messagerie|adresse de messagerie 2|adresse de messagerie 3|email address|e mail address|e mail 2 address|e mail 3 address|\
         e mail 1|e mail 2|e mail 3|email 1|email 2|email 3|email2|mail 2|autre e mail|autre email|email secondaire|e mail secondaire|\
         second email|other email|work email|e mail professionnel|email professionnel|email pro|e mail personnel|email personnel|email perso",
    ),
    (
        Meaning::Phone { mobile: false },
        "telephone|telephones|tel|phone|phone number|numero de telephone|n de telephone|no de telephone|n telephone|numero telephone|num tel|telephone fixe|\
         tel fixe|fixe|ligne fixe|telephone 1|telephone 2|tel 1|tel 2|tel1|tel2|phone 1|phone 2|telephone bureau|telephone 2 bureau|tel bureau|tel pro|\
         telephone professionnel|telephone domicile|telephone 2 domicile|tel domicile|telephone principal|autre telephone|business phone|\
         business phone 2|home phone|home phone 2|primary phone|other phone|work phone|company main phone|telephone societe",
    ),
    (
        Meaning::Phone { mobile: true },
        "mobile|portable|gsm|cell|tel mobile|tel portable|telephone mobile|telephone portable|mobile phone|cell phone|mobile phone number|\
         numero de mobile|numero de portable|numero de telephone mobile|numero de telephone portable",
    ),
    (
        Meaning::Address(0, Field::Line1),
        "adresse|address|rue|street|street address|voie|adresse postale|adresse 1|adresse1|adresse ligne 1|address 1|address line 1|ligne 1|\
         billing street|mailing street|adresse postale 1|numero et rue",
    ),
    (
        Meaning::Address(0, Field::Line2),
        "complement|complement d adresse|complement adresse|adresse 2|adresse2|adresse ligne 2|address 2|address line 2|ligne 2",
    ),
    (Meaning::Address(0, Field::PostalCode), "code postal|cp|codepostal|postal code|postcode|zip|zip code|zip postal code"),
    (Meaning::Address(0, Field::City), "ville|city|commune|localite|town"),
    (Meaning::Address(0, Field::Country), "pays|country|country region|pays region"),
    (Meaning::One(Field::Siren), "siren|numero siren|n siren|no siren|num siren|code siren|siren number|id prof 1"),
    (Meaning::One(Field::Siret), "siret|numero siret|n siret|no siret|num siret|code siret|siret number|id prof 2"),
    (
        Meaning::One(Field::VatNumber),
        "tva|numero de tva|numero tva|n tva|n de tva|num tva|tva intra|tva intracommunautaire|numero tva intracommunautaire|n tva intracommunautaire|\
         numero de tva intracommunautaire|vat|vat number|vat id|vat no|code tva",
    ),
    (Meaning::One(Field::Naf), "naf|ape|code naf|code ape|naf ape|code naf ape|code ape naf|id prof 3"),
    (
        Meaning::One(Field::Birthday),
        "anniversaire|date d anniversaire|date de naissance|naissance|ne le|nee le|ne e le|ne nee le|birthday|birth date|birthdate|date of birth|dob",
    ),
    (
        Meaning::One(Field::Website),
        "site|site web|site internet|page web|url|url du site web|url site web|website|website url|web page|web site|web",
    ),
    (
        Meaning::One(Field::Tags),
        "etiquettes|etiquette|tags|tag|labels|label|libelles|categories|categorie|group membership|groupes|groupe|mots cles|segments|segment",
    ),
    (Meaning::One(Field::Source), "source|origine|provenance|lead source|original source|source du contact|source d origine"),
    (
        Meaning::One(Field::Notes),
        "notes|note|commentaire|commentaires|remarque|remarques|observation|observations|description|memo|note publique|note privee|\
         comment|comments|infos|informations complementaires",
    ),
];

fn known(header: &str) -> Option<Meaning> {
    KNOWN.iter().find(|(_, names)| names.split('|').any(|name| name == header)).map(|(meaning, _)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_has_two_meanings_and_all_are_in_normal_form() {
        let mut seen = std::collections::HashSet::new();
        for name in KNOWN.iter().flat_map(|(_, names)| names.split('|')) {
            assert_eq!(normal(name), name);
            assert!(seen.insert(name), "{name}");
        }
    }

    #[test]
    fn numbered_headers_are_understood() {
        assert_eq!(meaning(&normal("E-mail 3 - Value")), Some(Meaning::Email));
        assert_eq!(meaning(&normal("Address 2 - Postal Code")), Some(Meaning::Address(2, Field::PostalCode)));
        assert_eq!(meaning(&normal("Pays/Région (domicile)")), Some(Meaning::Address(2, Field::Country)));
        assert_eq!(meaning(&normal("Téléphone (bureau)")), Some(Meaning::Phone { mobile: false }));
        assert_eq!(meaning(&normal("Home Street 2")), Some(Meaning::Address(2, Field::Line2)));
        assert_eq!(meaning(&normal("Télécopie (bureau)")), None);
    }
}
