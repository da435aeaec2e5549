//! The shapes of bearer tokens: access JWT, refresh token, API key.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_platform::{App, crypto};

/// Lifetime of an access token, in seconds (PRD: 1 h).
pub const ACCESS_SECONDS: i64 = 3600;
/// Lifetime of a session without use, in days.
pub const SESSION_DAYS: i64 = 30;

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    pub sub: Uuid,
    /// The tenant.
    pub tid: Uuid,
    /// The session.
    pub sid: Uuid,
    /// Issued at, seconds.
    pub iat: i64,
    /// Expires at, seconds.
    pub exp: i64,
}

/// Signs an access token.
pub fn sign_access(app: &App, user: Uuid, tenant: Uuid, session: Uuid) -> String {
    let now = app.clock.now().as_second();
    let claims = Claims { sub: user, tid: tenant, sid: session, iat: now, exp: now + ACCESS_SECONDS };
    let key = EncodingKey::from_secret(&app.crypto.purpose_key("jwt"));
    // Signing with a key in memory cannot fail; an empty token would authenticate nobody.
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap_or_default()
}

/// Reads an access token; `None` when it is forged or expired by our own clock.
pub fn read_access(app: &App, token: &str) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_secret(&app.crypto.purpose_key("jwt"));
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).ok()?.claims;
    (claims.exp > app.clock.now().as_second()).then_some(claims)
}

/// A token that says where to look: `tenant.id.secret`. Only the hash of the secret is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The tenant.
    pub tenant: Uuid,
    /// The row.
    pub id: Uuid,
    /// The secret part.
    pub secret: String,
}

impl Located {
    /// A new token for a row.
    pub fn new(tenant: Uuid, id: Uuid) -> Self {
        Self { tenant, id, secret: crypto::random_token() }
    }

    /// What is stored.
    pub fn hash(&self) -> Vec<u8> {
        crypto::token_hash(&self.secret)
    }

    /// The text form.
    pub fn encode(&self) -> String {
        format!("{}.{}.{}", self.tenant.simple(), self.id.simple(), self.secret)
    }

    /// Reads the text form.
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (tenant, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || secret.len() != 43 {
            return None;
        }
        Some(Self { tenant: Uuid::try_parse(tenant).ok()?, id: Uuid::try_parse(id).ok()?, secret: secret.to_owned() })
    }
}

/// What API keys start with, so that leaked ones are recognised by scanners.
pub const API_KEY_PREFIX: &str = "vk_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_located_token_reads_back_and_nothing_else_does() {
        let token = Located::new(Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(Located::decode(&token.encode()), Some(token.clone()));
        assert_eq!(Located::decode(&format!("{}.x", token.encode())), None);
        assert_eq!(Located::decode("a.b.c"), None);
    }
}
