//! Time-based one-time passwords and recovery codes.

use crate::signup::store::UserRow;
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::{App, Failure, SystemTx, crypto};

/// How many recovery codes are given at once.
const RECOVERY_CODES: usize = 10;

fn context(user_id: Uuid) -> String {
    format!("users/{user_id}/totp")
}

/// The generator of a person's codes.
pub(crate) fn generator(secret: &[u8], email: &str) -> Result<Totp, Failure> {
    Builder::new()
        .with_secret(Secret::from(secret.to_vec()))
        .with_account_name(email.replace(':', ""))
        .with_issuer(Some("Vision CRM"))
        .build()
        .map_err(|error| Problem::internal(error.to_string()).into())
}

/// A new secret, encrypted for storage, and its generator.
pub(crate) fn new_secret(app: &App, user_id: Uuid, email: &str) -> Result<(Vec<u8>, Vec<u8>, Totp), Failure> {
    let secret = crypto::random_bytes::<20>();
    Ok((app.crypto.seal(&secret, &context(user_id)), secret.to_vec(), generator(&secret, email)?))
}

/// Checks a code against a person's secret. Each time step is good once; the step accepted is returned.
pub(crate) fn check(app: &App, user: &UserRow, code: &str) -> Result<Option<i64>, Failure> {
    let Some(sealed) = &user.totp_secret else { return Ok(None) };
    let secret = app.crypto.open(sealed, &context(user.id)).map_err(Problem::internal)?;
    let now = u64::try_from(app.clock.now().as_second()).unwrap_or(0);
    let step = generator(&secret, &user.email)?.check(code.trim(), now).and_then(|step| i64::try_from(step).ok());
    Ok(step.filter(|step| user.totp_last_step.is_none_or(|last| *step > last)))
}

fn normalize(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Replaces a person's recovery codes; returns them in clear, once.
pub(crate) async fn new_recovery_codes(tx: &mut SystemTx, user_id: Uuid) -> Result<Vec<String>, Failure> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| {
            let letters: Vec<char> = crypto::random_bytes::<10>()
                .iter()
                .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)).map(|c| char::from(*c)))
                .collect();
            let (head, tail) = letters.split_at(letters.len() / 2);
            format!("{}-{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
        })
        .collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| crypto::token_hash(&normalize(code))).collect();
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user_id).execute(tx.conn()).await?;
    sqlx::query("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])")
        .bind(user_id)
        .bind(hashes)
        .execute(tx.conn())
        .await?;
    Ok(codes)
}

/// Uses up a recovery code.
pub(crate) async fn use_recovery_code(tx: &mut SystemTx, user_id: Uuid, code: &str) -> Result<bool, Failure> {
    let now = tx.now_sql();
    let used = sqlx::query("UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL")
        .bind(user_id)
        .bind(crypto::token_hash(&normalize(code)))
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(used.rows_affected() == 1)
}

/// Remembers the last step that was used, so that a code cannot be used twice: false when somebody used it at this very moment.
/// Seals the secret anew after a change of master key.
pub(crate) async fn remember_step(app: &App, tx: &mut SystemTx, user: &UserRow, step: i64) -> Result<bool, Failure> {
    let resealed = match &user.totp_secret {
        Some(sealed) if app.crypto.is_stale(sealed) => {
            let secret = app.crypto.open(sealed, &context(user.id)).map_err(Problem::internal)?;
            Some(app.crypto.seal(&secret, &context(user.id)))
        }
        _ => None,
    };
    let done = sqlx::query(
        "UPDATE users SET totp_last_step = $2, totp_secret = coalesce($3, totp_secret) WHERE id = $1 AND (totp_last_step IS NULL OR totp_last_step < $2)",
    )
    .bind(user.id)
    .bind(step)
    .bind(resealed)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
