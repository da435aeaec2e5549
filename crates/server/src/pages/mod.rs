//! Pages and files that Rust serves itself: the staff app's shell, health, the API reference, the test mailbox, the local
//! provider of payments, webhooks.

pub mod docs;
pub mod health;
pub mod local_payments;
pub mod mailbox;
pub mod spa;
pub mod webhooks;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use vision_platform::crypto;

/// A nonce for one answer's Content-Security-Policy.
fn nonce() -> String {
    STANDARD_NO_PAD.encode(crypto::random_bytes::<16>())
}
