//! What happens to accounts, for the audit log and for subscribers.

use serde::Serialize;
use uuid::Uuid;
use vision_kernel::{Change, DomainEvent, Subject};

/// Something happened to a person's account: signed in, changed the password, turned a second factor on or off…
#[derive(Debug, Serialize)]
pub struct AccountEvent {
    /// Event name; one of the constants of this module.
    #[serde(skip)]
    pub name: &'static str,
    /// The person.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
}

/// Signed in.
pub const SIGNED_IN: &str = "user.signed_in";
/// Signed out.
pub const SIGNED_OUT: &str = "user.signed_out";
/// A rotated refresh token was presented again: the session family was revoked.
pub const REFRESH_REUSED: &str = "user.refresh_reused";
/// Changed or reset the password.
pub const PASSWORD_CHANGED: &str = "user.password_changed";
/// Turned TOTP on.
pub const TOTP_ENABLED: &str = "user.totp_enabled";
/// Turned TOTP off.
pub const TOTP_DISABLED: &str = "user.totp_disabled";
/// Added a passkey.
pub const PASSKEY_ADDED: &str = "user.passkey_added";
/// Removed a passkey.
pub const PASSKEY_REMOVED: &str = "user.passkey_removed";

impl DomainEvent for AccountEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "user", id: self.user_id, label: self.email.clone() }
    }
}

/// A record of the company changed: tenant, member, role, invitation, key.
#[derive(Debug, Serialize)]
pub struct CompanyEvent {
    /// Event name, such as `role.updated`.
    #[serde(skip)]
    pub name: &'static str,
    /// Record type.
    #[serde(skip)]
    pub kind: &'static str,
    /// Record id.
    pub id: Uuid,
    /// Its name.
    pub label: String,
    /// What changed.
    #[serde(skip)]
    pub changes: Vec<Change>,
}

impl DomainEvent for CompanyEvent {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: self.kind, id: self.id, label: self.label.clone() }
    }
    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}
