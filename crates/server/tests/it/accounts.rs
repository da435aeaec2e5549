//! From sign-up to sign-out.

use axum::body::Body;
use axum::http::{Request, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use vision_testkit::http::send;
use vision_testkit::{Answer, TestApp};

const PASSWORD: &str = "cheval agrafe pile";

fn signup(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "full_name": "Ana Dupré", "company_name": "La Table d’Ana", "trade": "restaurant", "time_zone": "Indian/Reunion" })
}

/// Signs up and verifies by the mailed code; returns the session answer.
async fn sign_up(t: &TestApp, email: &str) -> Answer {
    t.stranger().post("/auth/signup", &signup(email)).await.expect(202);
    let (subject, _) = t.mails(email).await.into_iter().next().expect("a mail");
    let code = subject.split(' ').next().expect("code").to_owned();
    t.stranger().post("/auth/verify-email", &json!({ "email": email, "code": code })).await
}

fn cookie(answer: &Answer, name: &str) -> String {
    let line = answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find(|line| line.starts_with(name))
        .expect(name);
    line.split(';').next().and_then(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned()).expect("value")
}

async fn with_cookies(t: &TestApp, method: &str, path: &str, cookies: &str, extra: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::COOKIE, cookies)
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in extra {
        request = request.header(*name, *value);
    }
    send(&t.router, request.body(Body::from("{}")).expect("request")).await
}

fn token_in(text: &str, marker: &str) -> String {
    let start = text.find(marker).expect("link") + marker.len();
    text[start..].split_whitespace().next().expect("token").to_owned()
}

#[tokio::test]
async fn a_company_signs_up_verifies_and_is_in() {
    let t = TestApp::new().await;
    let answer = sign_up(&t, "ana@table.example").await;
    let token = answer.json["access_token"].as_str().expect("token").to_owned();
    let mut ana = t.stranger();
    ana.token = token;
    let me = ana.get("/me").await.expect(200);
    assert_eq!(me["tenant"]["slug"], "la-table-d-ana");
    let team = ana.get("/users").await.expect(200);
    assert!(team["items"][0]["last_seen_at"].is_string(), "a member is seen from the sign-in on: {team}");
    assert_eq!(me["tenant"]["time_zone"], "Indian/Reunion"); // BP-02
    assert_eq!((me["role"]["key"].as_str(), me["user"]["email_verified"].as_bool()), (Some("owner"), Some(true)));
    assert_eq!(me["tenant"]["onboarding_step"], "company");
}

#[tokio::test]
async fn sign_up_names_every_wrong_field() {
    let t = TestApp::new().await;
    let body =
        json!({ "email": "non", "password": "court", "full_name": " ", "company_name": "", "trade": "banque", "time_zone": "Mars/Base" });
    let answer = t.stranger().post("/auth/signup", &body).await;
    assert_eq!(answer.status.as_u16(), 422);
    let mut pointers = answer.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/company_name", "/email", "/full_name", "/password", "/time_zone", "/trade"]);
}

#[tokio::test]
async fn nothing_tells_whether_an_address_has_an_account() {
    let t = TestApp::new().await;
    sign_up(&t, "ana@table.example").await;
    let stranger = t.stranger();
    // Sign-up, reset and resend answer alike.
    for path in ["/auth/signup", "/auth/password/forgot", "/auth/verify-email/resend"] {
        let (known, unknown) =
            (stranger.post(path, &signup("ana@table.example")).await, stranger.post(path, &signup("autre@table.example")).await);
        assert_eq!((known.status, known.text), (unknown.status, unknown.text), "{path}");
    }
    // The known address is told in private.
    let subjects: Vec<String> = t.mails("ana@table.example").await.into_iter().map(|(subject, _)| subject).collect();
    assert!(subjects.iter().any(|subject| subject.contains("déjà un compte")), "{subjects:?}");
    // Sign-in refuses alike.
    let wrong = stranger.post("/auth/login", &json!({ "email": "ana@table.example", "password": "mauvais mot de passe" })).await;
    let unknown = stranger.post("/auth/login", &json!({ "email": "personne@table.example", "password": "mauvais mot de passe" })).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "invalid_credentials"));
    assert_eq!((wrong.status, wrong.json["detail"].clone()), (unknown.status, unknown.json["detail"].clone()));
}

#[tokio::test]
async fn a_code_dies_after_five_wrong_guesses_and_a_link_works_once() {
    let t = TestApp::new().await;
    let stranger = t.stranger();
    stranger.post("/auth/signup", &signup("ana@table.example")).await.expect(202);
    let (subject, text) = t.mails("ana@table.example").await.remove(0);
    let code = subject.split(' ').next().expect("code").to_owned();
    for _ in 0..5 {
        stranger.post("/auth/verify-email", &json!({ "email": "ana@table.example", "code": "abcdef" })).await.expect(422);
    }
    stranger.post("/auth/verify-email", &json!({ "email": "ana@table.example", "code": code })).await.expect(422);
    let token = token_in(&text, "token=");
    stranger.post("/auth/verify-email", &json!({ "token": token })).await.expect(200);
    stranger.post("/auth/verify-email", &json!({ "token": token })).await.expect(422);
}

#[tokio::test]
async fn browsers_use_cookies_with_a_csrf_token() {
    let t = TestApp::new().await;
    let session = sign_up(&t, "ana@table.example").await;
    for line in session.headers.get_all(header::SET_COOKIE) {
        let line = line.to_str().expect("ascii");
        assert!(
            line.starts_with("__Host-") && line.contains("Secure") && line.contains("Path=/") && line.contains("SameSite=Lax"),
            "{line}"
        );
        assert_eq!(line.contains("HttpOnly"), !line.starts_with("__Host-vision_csrf"), "{line}");
    }
    let cookies = format!("__Host-vision_access={}", cookie(&session, "__Host-vision_access"));
    let csrf = cookie(&session, "__Host-vision_csrf");
    with_cookies(&t, "GET", "/me", &cookies, &[]).await.expect(200);
    assert_eq!(with_cookies(&t, "PATCH", "/me", &cookies, &[]).await.code(), "csrf");
    assert_eq!(with_cookies(&t, "PATCH", "/me", &cookies, &[("x-csrf-token", "x")]).await.code(), "csrf");
    assert_eq!(
        with_cookies(&t, "PATCH", "/me", &cookies, &[("x-csrf-token", &csrf), ("sec-fetch-site", "cross-site")]).await.code(),
        "csrf"
    );
    with_cookies(&t, "PATCH", "/me", &cookies, &[("x-csrf-token", &csrf), ("sec-fetch-site", "same-origin")]).await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_family() {
    let t = TestApp::new().await;
    let session = sign_up(&t, "ana@table.example").await;
    let first = cookie(&session, "__Host-vision_refresh");
    let jar = |token: &str| format!("__Host-vision_refresh={token}");
    let renewed = with_cookies(&t, "POST", "/auth/refresh", &jar(&first), &[]).await;
    let second = cookie(&renewed, "__Host-vision_refresh");
    assert_ne!(first, second);
    // Two tabs at the same moment: forgiven, but no second successor is made.
    let tab = with_cookies(&t, "POST", "/auth/refresh", &jar(&first), &[]).await;
    assert_eq!(tab.status.as_u16(), 200);
    assert!(!tab.headers.get_all(header::SET_COOKIE).iter().any(|line| line.to_str().expect("ascii").starts_with("__Host-vision_refresh")));
    // Later it can only be a thief: everything of this sign-in ends.
    t.advance(SignedDuration::from_secs(60));
    with_cookies(&t, "POST", "/auth/refresh", &jar(&first), &[]).await.expect(401);
    with_cookies(&t, "POST", "/auth/refresh", &jar(&second), &[]).await.expect(401);
    let mut ana = t.stranger();
    ana.token = tab.json["access_token"].as_str().expect("token").to_owned();
    ana.get("/me").await.expect(401);
}

#[tokio::test]
async fn an_access_token_lives_an_hour_and_dies_at_once_when_revoked() {
    let t = TestApp::new().await;
    let ana = t.owner().await;
    ana.get("/me").await.expect(200);
    let other = t.sign_in(ana.tenant_id, ana.user_id, &ana.email).await;
    let devices = ana.get("/me/sessions").await.expect(200);
    assert_eq!(devices["items"].as_array().map(Vec::len), Some(2));
    let foreign =
        devices["items"].as_array().expect("items").iter().find(|device| device["current"] == false).expect("other")["id"].clone();
    ana.delete(&format!("/me/sessions/{}", foreign.as_str().expect("id"))).await.expect(204);
    other.get("/me").await.expect(401);
    t.advance(SignedDuration::from_mins(61));
    ana.get("/me").await.expect(401);
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_session() {
    let t = TestApp::new().await;
    let ana = t.owner().await;
    let phone = t.sign_in(ana.tenant_id, ana.user_id, &ana.email).await;
    ana.post("/auth/logout-everywhere", &json!({})).await.expect(204);
    ana.get("/me").await.expect(401);
    phone.get("/me").await.expect(401);
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_a_link_that_works_once() {
    let t = TestApp::new().await;
    let old = sign_up(&t, "ana@table.example").await;
    let stranger = t.stranger();
    stranger.post("/auth/password/forgot", &json!({ "email": "ANA@table.example" })).await.expect(202);
    let (_, text) =
        t.mails("ana@table.example").await.into_iter().find(|(subject, _)| subject.contains("nouveau mot de passe")).expect("mail");
    let token = token_in(&text, "token=");
    assert_eq!(stranger.post("/auth/password/reset", &json!({ "token": token, "password": "court" })).await.pointers(), ["/password"]);
    stranger.post("/auth/password/reset", &json!({ "token": token, "password": "un autre mot de passe" })).await.expect(204);
    stranger.post("/auth/password/reset", &json!({ "token": token, "password": "encore un mot de passe" })).await.expect(422);
    stranger.post("/auth/login", &json!({ "email": "ana@table.example", "password": PASSWORD })).await.expect(401);
    stranger.post("/auth/login", &json!({ "email": "ana@table.example", "password": "un autre mot de passe" })).await.expect(200);
    let mut before = t.stranger();
    before.token = old.json["access_token"].as_str().expect("token").to_owned();
    before.get("/me").await.expect(401);
    assert!(t.mails("ana@table.example").await.iter().any(|(subject, _)| subject.contains("Sécurité")), "the person is told");
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down_for_known_and_unknown_addresses_alike() {
    let t = TestApp::new().await;
    sign_up(&t, "ana@table.example").await;
    for email in ["ana@table.example", "personne@table.example"] {
        let mut last = 0;
        for _ in 0..11 {
            last = t.stranger().post("/auth/login", &json!({ "email": email, "password": "mauvais mot de passe" })).await.status.as_u16();
        }
        assert_eq!(last, 429, "{email}");
    }
    let answer = t.stranger().post("/auth/login", &json!({ "email": "ana@table.example", "password": PASSWORD })).await;
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{}", answer.text);
    t.advance(SignedDuration::from_mins(16));
    t.stranger().post("/auth/login", &json!({ "email": "ana@table.example", "password": PASSWORD })).await.expect(200);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_works_once() {
    let t = TestApp::new().await;
    let session = sign_up(&t, "ana@table.example").await;
    let mut ana = t.stranger();
    ana.token = session.json["access_token"].as_str().expect("token").to_owned();
    let start = ana.post("/me/totp", &json!({})).await.expect(200);
    let totp = totp_rs::Totp::from_url(start["otpauth_url"].as_str().expect("url")).expect("url");
    let code = |at: u64| totp.generate(at).to_string();
    let now = || u64::try_from(t.app.clock.now().as_second()).expect("time");
    ana.post("/me/totp/confirm", &json!({ "code": "000000" })).await.expect(422);
    let codes = ana.post("/me/totp/confirm", &json!({ "code": code(now()) })).await.expect(200);
    let recovery = codes["recovery_codes"][0].as_str().expect("code").to_owned();

    let login = json!({ "email": "ana@table.example", "password": PASSWORD });
    let challenge = t.stranger().post("/auth/login", &login).await;
    assert_eq!((challenge.status.as_u16(), challenge.code()), (401, "mfa_required"));
    let token = challenge.json["mfa_token"].as_str().expect("token").to_owned();
    let used = t.stranger().post("/auth/mfa", &json!({ "mfa_token": token, "code": code(now()) })).await;
    assert_eq!(used.status.as_u16(), 401, "the code that confirmed cannot be used again");
    t.advance(SignedDuration::from_secs(60));
    t.stranger().post("/auth/mfa", &json!({ "mfa_token": token, "code": code(now()) })).await.expect(200);

    // An invitation to a second company does not go round the second factor.
    let other = t.owner().await;
    let roles = other.get("/roles").await.expect(200);
    let member = roles["items"].as_array().expect("roles").iter().find(|role| role["key"] == "member").expect("member")["id"].clone();
    other.post("/invitations", &json!({ "email": "ana@table.example", "role_id": member })).await.expect(201);
    let (_, text) = t.mails("ana@table.example").await.remove(0);
    let accept = format!("/auth/invitations/{}/accept", token_in(&text, "/invitation/"));
    let joined = t.stranger().post(&accept, &json!({ "password": PASSWORD })).await;
    assert_eq!((joined.status.as_u16(), joined.code()), (401, "mfa_required"), "{}", joined.text);
    assert!(!joined.headers.contains_key(header::SET_COOKIE));
    let token = joined.json["mfa_token"].as_str().expect("token").to_owned();
    t.advance(SignedDuration::from_secs(60));
    let opened = t.stranger().post("/auth/mfa", &json!({ "mfa_token": token, "code": code(now()) })).await.expect(200);
    assert_eq!(opened["tenant"]["id"], json!(other.tenant_id), "the session opens in the company that invited");

    for expected in [200, 401] {
        let challenge = t.stranger().post("/auth/login", &login).await;
        let token = challenge.json["mfa_token"].as_str().expect("token").to_owned();
        t.stranger().post("/auth/mfa", &json!({ "mfa_token": token, "code": recovery.to_uppercase() })).await.expect(expected);
    }
    ana = t
        .sign_in(
            session.json["tenant"]["id"].as_str().and_then(|id| id.parse().ok()).expect("id"),
            session.json["user"]["id"].as_str().and_then(|id| id.parse().ok()).expect("id"),
            "",
        )
        .await;
    assert_eq!(ana.post("/me/totp/disable", &json!({ "password": "mauvais" })).await.pointers(), ["/password"]);
    ana.post("/me/totp/disable", &json!({ "password": PASSWORD })).await.expect(204);
    t.stranger().post("/auth/login", &login).await.expect(200);
}

#[tokio::test]
async fn the_company_profile_is_checked_versioned_and_audited() {
    let t = TestApp::new().await;
    let ana = t.owner().await;
    let answer = ana.patch_if("/tenant", 1, &json!({ "siren": "732 829 320", "city": "Lyon" })).await;
    assert_eq!(answer.headers.get(header::ETAG).and_then(|value| value.to_str().ok()), Some("\"2\""));
    let tenant = answer.expect(200);
    assert_eq!(tenant["vat_number"], "FR44732829320"); // QI-02
    assert_eq!(ana.patch_if("/tenant", 1, &json!({ "city": "Paris" })).await.code(), "stale_version");
    assert_eq!(ana.patch("/tenant", &json!({ "siren": "123456789" })).await.pointers(), ["/siren"]); // QI-01
    let log = ana.get("/audit-log?object_type=tenant").await.expect(200);
    let fields: Vec<&str> =
        log["items"][0]["changes"].as_array().expect("changes").iter().filter_map(|change| change["field"].as_str()).collect();
    assert_eq!(fields, ["siren", "vat_number", "city"]);
    assert_eq!(log["items"][0]["actor"]["name"], "Camille owner");
}

#[tokio::test]
async fn a_logo_must_be_an_image_whatever_it_says() {
    let t = TestApp::new().await;
    let ana = t.owner().await;
    let put = async |bytes: Vec<u8>| {
        let request = Request::put("/api/v1/tenant/logo")
            .header(header::AUTHORIZATION, format!("Bearer {}", ana.token))
            .header(header::CONTENT_TYPE, "image/png");
        send(&t.router, request.body(Body::from(bytes)).expect("request")).await
    };
    assert_eq!(put(b"<svg onload=alert(1)>".to_vec()).await.code(), "unsupported_media_type");
    assert_eq!(put(vec![0x89; 2 * 1024 * 1024]).await.code(), "too_large");
    let mut png = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    png.extend([0; 64]);
    put(png.clone()).await.expect(200);
    let logo = ana.get("/tenant/logo").await;
    assert_eq!((logo.headers[header::CONTENT_TYPE].to_str().expect("type"), logo.bytes), ("image/png", png));
}

#[tokio::test]
async fn whoever_confirms_an_address_gets_the_account_that_they_asked_for() {
    let t = TestApp::new().await;
    let email = "ana@table.example";
    // Somebody else signs up with Ana's address first, and waits.
    let mut before = signup(email);
    before["password"] = json!("le mot de passe du voleur");
    before["full_name"] = json!("Voleur");
    t.stranger().post("/auth/signup", &before).await.expect(202);
    let stolen = t.mails(email).await.remove(0).0;
    t.advance(SignedDuration::from_secs(5));
    let session = sign_up(&t, email).await;
    assert_eq!(session.json["user"]["full_name"], "Ana Dupré", "{}", session.text);
    let login =
        async |password: &str| t.stranger().post("/auth/login", &json!({ "email": email, "password": password })).await.status.as_u16();
    assert_eq!((login("le mot de passe du voleur").await, login(PASSWORD).await), (401, 200));
    let code = stolen.split(' ').next().expect("code");
    t.stranger().post("/auth/verify-email", &json!({ "email": email, "code": code })).await.expect(422);
    assert_eq!(login(PASSWORD).await, 200);
}

#[tokio::test]
async fn guesses_of_a_second_factor_are_counted_per_person() {
    let t = TestApp::new().await;
    let session = sign_up(&t, "ana@table.example").await;
    let mut ana = t.stranger();
    ana.token = session.json["access_token"].as_str().expect("token").to_owned();
    let start = ana.post("/me/totp", &json!({})).await.expect(200);
    let totp = totp_rs::Totp::from_url(start["otpauth_url"].as_str().expect("url")).expect("url");
    let now = || u64::try_from(t.app.clock.now().as_second()).expect("time");
    ana.post("/me/totp/confirm", &json!({ "code": totp.generate(now()).to_string() })).await.expect(200);
    ana.post("/me/totp/confirm", &json!({ "code": "000000" })).await.expect(409);
    assert_eq!(
        ana.post("/me/passkeys/challenge", &json!({ "password": "mauvais" })).await.pointers(),
        ["/password"],
        "a session alone adds no passkey"
    );
    let login = json!({ "email": "ana@table.example", "password": PASSWORD });
    let mut states = Vec::new();
    for _ in 0..4 {
        // Each right password gives a new token, with five guesses.
        let token = t.stranger().post("/auth/login", &login).await.json["mfa_token"].as_str().unwrap_or_default().to_owned();
        for _ in 0..5 {
            states.push(t.stranger().post("/auth/mfa", &json!({ "mfa_token": token, "code": "000000" })).await.status.as_u16());
        }
    }
    assert!(states.contains(&429), "{states:?}");
}

#[tokio::test] // GD-08, GD-09
async fn the_audit_log_is_filtered_exported_and_kept_as_long_as_the_company_says() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.patch("/tenant", &json!({ "city": "=1+1" })).await.expect(200);
    owner.post("/tags", &json!({ "name": "VIP" })).await.expect(201);
    let tenants = owner.get("/audit-log?object_type=tenant").await.expect(200);
    let id = tenants["items"][0]["object_id"].as_str().expect("id").to_owned();
    assert_eq!(owner.get(&format!("/audit-log?object_id={id}&limit=1")).await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    let file = owner.post("/audit-log/export", &json!({ "filter": { "object_type": "tenant" }, "format": "csv" })).await;
    assert_eq!(file.status, 200);
    assert!(file.text.starts_with("\u{feff}Date et heure;Auteur;"), "{}", file.text);
    assert!(file.text.contains("Ville : ∅ → =1+1") && !file.text.contains("VIP"), "{}", file.text);
    let exports = owner.get("/audit-log?action=audit_log.exported").await.expect(200);
    assert_eq!(exports["items"].as_array().map(Vec::len), Some(1));
    // Above 5,000 lines the file is a job's.
    let mut tx = t.app.db.system().await.expect("begin");
    sqlx::query(
        "INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_label)
         SELECT $1, gen_random_uuid(), now(), 'system', $1, 'Système', 'contact.created', 'contact', gen_random_uuid(), 'C' || n FROM generate_series(1, 5001) n",
    )
    .bind(owner.tenant_id)
    .execute(tx.conn())
    .await
    .expect("rows");
    tx.commit().await.expect("commit");
    let job = owner.post("/audit-log/export", &json!({ "filter": { "object_type": "contact" }, "format": "csv" })).await.expect(202);
    t.run_jobs().await;
    let file = owner.get(&format!("/jobs/{}/file", job["id"].as_str().expect("id"))).await;
    assert_eq!((file.status.as_u16(), file.text.lines().count()), (200, 5002));
    // A technician has no right to it, and the log is not exported for another company.
    t.member(owner.tenant_id, "technician").await.post("/audit-log/export", &json!({ "format": "csv" })).await.expect(403);
    let other = t.owner().await.post("/audit-log/export", &json!({ "filter": { "object_id": id }, "format": "csv" })).await;
    assert_eq!((other.status.as_u16(), other.text.lines().count()), (200, 1));
    // GD-08: at least 90 days.
    for days in [json!(89), json!(3651), json!(null)] {
        assert_eq!(owner.patch("/tenant", &json!({ "audit_retention_days": days })).await.pointers(), ["/audit_retention_days"]);
    }
    assert_eq!(owner.patch("/tenant", &json!({ "audit_retention_days": 90 })).await.expect(200)["audit_retention_days"], 90);
    let line = owner.get("/audit-log?object_type=tenant&limit=1").await.expect(200);
    assert_eq!(line["items"][0]["changes"][0], json!({ "field": "audit_retention_days", "before": 365, "after": 90 }));
}
