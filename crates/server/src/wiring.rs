//! Every route, job, projector and subscriber of the product, on one screen.

use crate::pages;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use std::collections::BTreeMap;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use vision_adapters::companies::{Gouv, NoRegister, Offline};
use vision_adapters::timestamps::{LocalAuthority, RemoteAuthority};
use vision_adapters::{Clamd, Poppler, S3Bucket, Smtp, StoredFiles, Stripe};
use vision_kernel::{FieldError, Problem};
use vision_platform::app::Parts;
use vision_platform::background::{self, Runner};
use vision_platform::config::CompanyLookup;
use vision_platform::crypto::Crypto;
use vision_platform::http::{edge, idempotency, ratelimit::Limiter, sse};
use vision_platform::jobs::JobRegistry;
use vision_platform::mailbox::{SendMail, TestMailbox};
use vision_platform::outbox::Subscriber;
use vision_platform::schedule::Beat;
use vision_platform::{App, Clock, Config, Db, Failure, local_payments};
use vision_ports::payments::NoPayments;
use vision_ports::{CompanyDirectory, FileStore, FilesError, MailSender, PaymentGateway, TimestampAuthority, VirusScanner};

/// Base of the API.
pub const API: &str = "/api/v1";
/// Largest JSON body, in bytes. Uploads have limits of their own.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// RFC 9457 problem details.
#[derive(utoipa::ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used: problems are rendered by the platform")]
struct ProblemSchema {
    /// `urn:vision:problem:<code>`
    r#type: String,
    title: String,
    status: u16,
    detail: Option<String>,
    request_id: String,
    errors: Option<Vec<FieldError>>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Vision CRM", version = "1.0.0", description = "Customers, from the first contact to the paid invoice. Rules: docs/api-design.md."),
    components(schemas(ProblemSchema, FieldError)),
    servers((url = "/"))
)]
struct ApiDoc;

/// The API: routes and document from the same lines.
fn api_routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(ApiDoc::openapi()).nest(
        API,
        OpenApiRouter::new()
            .merge(vision_accounts::routes())
            .merge(vision_crm::routes())
            .merge(vision_sales::routes())
            .merge(vision_billing::routes())
            .merge(background::routes())
            .merge(sse::routes()),
    )
}

/// The OpenAPI 3.1 document, with the security scheme and the problem answers that every operation shares.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = api_routes().into_openapi();
    if let Some(components) = &mut document.components {
        components.add_security_scheme("session", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
    document
}

/// Every job.
pub fn jobs() -> JobRegistry {
    vision_billing::jobs(vision_crm::jobs(vision_accounts::jobs(JobRegistry::default()))).with::<SendMail>()
}

/// Who reacts to which events after their commit.
fn subscribers() -> Vec<Subscriber> {
    [vision_crm::subscribers(), vision_billing::subscribers()].concat()
}

/// What a clock looks for.
pub fn beats() -> Vec<Beat> {
    [vision_crm::beats(), vision_billing::beats()].concat()
}

/// How background jobs are undone, by kind.
fn runners() -> BTreeMap<&'static str, Runner> {
    vision_crm::runners()
}

/// Where files are kept: in a bucket where one is configured, else in `folder`, which exists.
pub fn files(config: &Config, folder: &std::path::Path) -> Result<Arc<dyn FileStore>, FilesError> {
    Ok(Arc::new(match &config.s3 {
        None => StoredFiles::in_folder(folder)?,
        Some(s3) => StoredFiles::in_bucket(&S3Bucket {
            endpoint: s3.endpoint.clone(),
            bucket: s3.bucket.clone(),
            region: s3.region.clone(),
            key_id: s3.key_id.clone(),
            secret: s3.secret.expose().clone(),
        })?,
    }))
}

/// Builds the instance. Without a mail server, mail goes to the test mailbox; production has none, so there it is refused.
pub fn app(config: Config, crypto: Crypto, db: Db, clock: Clock, files: Arc<dyn FileStore>) -> Result<App, Failure> {
    let domain = config.public_url.split("://").nth(1).unwrap_or("localhost").split([':', '/']).next().unwrap_or("localhost").to_owned();
    let mail: Arc<dyn MailSender> = match &config.smtp_url {
        Some(url) => Arc::new(Smtp::new(url.expose(), &domain).map_err(|error| Problem::internal(error.to_string()))?),
        None if config.production => return Err(Problem::internal("smtp_url is required in production").into()),
        None => Arc::new(TestMailbox::new(db.clone())),
    };
    let companies: Arc<dyn CompanyDirectory> = match config.company_lookup {
        CompanyLookup::None => Arc::new(NoRegister),
        CompanyLookup::Offline => Arc::new(Offline),
        CompanyLookup::Gouv => Arc::new(Gouv::new(&config.company_lookup_url).map_err(|error| Problem::internal(error.to_string()))?),
    };
    // Without a key, payments go to a page of the product's own; production has no such page, so there nobody is paid online.
    let payments: Arc<dyn PaymentGateway> = match &config.stripe {
        Some(stripe) => {
            let adapter = Stripe::new(&stripe.address, stripe.key.clone(), stripe.webhook_secrets.clone());
            Arc::new(adapter.map_err(|error| Problem::internal(error.to_string()))?)
        }
        None if config.production => Arc::new(NoPayments),
        None => Arc::new(local_payments::gateway(db.clone(), &crypto, &config.public_url)),
    };
    let scanner = config.clamd.as_ref().map(|address| Arc::new(Clamd::new(address)) as Arc<dyn VirusScanner>);
    let refused = |error: vision_ports::TimeStampError| Problem::internal(error.to_string());
    let timestamps: Arc<dyn TimestampAuthority> = if let Some(url) = &config.timestamp_url {
        Arc::new(RemoteAuthority::new(url).map_err(refused)?)
    } else {
        let (secret, clock) = (crypto.purpose_key("timestamp.local"), clock.clone());
        let now = move || u64::try_from(clock.now().as_second()).unwrap_or_default();
        Arc::new(LocalAuthority::new(&secret, Box::new(now)).map_err(refused)?)
    };
    Ok(App::new(Parts {
        timestamps,
        scanner,
        pages: Arc::new(Poppler),
        limiter: Limiter::new(config.burst_per_second),
        live: vision_platform::live::Live::default(),
        authenticator: Arc::new(vision_accounts::Sessions),
        subscribers: subscribers(),
        runners: runners(),
        config,
        db,
        clock,
        crypto,
        mail,
        files,
        companies,
        payments,
    }))
}

/// The whole HTTP surface.
pub fn router(app: &App) -> Router {
    let document = openapi().to_json().unwrap_or_default();
    let document = get(move || async move { ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document) });
    let api = Router::from(api_routes())
        .route("/api/v1/openapi.json", document)
        .merge(vision_crm::files::content_routes())
        .merge(pages::webhooks::routes())
        .route("/api/{*rest}", axum::routing::any(|| async { Failure::from(Problem::not_found()).into_response() }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), vision_crm::merges::redirect))
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::layer))
        .layer(middleware::from_fn_with_state(app.clone(), edge::layer));
    let mut router = Router::new().merge(api).merge(pages::health::routes()).merge(pages::docs::routes()).merge(vision_portal::routes(app));
    if !app.config.production {
        router = router.merge(pages::mailbox::routes()).merge(pages::local_payments::routes());
    }
    router
        .fallback(pages::spa::serve)
        .layer(middleware::from_fn_with_state(app.clone(), edge::security_headers))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Failure::from(Problem::internal("a handler panicked")).into_response()
        }))
        .with_state(app.clone())
}

/// Deletes what is out of date in every context; gives the number of rows.
pub async fn sweep(app: &App) -> Result<u64, Failure> {
    Ok(vision_platform::housekeeping::sweep(app).await?
        + vision_accounts::housekeeping::sweep(app).await?
        + vision_crm::merges::sweep(app).await?
        + vision_crm::files::sweep(app).await?
        + vision_billing::sweep(app).await?)
}
