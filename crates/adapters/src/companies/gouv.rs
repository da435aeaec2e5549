//! The State's open register, "API Recherche d’entreprises".
//!
//! Checked against the provider's published OpenAPI document (version 1.0.0, `GET /search`): the parameters `q`, `page`, `per_page`, the names
//! and types of the members read here, the limit of seven requests a second answered by 429. Not checked: the live service, which tests do
//! not reach; whether `etat_administratif` is always present (absent counts as active); the labels of rare legal forms (their code is shown).

use serde::Deserialize;
use std::time::Duration;
use vision_ports::companies::{CompaniesError, CompanyDirectory, CompanyRecord};

/// Where the service lives unless the configuration says otherwise.
pub const ADDRESS: &str = "https://recherche-entreprises.api.gouv.fr";
/// A form waits for this answer: better none than a late one.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Twenty-five companies take some 100 kB.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// The most that the service gives at a time.
const MAX_RESULTS: usize = 25;

/// The public register.
pub struct Gouv {
    client: reqwest::Client,
    address: String,
}

fn failed(error: impl std::fmt::Display) -> CompaniesError {
    CompaniesError(error.to_string())
}

impl Gouv {
    /// Connects lazily. `address` has no trailing slash.
    pub fn new(address: &str) -> Result<Self, CompaniesError> {
        let client = crate::http::client(TIMEOUT).map_err(failed)?;
        Ok(Self { client, address: address.trim_end_matches('/').to_owned() })
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    results: Vec<Company>,
}

#[derive(Deserialize)]
struct Company {
    siren: String,
    nom_complet: Option<String>,
    nom_raison_sociale: Option<String>,
    activite_principale: Option<String>,
    nature_juridique: Option<String>,
    etat_administratif: Option<String>,
    siege: Option<Site>,
}

#[derive(Deserialize, Default)]
struct Site {
    siret: Option<String>,
    complement_adresse: Option<String>,
    numero_voie: Option<String>,
    indice_repetition: Option<String>,
    type_voie: Option<String>,
    libelle_voie: Option<String>,
    code_postal: Option<String>,
    libelle_commune: Option<String>,
    activite_principale: Option<String>,
}

/// INSEE's code of a legal form, in words where it is common.
fn legal_form(code: &str) -> String {
    let words = match code {
        "1000" => "EI",
        "5202" => "SNC",
        "5498" => "EURL",
        "5410" | "5499" => "SARL",
        "5505" | "5510" | "5515" | "5520" | "5530" | "5599" | "5699" => "SA",
        "5485" => "SELARL",
        "5710" => "SAS",
        "5720" => "SASU",
        "6540" => "SCI",
        "6533" => "GAEC",
        "6597" => "SCEA",
        "9210" | "9220" | "9230" | "9260" => "Association",
        other => other,
    };
    words.to_owned()
}

impl From<Company> for CompanyRecord {
    fn from(company: Company) -> Self {
        let site = company.siege.unwrap_or_default();
        let street = [site.numero_voie, site.indice_repetition, site.type_voie, site.libelle_voie];
        let street = street.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Self {
            siren: company.siren,
            siret: site.siret,
            name: company.nom_raison_sociale.or(company.nom_complet).unwrap_or_default(),
            legal_form: company.nature_juridique.as_deref().map(legal_form),
            naf: company.activite_principale.or(site.activite_principale),
            line1: (!street.is_empty()).then_some(street),
            line2: site.complement_adresse,
            postal_code: site.code_postal,
            city: site.libelle_commune,
            active: company.etat_administratif.as_deref() != Some("C"),
        }
    }
}

#[async_trait::async_trait]
impl CompanyDirectory for Gouv {
    async fn search(&self, query: &str, limit: usize) -> Result<Vec<CompanyRecord>, CompaniesError> {
        let mut address = reqwest::Url::parse(&format!("{}/search", self.address)).map_err(failed)?;
        let count = limit.clamp(1, MAX_RESULTS).to_string();
        address.query_pairs_mut().append_pair("q", query).append_pair("page", "1").append_pair("per_page", &count);
        let answer = self.client.get(address).header("accept", "application/json").send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(failed(format!("status {}", answer.status())));
        }
        let body = crate::http::body(answer, MAX_BODY).await.map_err(failed)?;
        let answer: Answer = serde_json::from_slice(&body).map_err(failed)?;
        Ok(answer.results.into_iter().take(limit).map(CompanyRecord::from).collect())
    }

    fn name(&self) -> &'static str {
        "gouv"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    /// The documented example of `GET /search`.
    const DOCUMENTED: &str = r#"{"results":[{"siren":"356000000","nom_complet":"LA POSTE","nom_raison_sociale":"LA POSTE","activite_principale":"53.10Z",
        "nature_juridique":"5510","etat_administratif":"A","nombre_etablissements":10000,"siege":{"siret":"35600000000048","date_creation":"2003-01-01",
        "activite_principale":"53.10Z","complement_adresse":"DIRECTION GENERALE DE LA POSTE","numero_voie":"9","indice_repetition":null,"type_voie":"RUE",
        "libelle_voie":"DU COLONEL PIERRE AVIA","cedex":null,"commune":"75115","libelle_commune":"PARIS 15","code_postal":"75015"}},
        {"siren":"732829320","nom_complet":"GARAGE D ESSAI","etat_administratif":"C","siege":null}],"total_results":2,"page":1,"per_page":10,"total_pages":1}"#;

    /// Answers one request, and returns what was asked.
    fn server(status: &'static str, body: Vec<u8>, length: usize) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let address = format!("http://{}", listener.local_addr().expect("address"));
        let handle = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("request");
            let mut asked = vec![0; 4096];
            let read = stream.read(&mut asked).expect("read");
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)));
            String::from_utf8_lossy(asked.get(..read).unwrap_or_default()).into_owned()
        });
        (address, handle)
    }

    #[tokio::test]
    async fn the_documented_answer_is_read() {
        let (address, asked) = server("200 OK", DOCUMENTED.as_bytes().to_vec(), DOCUMENTED.len());
        let found = Gouv::new(&address).expect("client").search("la poste & fils", 10).await.expect("answer");
        let request = asked.join().expect("server");
        assert!(request.starts_with("GET /search?q=la+poste+%26+fils&page=1&per_page=10 HTTP/1.1"), "{request}");
        let expected = CompanyRecord {
            siren: "356000000".into(),
            siret: Some("35600000000048".into()),
            name: "LA POSTE".into(),
            legal_form: Some("SA".into()),
            naf: Some("53.10Z".into()),
            line1: Some("9 RUE DU COLONEL PIERRE AVIA".into()),
            line2: Some("DIRECTION GENERALE DE LA POSTE".into()),
            postal_code: Some("75015".into()),
            city: Some("PARIS 15".into()),
            active: true,
        };
        assert_eq!(found.first(), Some(&expected));
        assert_eq!(found.get(1).map(|company| (company.name.as_str(), company.active)), Some(("GARAGE D ESSAI", false)));
    }

    #[tokio::test]
    async fn refusals_nonsense_and_floods_are_errors() {
        for (status, body) in [
            ("429 Too Many Requests", b"{}".to_vec()),
            ("500 Internal Server Error", Vec::new()),
            ("302 Found", Vec::new()),
            ("200 OK", b"<html>".to_vec()),
            ("200 OK", vec![b' '; MAX_BODY + 1]),
        ] {
            let length = body.len();
            let (address, _) = server(status, body, length);
            assert!(Gouv::new(&address).expect("client").search("x", 10).await.is_err(), "{status}");
        }
        assert!(Gouv::new("http://127.0.0.1:9").expect("client").search("x", 10).await.is_err(), "nobody listens");
    }

    #[tokio::test]
    async fn a_server_that_never_ends_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let address = format!("http://{}", listener.local_addr().expect("address"));
        let before = std::time::Instant::now();
        assert!(Gouv::new(&address).expect("client").search("x", 10).await.is_err());
        assert!(before.elapsed() < Duration::from_secs(8));
        drop(listener);
    }
}
