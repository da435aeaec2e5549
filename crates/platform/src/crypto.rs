//! Secrets at rest (AES-256-GCM with a key id, so that keys rotate), keyed hashes of tokens, derived keys.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Length of the nonce of AES-GCM, in bytes.
const NONCE: usize = 12;

/// Why a secret could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The key that closed it is not configured any more.
    #[error("secret was encrypted with key {0}, which is not configured")]
    UnknownKey(u8),
    /// Wrong context or altered bytes.
    #[error("secret is damaged or belongs elsewhere")]
    Damaged,
}

/// The master keys. The first one encrypts; all of them decrypt.
#[derive(Clone)]
pub struct Crypto {
    keys: Vec<(u8, [u8; 32])>,
}

impl Crypto {
    /// `keys` are (id, 32 bytes), newest first; there is at least one.
    pub fn new(keys: Vec<(u8, [u8; 32])>) -> Self {
        Self { keys }
    }

    fn derive(key: &[u8; 32], purpose: &str) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(&mac(key, purpose.as_bytes()));
        out
    }

    /// A key for one purpose, made from the oldest master key so that it survives rotation of the encryption key.
    pub fn purpose_key(&self, purpose: &str) -> [u8; 32] {
        self.keys.last().map_or([0; 32], |(_, key)| Self::derive(key, purpose))
    }

    /// Encrypts; the first byte of the result is the key id. `context` (table, row) is authenticated, so a value cannot be moved elsewhere.
    pub fn seal(&self, plain: &[u8], context: &str) -> Vec<u8> {
        let Some((id, key)) = self.keys.first() else { return Vec::new() };
        let nonce: [u8; NONCE] = random_bytes();
        let cipher = Aes256Gcm::new(&Self::derive(key, "seal").into());
        let body = cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: context.as_bytes() }).unwrap_or_default();
        let mut out = vec![*id];
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&body);
        out
    }

    /// Decrypts what [`Crypto::seal`] made with the same context.
    pub fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, CryptoError> {
        let (id, rest) = sealed.split_first().ok_or(CryptoError::Damaged)?;
        let (nonce, body) = rest.split_at_checked(NONCE).ok_or(CryptoError::Damaged)?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == id).ok_or(CryptoError::UnknownKey(*id))?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| CryptoError::Damaged)?;
        Aes256Gcm::new(&Self::derive(key, "seal").into())
            .decrypt(&nonce.into(), Payload { msg: body, aad: context.as_bytes() })
            .map_err(|_| CryptoError::Damaged)
    }

    /// True when the secret should be encrypted again because a newer key exists.
    pub fn is_stale(&self, sealed: &[u8]) -> bool {
        sealed.first() != self.keys.first().map(|(id, _)| id)
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so this cannot fail; an empty answer would match nothing.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// HMAC-SHA-256.
pub fn keyed_hash(key: &[u8; 32], message: &[u8]) -> Vec<u8> {
    mac(key, message)
}

/// SHA-256 of a random token: enough, because the token itself has 256 bits.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Bytes from the system's generator.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    rand::fill(&mut out);
    out
}

/// A new 256-bit token for links and cookies, 43 URL-safe characters (BP-10).
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// A new code of six digits.
pub fn random_code() -> String {
    format!("{:06}", u32::from_le_bytes(random_bytes::<4>()) % 1_000_000)
}

/// Compares without telling by time where two byte strings differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_in_its_context_and_survives_rotation() {
        let old = Crypto::new(vec![(1, [7; 32])]);
        let sealed = old.seal(b"JBSWY3DP", "users/1/totp");
        assert_eq!(old.open(&sealed, "users/1/totp").expect("opens"), b"JBSWY3DP");
        assert!(old.open(&sealed, "users/2/totp").is_err());
        let rotated = Crypto::new(vec![(2, [9; 32]), (1, [7; 32])]);
        assert_eq!(rotated.open(&sealed, "users/1/totp").expect("opens"), b"JBSWY3DP");
        assert!(rotated.is_stale(&sealed));
        assert!(!rotated.is_stale(&rotated.seal(b"x", "c")));
        assert!(matches!(Crypto::new(vec![(2, [9; 32])]).open(&sealed, "users/1/totp"), Err(CryptoError::UnknownKey(1))));
    }

    #[test]
    fn one_flipped_bit_is_noticed() {
        let crypto = Crypto::new(vec![(1, [7; 32])]);
        let mut sealed = crypto.seal(b"secret", "c");
        if let Some(byte) = sealed.last_mut() {
            *byte ^= 1;
        }
        assert!(crypto.open(&sealed, "c").is_err());
    }
}
