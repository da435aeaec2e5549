//! The bytes of files, by links that say for themselves what they open and until when. Whoever holds one needs no session: it is made for
//! somebody who may see the file, and is good for minutes.

use super::kinds;
use super::names;
use super::store::{self, Content};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;
use std::ops::Range;
use uuid::Uuid;
use vision_kernel::{Actor, Problem};
use vision_platform::{ApiResult, App, Failure, crypto};

/// Links made within this many seconds are the same, so that browsers keep the pictures they have; one is good for one to two of it.
const STEP: i64 = 150;

/// The one route that is no part of the API's description: its addresses are made here and nowhere else.
pub fn content_routes() -> Router<App> {
    Router::new().route("/api/v1/files/{id}/content", get(serve))
}

fn seal(app: &App, tenant: Uuid, id: Uuid, what: &str, until: i64) -> String {
    let message = format!("{tenant}/{id}/{what}/{until}");
    let hash = crypto::keyed_hash(&app.crypto.purpose_key("file-links"), message.as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A link to `what` of a file (`file`, `thumbnail`, `preview-1`…), and its end. The caller has checked who asks.
pub(crate) fn link(app: &App, tenant: Uuid, id: Uuid, what: &str) -> (String, Timestamp) {
    let until = (app.clock.now().as_second().div_euclid(STEP) + 2) * STEP;
    let seal = seal(app, tenant, id, what, until);
    let link = format!("/api/v1/files/{id}/content?what={what}&tenant={tenant}&until={until}&seal={seal}");
    (link, Timestamp::from_second(until).unwrap_or(Timestamp::UNIX_EPOCH))
}

#[derive(Debug, Deserialize)]
struct Link {
    what: String,
    tenant: Uuid,
    until: i64,
    seal: String,
}

fn gone() -> Problem {
    Problem::not_found().detail("Ce lien n’est plus valable.")
}

async fn serve(State(app): State<App>, Path(id): Path<Uuid>, Query(link): Query<Link>, headers: HeaderMap) -> Result<Response, Failure> {
    let expected = seal(&app, link.tenant, id, &link.what, link.until);
    if !crypto::equal(expected.as_bytes(), link.seal.as_bytes()) || app.clock.now().as_second() >= link.until {
        return Err(gone().into());
    }
    let mut tx = app.db.read(Actor::system(link.tenant)).await?;
    let content = store::content(&mut tx, id).await?.ok_or_else(gone)?;
    drop(tx);
    let picture = match link.what.as_str() {
        "file" => None,
        "thumbnail" => Some(content.thumbnail_key.clone().ok_or_else(gone)?),
        page => {
            let number = page.strip_prefix("preview-").and_then(|page| page.parse::<usize>().ok()).ok_or_else(gone)?;
            Some(content.preview_keys.get(number.wrapping_sub(1)).cloned().ok_or_else(gone)?)
        }
    };
    match picture {
        Some(key) => drawn(&app, &key).await,
        None => whole(&app, &content, &headers).await,
    }
}

/// A picture that we made: the only thing that is shown inside of a page.
async fn drawn(app: &App, key: &str) -> ApiResult<Response> {
    let (size, content) = app.files.stream(key).await?;
    let mut response = guarded(Body::from_stream(content), "image/jpeg", "inline");
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

/// The file itself: always a download.
async fn whole(app: &App, file: &Content, headers: &HeaderMap) -> ApiResult<Response> {
    let (kind, name) = (kinds::served(&file.media_type), names::attachment(&file.name));
    let size = u64::try_from(file.size).unwrap_or(0);
    let mut response = match headers.get(header::RANGE).and_then(|value| value.to_str().ok()).map(|range| wanted(range, size)) {
        None | Some(Wanted::Everything) => {
            let (size, content) = app.files.stream(&file.object_key).await?;
            let mut response = guarded(Body::from_stream(content), kind, &name);
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
            response
        }
        Some(Wanted::Part(range)) => {
            let content = app.files.stream_range(&file.object_key, range.clone()).await?;
            let mut response = guarded(Body::from_stream(content), kind, &name);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let said = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
            response.headers_mut().insert(header::CONTENT_RANGE, HeaderValue::from_str(&said).map_err(Problem::internal)?);
            response
        }
    };
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(response)
}

/// Whatever a browser thinks of the bytes, they run nowhere.
fn guarded(body: Body, kind: &str, disposition: &str) -> Response {
    let mut response = body.into_response();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::CACHE_CONTROL, "private, max-age=300"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// One part.
    Part(Range<u64>),
    /// All of it: several parts, none that the file has, or words that we do not know. A range may be ignored (RFC 9110, 14.2).
    Everything,
}

fn wanted(range: &str, size: u64) -> Wanted {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else { return Wanted::Everything };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (start, end) = match (first.trim().is_empty(), last.trim().is_empty()) {
        (true, true) => return Wanted::Everything,
        (true, false) => match number(last) {
            Some(count) => (size.saturating_sub(count), size),
            None => return Wanted::Everything,
        },
        (false, _) => match (number(first), if last.trim().is_empty() { Some(u64::MAX - 1) } else { number(last) }) {
            (Some(start), Some(end)) if start <= end => (start, end.saturating_add(1).min(size)),
            _ => return Wanted::Everything,
        },
    };
    if start < end { Wanted::Part(start..end) } else { Wanted::Everything }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_file_are_read_as_browsers_ask_for_them() {
        for (range, expected) in [
            ("bytes=0-9", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Part(10..100)),
            ("bytes=-10", Wanted::Part(90..100)),
            ("bytes=-1000", Wanted::Part(0..100)),
            ("bytes=50-1000", Wanted::Part(50..100)),
            ("bytes=100-", Wanted::Everything),
            ("bytes=-0", Wanted::Everything),
            ("bytes=9-3", Wanted::Everything),
            ("bytes=0-1,5-6", Wanted::Everything),
            ("lines=1-2", Wanted::Everything),
            ("bytes=-", Wanted::Everything),
        ] {
            assert_eq!(wanted(range, 100), expected, "{range}");
        }
    }
}
