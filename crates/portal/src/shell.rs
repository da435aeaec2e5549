//! The frame of every page: the tenant's name, logo and colour, the legal line, style sheet and script, and the policy that lets nothing
//! else in.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;
use vision_documents::commercial::readable_colour;
use vision_kernel::Actor;
use vision_platform::{App, Failure, Tx, crypto, public_link};

const CSS: &str = include_str!("../../../web/public/portal.css");
const JS: &str = include_str!("../../../web/public/portal.js");

/// Style sheet, script and logos.
pub(crate) fn routes() -> Router<App> {
    let fixed = |kind: &'static str, text: &'static str| {
        get(move || async move {
            let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, text)
        })
    };
    Router::new()
        .route("/portail/{version}/portal.css", fixed("text/css; charset=utf-8", CSS))
        .route("/portail/{version}/portal.js", fixed("text/javascript; charset=utf-8", JS))
        .route("/portail/logo/{token}", get(logo))
}

/// The name under which style sheet and script are kept for ever: it changes with them.
fn version() -> String {
    crypto::sha256(format!("{CSS}{JS}").as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// What a tenant looks like to its customers.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// The name over the door.
    pub name: String,
    /// A colour on which white reads.
    pub accent: String,
    /// Address of the logo; empty: none.
    pub logo: String,
    /// Who it is by law, in one line.
    pub legal: String,
    /// Phone and e-mail, for questions.
    pub phone: String,
    pub email: String,
    /// Its clock.
    pub zone: TimeZone,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    legal_name: Option<String>,
    legal_form: Option<String>,
    siren: Option<String>,
    address_line1: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    accent_color: Option<String>,
    logo_key: Option<String>,
    time_zone: String,
}

impl Look {
    /// Of the tenant of this transaction; `token` is the link that the page was opened with.
    pub(crate) async fn of(tx: &mut Tx, token: &str) -> Result<Option<Self>, Failure> {
        let tenant = tx.tenant();
        let row: Option<Row> = sqlx::query_as(
            "SELECT name, legal_name, legal_form, siren, address_line1, postal_code, city, phone, email, accent_color, logo_key, time_zone FROM tenants WHERE id = $1",
        )
        .bind(tenant)
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let city = [row.postal_code, row.city].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let named = [row.legal_name.or_else(|| Some(row.name.clone())), row.legal_form].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let siren = row.siren.map(|siren| format!("SIREN {siren}")).unwrap_or_default();
        let parts = [named, row.address_line1.unwrap_or_default(), city, siren];
        Ok(Some(Self {
            accent: readable_colour(row.accent_color.as_deref().unwrap_or_default()),
            logo: row.logo_key.map(|_| format!("/portail/logo/{token}")).unwrap_or_default(),
            legal: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            phone: row.phone.unwrap_or_default(),
            email: row.email.unwrap_or_default(),
            zone: TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC),
            name: row.name,
        }))
    }

    /// A moment on the tenant's clock: `24/11/2026 à 14:30`.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%d/%m/%Y à %H:%M").to_string()
    }
}

/// What stands around the content of a page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub title: String,
    pub look: Option<Look>,
    pub version: String,
    pub nonce: String,
}

impl Frame {
    /// A frame for one answer.
    pub(crate) fn new(title: impl Into<String>, look: Option<Look>) -> Self {
        Self { title: title.into(), look, version: version(), nonce: STANDARD_NO_PAD.encode(crypto::random_bytes::<16>()) }
    }

    /// The accent's rule: the only style that a page writes itself.
    pub(crate) fn style(&self) -> String {
        self.look.as_ref().map_or_else(String::new, |look| format!(":root{{--accent:{}}}", look.accent))
    }

    /// Sends a page in this frame. `leads_to` are origins that its forms may end at, such as a payment page.
    pub(crate) fn answer(&self, status: StatusCode, page: &impl Template, leads_to: &str) -> Response {
        let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let policy = format!(
            "default-src 'none'; style-src 'self' 'nonce-{nonce}'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self' {leads_to}; base-uri 'none'; frame-ancestors 'none'",
            nonce = self.nonce
        );
        let mut response = (status, Html(html)).into_response();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    frame: &'a Frame,
    heading: &'a str,
    text: &'a str,
}

/// Says one thing, in the tenant's frame where it is known.
pub(crate) fn message(status: StatusCode, look: Option<Look>, heading: &str, text: &str) -> Response {
    let frame = Frame::new(heading, look);
    frame.answer(status, &MessagePage { frame: &frame, heading, text }, "")
}

/// A link that opens nothing: unknown, withdrawn or of nobody. All look alike.
pub(crate) fn unknown() -> Response {
    message(
        StatusCode::NOT_FOUND,
        None,
        "Lien inconnu",
        "Ce lien n’existe pas ou n’est plus valable. Vérifiez l’adresse, ou demandez un nouveau lien à votre professionnel.",
    )
}

/// Something failed on our side: said to the visitor, logged with its reason.
pub(crate) fn failed(failure: &Failure) -> Response {
    vision_platform::telemetry::page_failed(failure);
    message(
        StatusCode::SERVICE_UNAVAILABLE,
        None,
        "Un instant, s’il vous plaît",
        "La page n’a pas pu être préparée. Rien n’a été enregistré : réessayez dans quelques instants.",
    )
}

async fn logo(State(app): State<App>, Path(token): Path<String>) -> Response {
    let Some(link) = public_link::read(&token) else { return StatusCode::NOT_FOUND.into_response() };
    logo_of(&app, link.tenant).await.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// A logo is on everything that its company sends: it is no secret, and its link need not be looked up.
async fn logo_of(app: &App, tenant: Uuid) -> Option<Response> {
    let mut tx = app.db.read(Actor::customer(tenant, String::new(), None)).await.ok()?;
    let key: Option<String> =
        sqlx::query_scalar("SELECT logo_key FROM tenants WHERE id = $1").bind(tenant).fetch_optional(tx.conn()).await.ok()?.flatten();
    drop(tx);
    let bytes = app.files.get(&key?).await.ok()?;
    let kind = match bytes.get(..4)? {
        b"\x89PNG" => "image/png",
        b"RIFF" => "image/webp",
        _ => "image/jpeg",
    };
    Some(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=300")], bytes).into_response())
}
