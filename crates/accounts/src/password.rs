//! Passwords: rules that resist guessing rather than annoy, and Argon2id.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use vision_kernel::{FieldError, Problem};
use vision_platform::Failure;

/// Fewest characters of a password.
pub const MIN_LENGTH: usize = 12;
/// Most characters: Argon2 has no limit, a denial of service would.
pub const MAX_LENGTH: usize = 200;

/// What French people choose most and the estimator's English dictionaries do not hold.
const FRENCH: &[&str] = &[
    "motdepasse",
    "azerty",
    "azertyuiop",
    "bonjour",
    "soleil",
    "marseille",
    "doudou",
    "loulou",
    "chouchou",
    "coucou",
    "nicolas",
    "julien",
    "camille",
    "football",
    "chocolat",
    "vacances",
    "secret",
    "admin",
    "garage",
    "hotel",
    "restaurant",
    "visioncrm",
];

/// Refuses short passwords and those that lists of breached passwords make quick to guess. `known` are words that an attacker
/// would try first: the person's name, address, company.
pub fn check(password: &str, pointer: &str, known: &[&str]) -> Result<(), FieldError> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(FieldError::new(pointer, "too_short", format!("Le mot de passe doit compter au moins {MIN_LENGTH} caractères.")));
    }
    if length > MAX_LENGTH {
        return Err(FieldError::new(pointer, "too_long", format!("Le mot de passe ne doit pas dépasser {MAX_LENGTH} caractères.")));
    }
    // The estimator's dictionaries hold the most used passwords of published breaches.
    let head: String = password.chars().take(100).collect();
    let known: Vec<&str> = known.iter().chain(FRENCH).copied().collect();
    if zxcvbn::zxcvbn(&head, &known).score() < zxcvbn::Score::Three {
        return Err(FieldError::new(pointer, "too_common", "Ce mot de passe est trop facile à deviner. Choisissez-en un plus original."));
    }
    Ok(())
}

/// Hashes a password with a fresh salt. Takes tens of milliseconds of one core: runs off the async threads.
pub async fn hash(password: String) -> Result<String, Failure> {
    blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| error.to_string()))
        .await?
        .map_err(|error| Problem::internal(error).into())
}

/// True when the password matches. `None` as hash (no such account) costs the same time and is false.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Failure> {
    /// A hash of a random password, so that unknown accounts take as long as known ones.
    const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2VsLWRlLWxldXJyZS0xMjM$7zHbZ3rZ6SMqmpCfbkAxVtkT4fXHX7fQ0cnl4r9m1Xo";
    blocking(move || {
        let stored = hash.as_deref().unwrap_or(DECOY);
        let matches = PasswordHash::new(stored).is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        matches && hash.is_some()
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_with_a_reason() {
        let code = |password: &str| check(password, "/password", &["dupre", "garage"]).map_err(|error| error.code);
        assert_eq!(code("court"), Err("too_short".into()));
        assert_eq!(code("motdepasse123"), Err("too_common".into()));
        assert_eq!(code("passwordpassword"), Err("too_common".into()));
        assert_eq!(code("dupredupredupre"), Err("too_common".into()));
        assert_eq!(code(&"é".repeat(201)), Err("too_long".into()));
        assert_eq!(code("vision-demo-2026"), Ok(()));
        assert_eq!(code("cheval agrafe pile correct"), Ok(()));
    }

    #[tokio::test]
    async fn a_hash_verifies_only_its_password() {
        let stored = hash("cheval agrafe pile".into()).await.expect("hash");
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("cheval agrafe pile".into(), Some(stored.clone())).await.expect("verify"));
        assert!(!verify("cheval agrafe pilE".into(), Some(stored)).await.expect("verify"));
        assert!(!verify("x".into(), None).await.expect("verify"));
    }
}
