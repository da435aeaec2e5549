//! Links that tenants send to their customers: a quote to answer, an invoice to pay.
//!
//! A token names its tenant and holds 256 random bits. Only their hash is stored, and it is looked up inside that tenant: no query crosses
//! tenants for a page that anybody may call.

use crate::crypto;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// What a token says once it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicLink {
    /// In which tenant to look.
    pub tenant: Uuid,
    /// What is stored of the token.
    pub hash: Vec<u8>,
}

/// Makes a token; gives it and what to store.
pub fn mint(tenant: Uuid) -> (String, PublicLink) {
    let mut bytes = tenant.as_bytes().to_vec();
    bytes.extend(crypto::random_bytes::<32>());
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let hash = crypto::token_hash(&token);
    (token, PublicLink { tenant, hash })
}

/// Reads a token; anything else gives nothing.
pub fn read(token: &str) -> Option<PublicLink> {
    // 48 bytes are 64 characters: nothing longer is decoded.
    let bytes = (token.len() == 64).then(|| URL_SAFE_NO_PAD.decode(token).ok())??;
    let tenant = Uuid::from_slice(bytes.get(..16)?).ok()?;
    Some(PublicLink { tenant, hash: crypto::token_hash(token) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_tenant_and_nothing_else_is_one() {
        let tenant = Uuid::from_u128(7);
        let (token, link) = mint(tenant);
        assert_eq!(read(&token), Some(link));
        for bad in ["", "x", &token[1..], &format!("{token}A"), &"é".repeat(32)] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
