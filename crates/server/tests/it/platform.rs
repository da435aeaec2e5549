//! What every endpoint shares: problems, idempotency, limits, headers, events, secrets.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use vision_testkit::TestApp;
use vision_testkit::http::send;

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_request_id() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let cases = [
        (Method::GET, "/nowhere", None, 404, "not_found"),
        (Method::GET, "/contacts/not-a-uuid", None, 400, "bad_request"),
        (Method::PUT, "/contacts", Some(json!({})), 405, "method_not_allowed"),
        (Method::POST, "/contacts", Some(json!({ "emails": "x" })), 422, "validation"),
    ];
    for (method, path, body, status, code) in cases {
        let answer = owner.call(method, path, body.as_ref(), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{path}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.json["request_id"].as_str(), answer.headers["x-request-id"].to_str().ok());
    }
    let request = |kind: &str, body: &'static str| {
        Request::post("/api/v1/contacts")
            .header("authorization", format!("Bearer {}", owner.token))
            .header("content-type", kind)
            .body(Body::from(body))
            .expect("request")
    };
    assert_eq!(send(&t.router, request("application/json", "{")).await.code(), "bad_request");
    assert_eq!(send(&t.router, request("text/plain", "{}")).await.code(), "unsupported_media_type");
}

#[tokio::test]
async fn a_retried_post_is_applied_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let body = json!({ "last_name": "Dupré" });
    let key = [("idempotency-key", "abc")];
    let first = owner.call(Method::POST, "/contacts", Some(&body), &key).await;
    let again = owner.call(Method::POST, "/contacts", Some(&body), &key).await;
    assert_eq!((first.status, &first.json), (again.status, &again.json));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 1);
    let other = owner.call(Method::POST, "/contacts", Some(&json!({ "last_name": "X" })), &key).await;
    assert_eq!(other.code(), "idempotency_mismatch");
    // Somebody else's key is another key, and a refusal is not remembered.
    let bob = t.member(owner.tenant_id, "member").await;
    bob.call(Method::POST, "/contacts", Some(&json!({ "last_name": "X" })), &key).await.expect(201);
    let retry = [("idempotency-key", "def")];
    owner.call(Method::POST, "/contacts", Some(&json!({})), &retry).await.expect(422);
    owner.call(Method::POST, "/contacts", Some(&body), &retry).await.expect(201);
    t.advance(jiff::SignedDuration::from_hours(25));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    owner.call(Method::POST, "/contacts", Some(&body), &key).await.expect(201);
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 4);
}

#[tokio::test]
async fn a_retry_after_a_crash_between_the_write_and_its_answer_writes_nothing() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let body = json!({ "last_name": "Dupré" });
    let key = [("idempotency-key", "abc")];
    let first = owner.call(Method::POST, "/contacts", Some(&body), &key).await;
    // What a server that dies after its commit leaves behind.
    let mut tx = t.app.db.system().await.expect("begin");
    sqlx::query("UPDATE idempotency_keys SET status = NULL, body = NULL").execute(tx.conn()).await.expect("lost answer");
    tx.commit().await.expect("commit");
    assert_eq!(owner.call(Method::POST, "/contacts", Some(&body), &key).await.code(), "conflict", "it may still be running");
    t.advance(jiff::SignedDuration::from_secs(61));
    let retried = owner.call(Method::POST, "/contacts", Some(&body), &key).await;
    assert_eq!((retried.status.as_u16(), retried.code()), (409, "already_applied"));
    assert_eq!(retried.json["applied"], json!({ "kind": "contact", "id": first.json["id"] }));
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 1);

    // A server that dies before its commit has written nothing: the retry does.
    let mut tx = t.app.db.system().await.expect("begin");
    sqlx::query("UPDATE idempotency_keys SET applied_by = NULL, applied = NULL").execute(tx.conn()).await.expect("lost write");
    tx.commit().await.expect("commit");
    owner.call(Method::POST, "/contacts", Some(&body), &key).await.expect(201);
}

#[tokio::test]
async fn twenty_retries_at_once_make_one_contact() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let body = json!({ "last_name": "Dupré" });
    let key = [("idempotency-key", "abc")];
    let answers = futures::future::join_all((0..20).map(|_| owner.call(Method::POST, "/contacts", Some(&body), &key))).await;
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 409)));
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 1);
}

#[tokio::test]
async fn too_many_requests_are_refused_with_the_time_to_wait() {
    let t = TestApp::with(&[("VISION_BURST_PER_SECOND", "3")]).await;
    let owner = t.owner().await;
    let mut last = owner.get("/tags").await;
    assert_eq!((last.headers["ratelimit-limit"].clone(), last.status.as_u16()), ("6".parse().expect("value"), 200));
    for _ in 0..10 {
        last = owner.get("/tags").await;
    }
    assert_eq!((last.status.as_u16(), last.code()), (429, "rate_limited"));
    assert!(last.headers.contains_key("retry-after") && last.headers["ratelimit-remaining"] == "0");
    t.stranger().get("/tags").await.expect(401);
}

#[tokio::test]
async fn an_hour_of_api_requests_is_bounded_by_the_plan() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = owner.post("/api-keys", &json!({ "name": "x", "permissions": ["contacts.read"] })).await.expect(201);
    let mut program = t.stranger();
    key["secret"].as_str().expect("secret").clone_into(&mut program.token);
    program.get("/tags").await.expect(200);
    let mut tx = t.app.db.system().await.expect("begin");
    sqlx::query("UPDATE api_usage SET requests = 10000").execute(tx.conn()).await.expect("used up");
    tx.commit().await.expect("commit");
    let refused = program.get("/tags").await;
    assert_eq!(refused.status.as_u16(), 429, "{}", refused.text);
    t.advance(jiff::SignedDuration::from_hours(1));
    program.get("/tags").await.expect(200);
}

#[tokio::test]
async fn pages_and_answers_carry_their_security_headers() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let api = owner.get("/tags").await;
    assert_eq!(
        (api.headers["x-content-type-options"].clone(), api.headers["cache-control"].clone()),
        ("nosniff".parse().expect("v"), "no-store".parse().expect("v"))
    );
    assert!(api.headers["content-security-policy"].to_str().expect("policy").contains("default-src 'none'"));
    for path in ["/healthz", "/readyz"] {
        assert_eq!(send(&t.router, Request::get(path).body(Body::empty()).expect("request")).await.status.as_u16(), 200, "{path}");
    }
    let docs = send(&t.router, Request::get("/api/docs").body(Body::empty()).expect("request")).await;
    let policy = docs.headers["content-security-policy"].to_str().expect("policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("nonce");
    assert!(docs.text.contains(&format!("nonce=\"{nonce}\"")) && !docs.text.contains("http://") && !docs.text.contains("https://"));
}

#[tokio::test]
async fn an_address_with_a_dot_is_a_page_and_a_missing_file_is_none() {
    let t = TestApp::new().await;
    let status = async |path: &str| {
        let answer = send(&t.router, Request::get(path).body(Body::empty()).expect("request")).await;
        (answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap_or_default().to_owned())
    };
    // Without a built web app the page is 503; it is never 404, which is what a mailed invitation once got.
    for page in ["/", "/invitation/abc.def.ghi", "/contacts/abc.def"] {
        assert_ne!(status(page).await.0, 404, "{page}");
    }
    for file in ["/assets/none.js", "/favicon-none.ico", "/scalar/none.js"] {
        let answer = send(&t.router, Request::get(file).body(Body::empty()).expect("request")).await;
        assert_eq!(answer.status.as_u16(), 404, "{file}");
    }
}

#[tokio::test]
async fn the_test_mailbox_is_for_this_machine_only() {
    let t = TestApp::new().await;
    t.stranger().post("/auth/password/forgot", &json!({ "email": "x@exemple.fr" })).await.expect(202);
    let get = async |host: &str, extra: Option<(&str, &str)>| {
        let mut request = Request::get("/boite-essai").header("host", host);
        if let Some((name, value)) = extra {
            request = request.header(name, value);
        }
        send(&t.router, request.body(Body::empty()).expect("request")).await.status.as_u16()
    };
    assert_eq!(get("localhost:8080", None).await, 200);
    assert_eq!(get("mechant.example", None).await, 404);
    assert_eq!(get("localhost:8080", Some(("x-forwarded-for", "1.2.3.4"))).await, 404);
}

#[tokio::test]
async fn mail_is_sent_after_the_commit_can_be_opened_and_answered() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let role = owner.get("/roles").await.expect(200)["items"][2]["id"].clone();
    owner.post("/invitations", &json!({ "email": "bob@garage.example", "role_id": role })).await.expect(201);
    t.run_jobs().await;
    let local = |method: &str, path: &str, body: &'static str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/x-www-form-urlencoded");
        send(&t.router, request.body(Body::from(body)).expect("request"))
    };
    let list = local("GET", "/boite-essai?a=bob@garage.example", "").await;
    let path =
        list.text.split("href=\"").find_map(|part| part.split('"').next().filter(|path| path.len() > 40)).expect("a message").to_owned();
    let message = local("GET", &path, "").await;
    assert!(message.text.contains("Rejoindre l") && message.text.contains("sandbox="), "{}", message.text);
    assert_eq!(local("POST", &format!("{path}/repondre"), "body=Merci+%21").await.status.as_u16(), 303);
    assert!(local("GET", &path, "").await.text.contains("Merci !"));
}

#[tokio::test]
async fn a_refused_request_leaves_no_event_and_a_committed_one_is_handed_on_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.post("/contacts", &json!({})).await.expect(422);
    owner.contact(&json!({ "last_name": "Dupré" })).await;
    let count = async |query: &'static str| -> i64 {
        let mut tx = t.app.db.system().await.expect("begin");
        sqlx::query_scalar(query).fetch_one(tx.conn()).await.expect("count")
    };
    assert_eq!(count("SELECT count(*) FROM outbox").await, 1);
    assert_eq!(count("SELECT count(*) FROM audit_log").await, 1);
    let (one, two) = tokio::join!(vision_platform::outbox::dispatch(&t.app), vision_platform::outbox::dispatch(&t.app));
    assert_eq!(one.expect("dispatch") + two.expect("dispatch"), 1);
    assert_eq!(count("SELECT count(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn a_change_reaches_the_open_browsers_of_its_tenant() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let mut changes = t.app.live.subscribe();
    #[expect(clippy::disallowed_methods, reason = "the test ends the task")]
    let listener = tokio::spawn(vision_platform::live::listen(t.app.clone()));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let id = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let change = tokio::time::timeout(std::time::Duration::from_secs(5), changes.recv()).await.expect("in time").expect("a change");
    assert_eq!(
        (change.tenant, change.domain.as_str(), change.id.to_string(), change.kind.as_str()),
        (owner.tenant_id, "contacts", id, "contact.created")
    );
    listener.abort();
}

#[tokio::test]
async fn secrets_are_encrypted_where_they_are_stored() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let secret = owner.post("/me/totp", &json!({})).await.expect(200)["secret"].as_str().expect("secret").to_owned();
    let raw = totp_rs::Secret::try_from_base32(&secret).expect("base32");
    let mut tx = t.app.db.system().await.expect("begin");
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT totp_secret FROM users WHERE id = $1").bind(owner.user_id).fetch_one(tx.conn()).await.expect("secret");
    assert!(!stored.windows(20).any(|window| window == raw.as_ref()));
    let clear: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE encode(refresh_hash, 'escape') LIKE '%' || $1 || '%'")
        .bind(&owner.token)
        .fetch_one(tx.conn())
        .await
        .expect("count");
    assert_eq!(clear, 0);
}

/// Counts the statements that the database client runs on this thread.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn a_page_of_the_app_costs_few_statements() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = owner.contact(&json!({ "last_name": "Dupré", "tags": ["VIP"] })).await;
    owner.post(&format!("/contacts/{id}/notes"), &json!({ "body": "x" })).await.expect(201);
    owner
        .post("/views", &json!({ "name": "Lyon", "filter": { "tree": { "field": "city", "op": "is", "value": "Lyon" } } }))
        .await
        .expect(201);
    let counter = Statements::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(counter.clone()));
    let tree = "tree=%7B%22field%22%3A%22city%22%2C%22op%22%3A%22is%22%2C%22value%22%3A%22Lyon%22%7D";
    let pages: [(&str, Vec<String>); 5] = [
        ("a view", vec!["/views".into(), format!("/contacts?{tree}"), format!("/contacts/count?{tree}"), "/tags".into()]),
        ("contact list", vec!["/contacts".into(), "/tags".into()]),
        ("search", vec!["/contacts?q=dup".into()]),
        ("contact page", vec![format!("/contacts/{id}"), format!("/contacts/{id}/timeline"), format!("/contacts/{id}/notes")]),
        ("home", vec!["/home".into()]),
    ];
    for (name, paths) in pages {
        counter.0.store(0, Ordering::Relaxed);
        for path in &paths {
            owner.get(path).await.expect(200);
        }
        let used = counter.0.load(Ordering::Relaxed);
        assert!((1..=10).contains(&used), "{name}: {used} statements");
    }
}

// GD-08
#[tokio::test]
async fn what_is_out_of_date_is_deleted_and_nothing_else() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = [("idempotency-key", "abc")];
    owner.call(Method::POST, "/contacts", Some(&json!({ "last_name": "Dupré" })), &key).await.expect(201);
    t.stranger().post("/auth/password/forgot", &json!({ "email": "x@exemple.fr" })).await.expect(202);
    vision_server::wiring::sweep(&t.app).await.expect("sweep");
    let count = async |table: &str| -> i64 {
        let mut tx = t.app.db.system().await.expect("begin");
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(tx.conn()).await.expect(table)
    };
    let fresh = (count("idempotency_keys").await, count("audit_log").await, count("sessions").await);
    assert!(fresh.0 == 1 && fresh.1 > 0 && fresh.2 == 1, "nothing is out of date yet: {fresh:?}");

    t.advance(jiff::SignedDuration::from_hours(25));
    vision_server::wiring::sweep(&t.app).await.expect("sweep");
    assert_eq!((count("idempotency_keys").await, count("throttles").await, count("audit_log").await), (0, 0, fresh.1));

    t.advance(jiff::SignedDuration::from_hours(24 * 400));
    assert!(vision_server::wiring::sweep(&t.app).await.expect("sweep") > 0);
    assert_eq!((count("audit_log").await, count("sessions").await), (0, 0));
    assert_eq!(owner_contacts(&t, owner.tenant_id).await, 1, "contacts are not housekeeping's business");
}

async fn owner_contacts(t: &TestApp, tenant: uuid::Uuid) -> i64 {
    let mut tx = t.app.db.begin_as_system(tenant).await.expect("begin");
    sqlx::query_scalar("SELECT count(*) FROM contacts").fetch_one(tx.conn()).await.expect("count")
}
