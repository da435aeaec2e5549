//! The signature `t=<seconds>,v1=<hex>[,v1=<hex>…]` over `<seconds>.<body>`: Stripe's scheme, which the local provider speaks as well.

use super::WebhookError;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How old a signature may be, in seconds; the default of the provider's own libraries.
pub const TOLERANCE: i64 = 300;

fn mac(secret: &str, seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    // The key is the secret as it is written, `whsec_` included.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    Some(mac)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect())
}

/// Signs a body.
pub fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
    let made = mac(secret, seconds, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    format!("t={seconds},v1={}", made.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Believes a body when one of the secrets has signed it lately. Several secrets hold while one is being replaced; other schemes than
/// `v1` are not looked at.
pub fn verify(secrets: &[String], body: &[u8], header: &str, now: i64) -> Result<(), WebhookError> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let seconds: i64 = parts().find(|(name, _)| *name == "t").and_then(|(_, value)| value.parse().ok()).ok_or(WebhookError::Forged)?;
    let sent: Vec<Vec<u8>> = parts().filter(|(name, _)| *name == "v1").take(10).filter_map(|(_, value)| bytes(value)).collect();
    // `verify_slice` compares without telling by its time where two differ.
    let signed = secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .any(|secret| sent.iter().any(|sent| mac(secret, seconds, body).is_some_and(|mac| mac.verify_slice(sent).is_ok())));
    if !signed {
        return Err(WebhookError::Forged);
    }
    if (now - seconds).abs() > TOLERANCE { Err(WebhookError::Old) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (secret, seconds, body, header): made by the provider's own library.
    const VECTORS: [(&str, i64, &str, &str); 2] = [
        (
            "whsec_test_secret",
            1_700_000_000,
            r#"{"id":"evt_1","object":"event","type":"invoice.paid","data":{"object":{"id":"in_1","object":"invoice"}}}"#,
            "t=1700000000,v1=35a597b98e5e7c9feeae726957dcc7d15c533391f9275c017fbde494c89eb0c0",
        ),
        (
            "whsec_other",
            1_700_000_000,
            r#"{"id":"evt_2","object":"event","type":"checkout.session.completed","account":"acct_1","livemode":false,"data":{"object":{"id":"cs_1"}}} é"#,
            "t=1700000000,v0=00,v1=deadbeef,v1=cb8b9137a24eb75bb1380e80f48af6803aa8484f108e841b691ba07f1e0d6a3c",
        ),
    ];

    #[test]
    fn what_the_provider_signed_is_believed_and_nothing_else() {
        for (secret, at, body, header) in VECTORS {
            let secrets = ["whsec_next".to_owned(), secret.to_owned()];
            let check = |body: &str, header: &str, now: i64| verify(&secrets, body.as_bytes(), header, now);
            assert_eq!(check(body, header, at + 299), Ok(()));
            assert_eq!(check(body, header, at + 301), Err(WebhookError::Old));
            assert_eq!(check(body, header, at - 301), Err(WebhookError::Old));
            assert_eq!(check(&format!("{body} "), header, at), Err(WebhookError::Forged));
            assert_eq!(check(body, &header.replace("t=17", "t=18"), at), Err(WebhookError::Forged));
            assert_eq!(check(body, &header.replace("v1=", "v0="), at), Err(WebhookError::Forged));
            for header in ["", "t=1700000000", "v1=00", "t=x,v1=00", "t=1700000000,v1=zz"] {
                assert_eq!(check(body, header, at), Err(WebhookError::Forged), "{header}");
            }
            assert_eq!(verify(&["whsec_wrong".to_owned()], body.as_bytes(), header, at), Err(WebhookError::Forged));
            assert_eq!(verify(&[String::new()], body.as_bytes(), header, at), Err(WebhookError::Forged));
        }
    }

    #[test]
    fn we_sign_as_the_provider_does() {
        let (secret, at, body, header) = VECTORS[0];
        assert_eq!(sign(secret, at, body.as_bytes()), header);
    }
}
