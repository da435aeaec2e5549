//! Adding a record to a chain.

use super::store;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::crypto::Crypto;
use vision_platform::{Failure, Tx};

/// What stands before the first record.
pub(super) const GENESIS: [u8; 32] = [0; 32];

/// The instance's signature. Its public half goes into archives, so that they can be checked without us (IS-09).
pub(crate) struct Key(SigningKey);

impl Key {
    /// The key of this instance: made from the oldest master key, so that it survives a rotation.
    pub(crate) fn of(crypto: &Crypto) -> Self {
        Self(SigningKey::from_bytes(&crypto.purpose_key("billing.seal")))
    }

    /// Signs a hash of something that stands outside of the chains.
    pub(crate) fn sign(&self, hash: &[u8]) -> [u8; 64] {
        self.0.sign(hash).to_bytes()
    }

    /// The public half.
    pub(crate) fn public(&self) -> VerifyingKey {
        self.0.verifying_key()
    }

    /// The public half as tools read it: SubjectPublicKeyInfo of RFC 8410.
    pub(crate) fn public_der(&self) -> Vec<u8> {
        const HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        [HEAD.as_slice(), self.public().as_bytes()].concat()
    }
}

/// SHA-256 of the previous hash and the text.
pub(super) fn link(previous: &[u8], body: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(body.as_bytes());
    hash.finalize().into()
}

/// True when the signature was made over this hash by the holder of this key.
pub(super) fn is_signed(key: &VerifyingKey, hash: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature).is_ok_and(|signature| key.verify(hash, &signature).is_ok())
}

/// Locks a chain until the transaction ends; gives the number that the next record will have.
pub(crate) async fn lock_head(tx: &mut Tx, chain: &str) -> Result<i64, Failure> {
    Ok(store::lock_head(tx, chain).await?.0 + 1)
}

/// Seals what the tables say of a record at the end of a chain. The record was written with the number that [`lock_head`] gave.
pub(crate) async fn append(tx: &mut Tx, key: &Key, chain: &str, kind: &str, record: Uuid) -> Result<(), Failure> {
    let (seq, previous) = store::lock_head(tx, chain).await?;
    let present = store::present(tx, chain, seq + 1, kind, record).await?;
    let body = serde_json::to_string(&present.ok_or_else(|| Problem::internal("nothing to seal"))?)?;
    let hash = link(&previous, &body);
    let signature = key.0.sign(&hash).to_bytes();
    let link = store::Link { chain, seq: seq + 1, kind, record, body: &body, previous: &previous, hash: &hash, signature: &signature };
    store::insert(tx, &link).await?;
    Ok(())
}
