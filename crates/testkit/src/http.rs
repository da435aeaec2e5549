//! An instance of the product, and people who use it over HTTP.

use crate::db::{TestDb, crypto};
use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tower::ServiceExt;
use uuid::Uuid;
use vision_accounts::provision::{self, NewTenant};
use vision_accounts::tokens::{Located, sign_access};
use vision_platform::{App, Clock, Config, db, outbox};
use vision_server::wiring;

/// The product on a database of its own.
pub struct TestApp {
    /// The instance.
    pub app: App,
    /// The HTTP surface.
    pub router: Router,
    /// Files of the instance; deleted at the end.
    pub folder: tempfile::TempDir,
    /// The database; dropped last.
    pub db: TestDb,
}

/// Somebody signed in.
#[derive(Clone)]
pub struct Persona {
    router: Router,
    /// Access token.
    pub token: String,
    /// The tenant.
    pub tenant_id: Uuid,
    /// The person.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub text: String,
    /// Body as JSON; null when it is not.
    pub json: Value,
    /// Body as bytes.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Panics unless the status is as expected; returns the JSON body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json
    }

    /// The code of a problem, the last part of its type.
    pub fn code(&self) -> &str {
        self.json["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default()
    }

    /// The pointers of a validation problem.
    pub fn pointers(&self) -> Vec<&str> {
        self.json["errors"]
            .as_array()
            .map(|errors| errors.iter().filter_map(|error| error["pointer"].as_str()).collect())
            .unwrap_or_default()
    }
}

/// Sends a request to a router.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: parts.status, headers: parts.headers, text, json, bytes }
}

impl TestApp {
    /// A fresh instance.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A fresh instance with some configuration of its own.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let db = TestDb::new().await;
        let folder = tempfile::tempdir().expect("folder");
        let mut environment: BTreeMap<String, String> = BTreeMap::from([
            ("VISION_DATA".to_owned(), folder.path().display().to_string()),
            ("VISION_BURST_PER_SECOND".to_owned(), "100000".to_owned()),
            ("VISION_POOL".to_owned(), "4".to_owned()),
        ]);
        environment.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let config = Config::from_parts(&environment, "").expect("configuration");
        let clock = Clock::default();
        let pool = db::connect(&db.urls, &config, clock.clone()).await.expect("pools");
        let files = wiring::files(&config, folder.path()).expect("files");
        let app = wiring::app(config, crypto(), pool, clock, files).expect("instance");
        let router = wiring::router(&app).layer(Extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4000)))));
        Self { app, router, folder, db }
    }

    /// A new tenant with its owner.
    pub async fn owner(&self) -> Persona {
        let mut tx = self.app.db.system().await.expect("transaction");
        let new = NewTenant { name: "Garage Dupré", trade: "garage", time_zone: "Europe/Paris", slug: None, plan: "pro", is_demo: false };
        let tenant = provision::tenant(&mut tx, &new).await.expect("tenant");
        tx.commit().await.expect("commit");
        self.member(tenant, "owner").await
    }

    /// A new member of a tenant, by the key of their role.
    pub async fn member(&self, tenant: Uuid, role: &str) -> Persona {
        let id = self.app.clock.new_id();
        let email = format!("{role}-{}@exemple.fr", id.simple());
        let mut tx = self.app.db.system().await.expect("transaction");
        let user = provision::user(&mut tx, &email, &format!("Camille {role}"), "!", true).await.expect("user");
        provision::member(&mut tx, tenant, user, role, None).await.expect("member");
        tx.commit().await.expect("commit");
        self.sign_in(tenant, user, &email).await
    }

    /// A new member with a role of exactly these permissions.
    pub async fn member_with(&self, tenant: Uuid, permissions: &[&str], visibility: &str) -> Persona {
        let mut tx = self.app.db.begin_as_system(tenant).await.expect("transaction");
        let id = tx.new_id();
        let key = format!("custom-{}", id.simple());
        sqlx::query("INSERT INTO roles (tenant_id, id, key, name, permissions, visibility) VALUES ($1, $2, $3, $3, $4, $5)")
            .bind(tenant)
            .bind(id)
            .bind(&key)
            .bind(permissions)
            .bind(visibility)
            .execute(tx.conn())
            .await
            .expect("role");
        tx.commit().await.expect("commit");
        self.member(tenant, &key).await
    }

    /// A session of a person in a tenant.
    pub async fn sign_in(&self, tenant_id: Uuid, user_id: Uuid, email: &str) -> Persona {
        let session = Located::new(tenant_id, self.app.clock.new_id());
        let now = self.app.clock.now();
        let mut tx = self.app.db.system().await.expect("transaction");
        sqlx::query(
            "INSERT INTO sessions (tenant_id, id, user_id, refresh_hash, rotated_at, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $5, $6)",
        )
        .bind(tenant_id)
        .bind(session.id)
        .bind(user_id)
        .bind(session.hash())
        .bind(now.to_sqlx())
        .bind((now + SignedDuration::from_hours(24 * 30)).to_sqlx())
        .execute(tx.conn())
        .await
        .expect("session");
        tx.commit().await.expect("commit");
        Persona {
            router: self.router.clone(),
            token: sign_access(&self.app, user_id, tenant_id, session.id),
            tenant_id,
            user_id,
            email: email.to_owned(),
        }
    }

    /// Nobody in particular.
    pub fn stranger(&self) -> Persona {
        Persona { router: self.router.clone(), token: String::new(), tenant_id: Uuid::nil(), user_id: Uuid::nil(), email: String::new() }
    }

    /// Hands events on and runs every job that is due, also those that these make.
    pub async fn run_jobs(&self) {
        for _ in 0..3 {
            outbox::dispatch(&self.app).await.expect("dispatch");
            wiring::jobs().run_once(&self.app).await.expect("jobs");
        }
    }

    /// GET of a whole address, as a browser without a session would.
    pub async fn fetch(&self, address: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers.iter().fold(Request::get(address), |request, (name, value)| request.header(*name, *value));
        send(&self.router, request.body(Body::empty()).expect("request")).await
    }

    /// Moves the time forward.
    pub fn advance(&self, by: SignedDuration) {
        self.app.clock.advance(by);
    }

    /// The mails in the test mailbox to an address, newest first: (subject, text).
    pub async fn mails(&self, to: &str) -> Vec<(String, String)> {
        self.run_jobs().await;
        let mailbox = vision_platform::mailbox::TestMailbox::new(self.app.db.clone());
        mailbox.list(Some(to)).await.expect("mailbox").into_iter().map(|mail| (mail.subject, mail.body)).collect()
    }
}

impl Persona {
    /// Sends a request with a JSON body and further headers.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", wiring::API));
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        send(&self.router, request.body(body).expect("request")).await
    }

    /// GET
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, &[]).await
    }

    /// POST
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    /// PATCH
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, Some(body), &[]).await
    }

    /// PATCH with the version that was read.
    pub async fn patch_if(&self, path: &str, version: i64, body: &Value) -> Answer {
        self.call(Method::PATCH, path, Some(body), &[("if-match", &format!("\"{version}\""))]).await
    }

    /// PUT
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, Some(body), &[]).await
    }

    /// DELETE
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None, &[]).await
    }

    /// POST of raw bytes.
    pub async fn upload(&self, path: &str, bytes: Vec<u8>) -> Answer {
        let request = Request::post(format!("{}{path}", wiring::API))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(Body::from(bytes))
            .expect("request");
        send(&self.router, request).await
    }

    /// PATCH of the bytes of an upload from an offset on.
    pub async fn send_part(&self, upload: &str, offset: usize, bytes: impl Into<Body>) -> Answer {
        let request = Request::patch(format!("{}/files/uploads/{upload}", wiring::API))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/offset+octet-stream")
            .header("upload-offset", offset)
            .body(bytes.into())
            .expect("request");
        send(&self.router, request).await
    }

    /// Puts a file on a record (`kind`, `id`); the answer to the end of its upload.
    pub async fn attach(&self, kind: &str, id: &str, name: &str, bytes: &[u8]) -> Answer {
        let body = serde_json::json!({ "name": name, "size": bytes.len(), "subject": { "kind": kind, "id": id } });
        let upload = self.post("/files/uploads", &body).await.expect(201);
        let upload = upload["id"].as_str().expect("id");
        self.send_part(upload, 0, bytes.to_vec()).await.expect(204);
        self.post(&format!("/files/uploads/{upload}/finish"), &serde_json::json!({})).await
    }

    /// Creates a contact; returns its id.
    pub async fn contact(&self, body: &Value) -> String {
        self.post("/contacts", body).await.expect(201)["id"].as_str().expect("id").to_owned()
    }
}
