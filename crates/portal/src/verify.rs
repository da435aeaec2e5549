//! `/verifier`: whether a document is the one that was sent or signed. Only its hash is asked, which whoever holds the document can compute;
//! the script of the page does so in the browser.

use crate::shell::{self, Frame};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::tz::TimeZone;
use serde::Deserialize;
use vision_platform::{App, Failure};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/verifier", get(verify))
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    empreinte: String,
}

/// What a hash stands for.
struct Found {
    what: &'static str,
    number: String,
    company: String,
    verb: &'static str,
    at: String,
}

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage<'a> {
    frame: &'a Frame,
    asked: bool,
    hash: String,
    found: Option<Found>,
}

#[derive(sqlx::FromRow)]
struct Row {
    company: String,
    kind: String,
    number: String,
    at: jiff_sqlx::Timestamp,
    time_zone: String,
}

/// Sixty-four hexadecimal digits, however they are spaced.
fn bytes(hash: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hash.chars().filter(|c| !c.is_whitespace() && *c != ':').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    (digits.len() == 64).then(|| {
        digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte * 16 + digit)).ok()).collect()
    })
}

async fn look_up(app: &App, hash: &[u8]) -> Result<Option<Found>, Failure> {
    let mut tx = app.db.system().await?;
    let row: Option<Row> =
        sqlx::query_as("SELECT company, kind, number, at, time_zone FROM document_of($1)").bind(hash).fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| {
        let zone = TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC);
        let sealed = row.kind == "quote_sealed";
        Found {
            what: if sealed { "Devis signé, avec son certificat" } else { "Devis envoyé" },
            verb: if sealed { "Signé le" } else { "Envoyé le" },
            number: row.number,
            company: row.company,
            at: row.at.to_jiff().to_zoned(zone).strftime("%d/%m/%Y à %H:%M:%S (%Z)").to_string(),
        }
    }))
}

async fn verify(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    let hash = asked.empreinte.trim().to_lowercase();
    let found = match bytes(&hash) {
        None => Ok(None),
        Some(bytes) => look_up(&app, &bytes).await,
    };
    match found {
        Ok(found) => {
            let frame = Frame::new("Vérifier un document", None);
            let page = VerifyPage { frame: &frame, asked: !hash.is_empty(), hash: hash.chars().take(200).collect(), found };
            frame.answer(StatusCode::OK, &page, "")
        }
        Err(failure) => shell::failed(&failure),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn a_hash_is_read_in_any_spacing() {
        let hash = "ab".repeat(32);
        assert_eq!(bytes(&hash), Some(vec![0xab; 32]));
        assert_eq!(
            bytes(&hash.as_bytes().chunks(8).map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join(" ")),
            Some(vec![0xab; 32])
        );
        for bad in ["", "ab", &"zz".repeat(32), &"ab".repeat(33)] {
            assert_eq!(bytes(bad), None);
        }
    }
}
