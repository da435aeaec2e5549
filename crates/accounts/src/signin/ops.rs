//! Password and second factor.

use super::totp;
use crate::password;
use crate::sessions::ops::{self as sessions, Opened};
use crate::sessions::{Client, store as session_store};
use crate::signup::store::{self, NewToken, UserRow};
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::{Problem, ProblemKind};
use vision_platform::{App, Failure, SystemTx, crypto, throttle};

const MFA: &str = "mfa";
/// Wrong passwords per account before it must wait: enough for a forgetful person, too few for a guesser.
const PER_ACCOUNT: i32 = 10;
/// Codes of a second factor per person and hour.
const PER_PERSON_CODES: i32 = 15;
/// Attempts per address, for whom many people may share.
const PER_IP: i32 = 60;
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The one refusal: it does not tell an unknown address from a wrong password.
pub(crate) fn refused() -> Failure {
    Problem::new(ProblemKind::InvalidCredentials).detail("Adresse, mot de passe ou code incorrect.").into()
}

async fn throttled(app: &App, account: &str, client: &Client) -> Result<(), Failure> {
    let mut tx = app.db.system().await?;
    let by_account = throttle::hit(&mut tx, &format!("login:{account}"), PER_ACCOUNT, WINDOW).await;
    let by_ip = match &client.ip {
        Some(ip) => throttle::hit(&mut tx, &format!("login-ip:{ip}"), PER_IP, WINDOW).await,
        None => Ok(()),
    };
    tx.commit().await?;
    by_account.and(by_ip)
}

/// Signs in by password. With a second factor on, answers `mfa_required` and a token for the next step.
pub(crate) async fn login(app: &App, email: &str, password: String, tenant: Option<Uuid>, client: &Client) -> Result<Opened, Failure> {
    let email = email.trim().to_lowercase();
    throttled(app, &email, client).await?;
    let mut tx = app.db.system().await?;
    let user = store::user_by_email(&mut tx, &email).await?;
    drop(tx);
    let matches = password::verify(password, user.as_ref().map(|user| user.password_hash.clone())).await?;
    let Some(user) = user.filter(|_| matches) else { return Err(refused()) };
    if user.email_verified_at.is_none() {
        return Err(Problem::new(ProblemKind::Forbidden)
            .detail("Confirmez d’abord votre adresse e-mail.")
            .with("reason", "email_unverified")
            .into());
    }
    let mut tx = app.db.system().await?;
    let step = proceed(app, &mut tx, &user, tenant, client).await?;
    tx.commit().await?;
    step.opened()
}

/// What follows a right password.
pub(crate) enum Step {
    Opened(Box<Opened>),
    /// The token that the second factor must come with.
    SecondFactor(String),
}

impl Step {
    /// The session, or the `mfa_required` refusal; the transaction is committed before, in either case.
    pub(crate) fn opened(self) -> Result<Opened, Failure> {
        match self {
            Self::Opened(opened) => Ok(*opened),
            Self::SecondFactor(token) => Err(Problem::new(ProblemKind::MfaRequired)
                .with("mfa_token", token)
                .with("methods", json!(["totp", "recovery_code"]))
                .into()),
        }
    }
}

/// Goes on after a right password: opens the session, or asks for the second factor where one is on.
pub(crate) async fn proceed(app: &App, tx: &mut SystemTx, user: &UserRow, tenant: Option<Uuid>, client: &Client) -> Result<Step, Failure> {
    if user.totp_enabled_at.is_none() {
        let opened = enter(app, tx, user, &user.email.to_lowercase(), tenant, client).await?;
        return Ok(Step::Opened(Box::new(opened)));
    }
    let token = crypto::random_token();
    let expires_at = tx.now() + SignedDuration::from_mins(10);
    let new = NewToken {
        user_id: Some(user.id),
        purpose: MFA,
        token_hash: Some(crypto::token_hash(&token)),
        code_hash: None,
        state: json!({ "tenant": tenant }),
        expires_at,
        beside_others: false,
    };
    store::insert_token(tx, new).await?;
    Ok(Step::SecondFactor(token))
}

/// Finishes a sign-in with a TOTP or a recovery code.
pub(crate) async fn second_factor(app: &App, token: &str, code: &str, client: &Client) -> Result<Opened, Failure> {
    let mut tx = app.db.system().await?;
    let row = store::token_by_hash(&mut tx, MFA, &crypto::token_hash(token)).await?.ok_or_else(refused)?;
    let user_id = row.user_id.ok_or_else(refused)?;
    let user = store::user_by_id(&mut tx, user_id).await?;
    // Each right password gives a new token: the guesses are counted per person as well.
    let mut count = app.db.system().await?;
    let allowed = throttle::hit(&mut count, &format!("mfa:{user_id}"), PER_PERSON_CODES, SignedDuration::from_hours(1)).await;
    count.commit().await?;
    allowed?;
    let step = totp::check(app, &user, code)?;
    let accepted = row.attempts < 5 && (step.is_some() || totp::use_recovery_code(&mut tx, user_id, code).await?);
    if !accepted {
        store::count_attempt(&mut tx, row.id).await?;
        tx.commit().await?;
        return Err(refused());
    }
    if let Some(step) = step
        && !totp::remember_step(app, &mut tx, &user, step).await?
    {
        return Err(refused());
    }
    throttle::clear(&mut tx, &format!("mfa:{user_id}")).await?;
    store::use_token(&mut tx, row.id).await?;
    let tenant = row.state.get("tenant").and_then(|value| serde_json::from_value(value.clone()).ok());
    let email = user.email.to_lowercase();
    let opened = enter(app, &mut tx, &user, &email, tenant, client).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Opens the session of a verified person, in the tenant asked for or the one used last.
pub(crate) async fn enter(
    app: &App,
    tx: &mut SystemTx,
    user: &UserRow,
    email: &str,
    tenant: Option<Uuid>,
    client: &Client,
) -> Result<Opened, Failure> {
    let tenants = session_store::tenants_of(tx, user.id).await?;
    let chosen = tenant.filter(|id| tenants.contains(id)).or_else(|| tenants.first().copied());
    // Somebody deactivated everywhere gets the same refusal as a wrong password.
    let chosen = chosen.ok_or_else(refused)?;
    throttle::clear(tx, &format!("login:{email}")).await?;
    sessions::open(app, tx, chosen, user.id, client).await
}

/// Checks the password of a signed-in person before something sensitive; throttled like a sign-in.
pub(crate) async fn confirm_password(
    app: &App,
    user_id: Uuid,
    password: String,
    pointer: &str,
    client: &Client,
) -> Result<UserRow, Failure> {
    let mut tx = app.db.system().await?;
    let user = store::user_by_id(&mut tx, user_id).await?;
    drop(tx);
    throttled(app, &user.email.to_lowercase(), client).await?;
    if password::verify(password, Some(user.password_hash.clone())).await? {
        Ok(user)
    } else {
        Err(Problem::field(pointer, "incorrect", "Ce n’est pas votre mot de passe actuel.").into())
    }
}
