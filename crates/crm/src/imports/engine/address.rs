//! Postal addresses and countries.

use serde::Serialize;
use vision_kernel::text::fold;

/// A postal address; never all empty in a candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    /// Number and street.
    pub line1: Option<String>,
    /// What completes it.
    pub line2: Option<String>,
    /// As written; a French one has its leading zero again.
    pub postal_code: Option<String>,
    /// The town.
    pub city: Option<String>,
    /// ISO 3166-1, two letters.
    pub country: Option<String>,
}

impl Address {
    /// Whether nothing but a country, which says nothing by itself, is known.
    pub fn is_empty(&self) -> bool {
        self.line1.is_none() && self.line2.is_none() && self.postal_code.is_none() && self.city.is_none() && self.country.is_none()
    }

    /// A spreadsheet drops the zero of `01000`.
    pub(super) fn restore_zero(&mut self) {
        let french = self.country.as_deref() == Some("FR");
        if let Some(code) = self.postal_code.as_mut().filter(|code| french && code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit())) {
            code.insert(0, '0');
        }
    }
}

/// Names in French and English, folded. Overseas France has codes of its own in ISO and is France to its post: `FR`.
const NAMES: &[(&str, &str)] = &[
    ("FR", "france|france metropolitaine|republique francaise|guadeloupe|martinique|guyane|guyane francaise|la reunion|reunion|mayotte"),
    ("DE", "allemagne|germany|deutschland"),
    ("AT", "autriche|austria|osterreich"),
    ("BE", "belgique|belgium|belgie"),
    ("BG", "bulgarie|bulgaria"),
    ("CY", "chypre|cyprus"),
    ("HR", "croatie|croatia"),
    ("DK", "danemark|denmark"),
    ("ES", "espagne|spain|espana"),
    ("EE", "estonie|estonia"),
    ("FI", "finlande|finland"),
    ("GR", "grece|greece"),
    ("HU", "hongrie|hungary"),
    ("IE", "irlande|ireland"),
    ("IT", "italie|italy|italia"),
    ("LV", "lettonie|latvia"),
    ("LT", "lituanie|lithuania"),
    ("LU", "luxembourg"),
    ("MT", "malte|malta"),
    ("NL", "pays-bas|netherlands|hollande|nederland|the netherlands"),
    ("PL", "pologne|poland"),
    ("PT", "portugal"),
    ("CZ", "tchequie|republique tcheque|czechia|czech republic"),
    ("RO", "roumanie|romania"),
    ("SK", "slovaquie|slovakia"),
    ("SI", "slovenie|slovenia"),
    ("SE", "suede|sweden"),
    ("CH", "suisse|switzerland|schweiz"),
    ("GB", "royaume-uni|united kingdom|uk|grande-bretagne|great britain|angleterre|england|ecosse|scotland"),
    ("MC", "monaco"),
    ("AD", "andorre|andorra"),
    ("NO", "norvege|norway"),
    ("IS", "islande|iceland"),
    ("UA", "ukraine"),
    ("RU", "russie|russia|federation de russie"),
    ("RS", "serbie|serbia"),
    ("TR", "turquie|turkey|turkiye"),
    ("MA", "maroc|morocco"),
    ("DZ", "algerie|algeria"),
    ("TN", "tunisie|tunisia"),
    ("SN", "senegal"),
    ("CI", "cote d'ivoire|ivory coast"),
    ("CM", "cameroun|cameroon"),
    ("MG", "madagascar"),
    ("MU", "maurice|ile maurice|mauritius"),
    ("LB", "liban|lebanon"),
    ("IL", "israel"),
    ("AE", "emirats arabes unis|united arab emirates"),
    ("EG", "egypte|egypt"),
    ("ZA", "afrique du sud|south africa"),
    ("US", "etats-unis|etats unis|united states|usa|united states of america|etats-unis d'amerique"),
    ("CA", "canada"),
    ("MX", "mexique|mexico"),
    ("BR", "bresil|brazil|brasil"),
    ("AR", "argentine|argentina"),
    ("CN", "chine|china"),
    ("JP", "japon|japan"),
    ("KR", "coree du sud|south korea"),
    ("IN", "inde|india"),
    ("VN", "viet nam|vietnam"),
    ("TH", "thailande|thailand"),
    ("AU", "australie|australia"),
    ("NZ", "nouvelle-zelande|new zealand"),
    ("NC", "nouvelle-caledonie|new caledonia"),
    ("PF", "polynesie francaise|french polynesia"),
    ("PM", "saint-pierre-et-miquelon"),
    ("WF", "wallis-et-futuna"),
    ("BL", "saint-barthelemy"),
    ("MF", "saint-martin"),
];

/// The two-letter code of a country given by its code or by its French or English name.
pub fn country_code(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Some(if text.eq_ignore_ascii_case("UK") { "GB".to_owned() } else { text.to_ascii_uppercase() });
    }
    let name = fold(text);
    let found = NAMES.iter().find(|(_, names)| names.split('|').any(|known| known == name || known.replace('-', " ") == name));
    found.map(|(code, _)| (*code).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_code_and_name() {
        for (text, code) in [
            ("France", "FR"),
            (" fr ", "FR"),
            ("PAYS BAS", "NL"),
            ("Belgium", "BE"),
            ("La Réunion", "FR"),
            ("Côte d’Ivoire", "CI"),
            ("uk", "GB"),
        ] {
            assert_eq!(country_code(text).as_deref(), Some(code), "{text}");
        }
        assert_eq!(country_code("Atlantide"), None);
        assert_eq!(country_code(""), None);
    }
}
