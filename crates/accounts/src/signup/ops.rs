//! Sign-up, verification, password reset.

use super::store::{self, Claim, NewToken};
use crate::events::{self, AccountEvent};
use crate::mails::{self, Lang};
use crate::password;
use crate::provision::{self, NewTenant, TIME_ZONES, TRADES};
use crate::sessions::ops::{self as sessions, Opened};
use crate::sessions::{Client, store as session_store};
use crate::signin::ops as signin;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_kernel::{Email, FieldError, Problem, text};
use vision_platform::{App, Failure, SystemTx, crypto, throttle};

const VERIFY: &str = "verify_email";
const RESET: &str = "reset_password";
/// Wrong codes before a token is dead.
const MAX_ATTEMPTS: i32 = 5;

/// A sign-up as it was checked.
pub(crate) struct NewAccount {
    pub email: Email,
    pub password: String,
    pub full_name: String,
    pub company_name: String,
    pub trade: String,
    pub time_zone: String,
}

impl NewAccount {
    /// Checks every field at once.
    pub(crate) fn parse(input: super::http::SignupIn) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let email = Email::parse(&input.email);
        if email.is_none() {
            errors.push(FieldError::new("/email", "invalid", "Cette adresse e-mail n’est pas valable."));
        }
        let mut required = |value: &str, pointer: &str| match text::clean(value, false) {
            Some(value) if value.chars().count() <= 120 => value,
            Some(_) => {
                errors.push(FieldError::new(pointer, "too_long", "120 caractères au plus."));
                String::new()
            }
            None => {
                errors.push(FieldError::new(pointer, "required", "Ce champ est nécessaire."));
                String::new()
            }
        };
        let full_name = required(&input.full_name, "/full_name");
        let company_name = required(&input.company_name, "/company_name");
        let trade = input.trade.unwrap_or_else(|| "other".to_owned());
        if !TRADES.contains(&trade.as_str()) {
            errors.push(FieldError::new("/trade", "invalid", "Ce métier n’est pas dans la liste."));
        }
        let time_zone = input.time_zone.unwrap_or_else(|| "Europe/Paris".to_owned());
        if !TIME_ZONES.contains(&time_zone.as_str()) {
            errors.push(FieldError::new("/time_zone", "invalid", "Ce fuseau horaire n’est pas dans la liste."));
        }
        if let Err(error) = password::check(&input.password, "/password", &[&input.email, &full_name, &company_name]) {
            errors.push(error);
        }
        match email {
            Some(email) if errors.is_empty() => Ok(Self { email, password: input.password, full_name, company_name, trade, time_zone }),
            _ => Err(Problem::validation(errors)),
        }
    }
}

/// Creates an unverified account and mails a link and a code. A known address gets another mail and the same answer, in the same time:
/// the password is hashed either way.
pub(crate) async fn sign_up(app: &App, new: NewAccount, client: &Client) -> Result<(), Failure> {
    let hash = password::hash(new.password.clone()).await?;
    let email = new.email.normalized();
    let mut tx = app.db.system().await?;
    if let Some(ip) = &client.ip {
        let limit = i32::try_from(app.config.signups_per_hour).unwrap_or(i32::MAX);
        throttle::hit(&mut tx, &format!("signup:{ip}"), limit, SignedDuration::from_hours(1)).await?;
    }
    let claim = json!(Claim {
        password_hash: hash.clone(),
        full_name: new.full_name.clone(),
        company_name: new.company_name.clone(),
        trade: new.trade.clone(),
        time_zone: new.time_zone.clone(),
    });
    if let Some(user) = store::user_by_email(&mut tx, &email).await? {
        if limit_mails(&mut tx, &email).await? {
            let tenants = session_store::tenants_of(&mut tx, user.id).await?;
            if user.email_verified_at.is_none() {
                send_verification(app, &mut tx, user.id, new.email.as_str(), user.lang(), claim).await?;
            } else if let Some(tenant) = tenants.first() {
                let mail = mails::account_exists(app, user.lang()).to(app, tx.new_id(), new.email.as_str());
                tx.enqueue(*tenant, &mail, None).await?;
            }
        }
        return tx.commit().await;
    }
    let user_id = provision::user(&mut tx, new.email.as_str(), &new.full_name, &hash, false).await?;
    let plan =
        NewTenant { name: &new.company_name, trade: &new.trade, time_zone: &new.time_zone, slug: None, plan: "free", is_demo: false };
    let tenant_id = provision::tenant(&mut tx, &plan).await?;
    provision::member(&mut tx, tenant_id, user_id, "owner", None).await?;
    limit_mails(&mut tx, &email).await?;
    send_verification(app, &mut tx, user_id, new.email.as_str(), Lang::Fr, claim).await?;
    tx.commit().await
}

/// True while this address may still be sent mail: five an hour.
async fn limit_mails(tx: &mut SystemTx, email: &str) -> Result<bool, Failure> {
    Ok(throttle::hit(tx, &format!("mail:{email}"), 5, SignedDuration::from_hours(1)).await.is_ok())
}

/// Mails a link and a code that confirm the address together with what this sign-up said. Somebody else may have signed up with the same
/// address before: their mail confirms their words, this one ours.
async fn send_verification(app: &App, tx: &mut SystemTx, user_id: Uuid, email: &str, lang: Lang, claim: Value) -> Result<(), Failure> {
    let (token, code) = (crypto::random_token(), crypto::random_code());
    let expires_at = tx.now() + SignedDuration::from_hours(24);
    let new = NewToken {
        user_id: Some(user_id),
        purpose: VERIFY,
        token_hash: Some(crypto::token_hash(&token)),
        code_hash: Some(crypto::keyed_hash(&app.crypto.purpose_key("codes"), code.as_bytes())),
        state: claim,
        expires_at,
        beside_others: true,
    };
    store::insert_token(tx, new).await?;
    let Some(tenant) = session_store::tenants_of(tx, user_id).await?.first().copied() else { return Ok(()) };
    let mail = mails::verify_email(app, lang, &token, &code).to(app, tx.new_id(), email);
    tx.enqueue(tenant, &mail, None).await
}

/// Sends the verification again, if there is something to verify.
pub(crate) async fn resend(app: &App, email: &Email) -> Result<(), Failure> {
    let mut tx = app.db.system().await?;
    let email = email.normalized();
    if limit_mails(&mut tx, &email).await?
        && let Some(user) = store::user_by_email(&mut tx, &email).await?
        && user.email_verified_at.is_none()
    {
        // What the last sign-up said.
        let claim =
            store::tokens_by_email(&mut tx, VERIFY, &email).await?.into_iter().next().map_or_else(|| json!({}), |token| token.state);
        send_verification(app, &mut tx, user.id, &user.email, user.lang(), claim).await?;
    }
    tx.commit().await
}

fn dead_token() -> Failure {
    Problem::field("/token", "invalid", "Ce lien ou ce code n’est plus valable. Demandez-en un nouveau.").into()
}

/// Verifies an address by its link, or by its code, and opens a session.
pub(crate) async fn verify(
    app: &App,
    token: Option<&str>,
    email_and_code: Option<(&Email, &str)>,
    client: &Client,
) -> Result<Opened, Failure> {
    let mut tx = app.db.system().await?;
    let row = match (token, email_and_code) {
        (Some(token), _) => store::token_by_hash(&mut tx, VERIFY, &crypto::token_hash(token)).await?.ok_or_else(dead_token)?,
        (None, Some((email, code))) => {
            let hash = crypto::keyed_hash(&app.crypto.purpose_key("codes"), code.trim().as_bytes());
            let (mut right, mut wrong) = (None, Vec::new());
            for row in store::tokens_by_email(&mut tx, VERIFY, &email.normalized()).await? {
                let matches = row.attempts < MAX_ATTEMPTS && row.code_hash.as_deref().is_some_and(|stored| crypto::equal(stored, &hash));
                if matches && right.is_none() { right = Some(row) } else { wrong.push(row.id) }
            }
            let Some(row) = right else {
                for id in wrong {
                    store::count_attempt(&mut tx, id).await?;
                }
                tx.commit().await?;
                return Err(dead_token());
            };
            row
        }
        (None, None) => return Err(dead_token()),
    };
    let user_id = row.user_id.ok_or_else(dead_token)?;
    if let Ok(claim) = serde_json::from_value::<Claim>(row.state) {
        store::claim(&mut tx, user_id, &claim).await?;
    }
    store::verify_email(&mut tx, user_id).await?;
    store::forget_tokens(&mut tx, Some(user_id), VERIFY).await?;
    let tenant = session_store::tenants_of(&mut tx, user_id).await?.first().copied().ok_or_else(dead_token)?;
    // A link that waited in the mailbox while a second factor was set up must not go round it.
    let user = store::user_by_id(&mut tx, user_id).await?;
    let step = signin::proceed(app, &mut tx, &user, Some(tenant), client).await?;
    tx.commit().await?;
    step.opened()
}

/// Mails a reset link if the address is known.
pub(crate) async fn forgot(app: &App, email: &Email) -> Result<(), Failure> {
    let mut tx = app.db.system().await?;
    let normalized = email.normalized();
    if limit_mails(&mut tx, &normalized).await?
        && let Some(user) = store::user_by_email(&mut tx, &normalized).await?
        && let Some(tenant) = session_store::tenants_of(&mut tx, user.id).await?.first().copied()
    {
        let token = crypto::random_token();
        let expires_at = tx.now() + SignedDuration::from_hours(1);
        let new = NewToken {
            user_id: Some(user.id),
            purpose: RESET,
            token_hash: Some(crypto::token_hash(&token)),
            code_hash: None,
            state: json!({}),
            expires_at,
            beside_others: false,
        };
        store::insert_token(&mut tx, new).await?;
        let mail = mails::reset_password(app, user.lang(), &token).to(app, tx.new_id(), &user.email);
        tx.enqueue(tenant, &mail, None).await?;
    }
    tx.commit().await
}

/// Sets a new password by a mailed link: ends every session, and proves the address on the way.
pub(crate) async fn reset(app: &App, token: &str, new_password: String, client: &Client) -> Result<(), Failure> {
    password::check(&new_password, "/password", &[]).map_err(|error| Problem::validation(vec![error]))?;
    let hash = password::hash(new_password).await?;
    let mut tx = app.db.system().await?;
    let row = store::token_by_hash(&mut tx, RESET, &crypto::token_hash(token)).await?.ok_or_else(dead_token)?;
    let user_id = row.user_id.ok_or_else(dead_token)?;
    store::use_token(&mut tx, row.id).await?;
    store::set_password(&mut tx, user_id, &hash).await?;
    store::verify_email(&mut tx, user_id).await?;
    store::forget_tokens(&mut tx, Some(user_id), VERIFY).await?;
    password_changed(app, &mut tx, user_id, None, client).await?;
    tx.commit().await
}

/// After a change of password: other sessions end, the audit log knows, the person is told.
pub(crate) async fn password_changed(
    app: &App,
    tx: &mut SystemTx,
    user_id: Uuid,
    keep: Option<Uuid>,
    client: &Client,
) -> Result<(), Failure> {
    session_store::revoke_all(tx, user_id, keep, "password changed").await?;
    notify(app, tx, user_id, events::PASSWORD_CHANGED, client).await
}

/// Records a security event in each of the person's tenants and mails the person once.
pub(crate) async fn notify(app: &App, tx: &mut SystemTx, user_id: Uuid, name: &'static str, client: &Client) -> Result<(), Failure> {
    let user = store::user_by_id(tx, user_id).await?;
    let tenants = session_store::tenants_of(tx, user_id).await?;
    for tenant in &tenants {
        let who = sessions::actor(*tenant, user_id, &user.full_name, client);
        tx.audit(&who, &AccountEvent { name, user_id, email: user.email.clone() }).await?;
    }
    if let Some(tenant) = tenants.first() {
        let mail = mails::security_notice(app, user.lang(), name).to(app, tx.new_id(), &user.email);
        tx.enqueue(*tenant, &mail, None).await?;
    }
    Ok(())
}
