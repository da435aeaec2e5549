//! The staff app: hashed assets for ever, `index.html` per request with its nonce, for every path that is not a file.

use super::nonce;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use vision_kernel::{Problem, ProblemKind};
use vision_platform::Failure;

#[derive(RustEmbed)]
#[folder = "../../web/app/dist"]
#[allow_missing = true]
struct Assets;

/// Serves a file of the built app, or its shell.
pub async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Failure::from(Problem::new(ProblemKind::MethodNotAllowed)).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path != "index.html"
        && let Some(file) = asset(path, request.headers())
    {
        return file;
    }
    // What is asked for as a file must not be answered with a page; an address of the app may well hold a dot, as an invitation does.
    if is_file(path) { StatusCode::NOT_FOUND.into_response() } else { shell() }
}

/// True for what can only be a file: below the folders of the build, or at the top with an extension.
fn is_file(path: &str) -> bool {
    path.starts_with("assets/") || path.starts_with("scalar/") || (path.contains('.') && !path.contains('/') && path != "index.html")
}

fn asset(path: &str, headers: &HeaderMap) -> Option<Response> {
    if matches!(path.rsplit_once('.'), Some((_, "br" | "gz"))) {
        return None;
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let choices = [("br", ".br"), ("gzip", ".gz")];
    let (encoding, file) = choices
        .iter()
        .filter(|(name, _)| accepted.contains(name))
        .find_map(|(name, suffix)| Assets::get(&format!("{path}{suffix}")).map(|file| (Some(*name), file)))
        .or_else(|| Assets::get(path).map(|file| (None, file)))?;
    Some(file_response(path, encoding, file, headers))
}

fn file_response(path: &str, encoding: Option<&'static str>, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == etag.as_bytes());
    let mut response =
        if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(file.data.into_owned()).into_response() };
    let out = response.headers_mut();
    let kind = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
    let kind = if kind.starts_with("text/") && !kind.contains("charset") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    for (name, value) in [(header::CONTENT_TYPE, kind), (header::ETAG, etag)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            out.insert(name, value);
        }
    }
    // Vite puts a hash into the name of everything below assets/.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn shell() -> Response {
    let Some(index) = Assets::get("index.html") else {
        let text = "L’interface n’est pas construite : lancez « make up », ou « npm run build » dans web/.";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text)
            .into_response();
    };
    let nonce = nonce();
    let html = String::from_utf8_lossy(&index.data).replace("__CSP_NONCE__", &nonce);
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; \
         connect-src 'self'; font-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    ([(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], Html(html)).into_response()
}
