//! The list of objections: addresses as HMACs under the company's key (MK-17).

use super::model::{Channel, ConsentSource, Purpose};
use super::store;
use uuid::Uuid;
use vision_kernel::{Email, Phone, Problem};
use vision_platform::crypto::{self, Crypto};
use vision_platform::{Failure, Tx};

/// The company's key.
pub(crate) struct OppositionKey([u8; 32]);

/// An address in the form in which it is compared: a lower-case e-mail, a telephone in E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Email(String),
    Phone(String),
}

impl Address {
    /// What somebody typed, or `None` when it is neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            Email::parse(text).map(|email| Self::Email(email.to_string().to_lowercase()))
        } else {
            Phone::parse(text).map(|phone| Self::Phone(phone.as_str().to_owned()))
        }
    }

    /// Whether a channel writes to it.
    pub(crate) const fn suits(&self, channel: Channel) -> bool {
        matches!(self, Self::Email(_)) == channel.is_email()
    }

    /// As it may be shown in a log: enough to recognise it, not enough to write to it.
    pub(crate) fn masked(&self) -> String {
        match self {
            Self::Email(email) => {
                let (local, domain) = email.split_once('@').unwrap_or((email, ""));
                format!("{}•••@{domain}", local.chars().next().unwrap_or('•'))
            }
            Self::Phone(phone) => format!("•••{}", phone.get(phone.len().saturating_sub(2)..).unwrap_or_default()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Email(text) | Self::Phone(text) => text,
        }
    }
}

fn context(tenant: Uuid) -> String {
    format!("opposition_keys/{tenant}")
}

impl OppositionKey {
    /// The company's key, if it has one: without a key nobody has objected yet.
    pub(crate) async fn find(tx: &mut Tx, crypto: &Crypto) -> Result<Option<Self>, Failure> {
        let tenant = tx.tenant();
        let Some(sealed) = store::sealed_key(tx).await? else { return Ok(None) };
        let plain = crypto.open(&sealed, &context(tenant)).map_err(|error| Problem::internal(error.to_string()))?;
        let key = <[u8; 32]>::try_from(plain).map_err(|_| Problem::internal("the key of the oppositions has another length"))?;
        Ok(Some(Self(key)))
    }

    /// The same; made where there is none.
    pub(crate) async fn ensure(tx: &mut Tx, crypto: &Crypto) -> Result<Self, Failure> {
        if let Some(key) = Self::find(tx, crypto).await? {
            return Ok(key);
        }
        let tenant = tx.tenant();
        let fresh: [u8; 32] = crypto::random_bytes();
        store::insert_key(tx, &crypto.seal(&fresh, &context(tenant))).await?;
        // Another transaction may have been first: its key is the one.
        Self::find(tx, crypto).await?.ok_or_else(|| Problem::internal("the key of the oppositions was not stored").into())
    }

    /// The key itself, for a company that takes its list along.
    pub(crate) fn plain(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key that a company brought along, sealed as this instance seals it.
    pub(crate) fn seal(tenant: Uuid, crypto: &Crypto, plain: &[u8; 32]) -> Vec<u8> {
        crypto.seal(plain, &context(tenant))
    }

    /// The hash under which an address is listed. The kind is part of it: a number is not an e-mail.
    pub(crate) fn hash(&self, address: &Address) -> Vec<u8> {
        crypto::keyed_hash(&self.0, address.text().as_bytes())
    }
}

/// Puts addresses on the list for the channels that suit them; says how many addresses were not on it entirely.
pub(crate) async fn add(
    tx: &mut Tx,
    key: &OppositionKey,
    addresses: &[Address],
    channels: &[Channel],
    purposes: &[Purpose],
    source: ConsentSource,
) -> Result<u64, Failure> {
    let (mut hashes, mut on) = (Vec::new(), Vec::new());
    for address in addresses {
        for channel in channels.iter().filter(|channel| address.suits(**channel)) {
            hashes.push(key.hash(address));
            on.push(channel.word());
        }
    }
    let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.word()).collect();
    Ok(store::insert_oppositions(tx, &hashes, &on, &purposes, source.word()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_an_address_are_one() {
        let key = OppositionKey([7; 32]);
        let hash = |text: &str| key.hash(&Address::parse(text).expect(text));
        assert_eq!(hash(" Jeanne.Durand@Exemple.FR"), hash("jeanne.durand@exemple.fr"));
        assert_eq!(hash("06 12 34 56 78"), hash("+33612345678"));
        assert_ne!(hash("06 12 34 56 78"), hash("06 12 34 56 79"));
        assert_eq!(Address::parse("bonjour"), None);
    }

    #[test]
    fn a_masked_address_is_not_an_address() {
        assert_eq!(Address::parse("jeanne@exemple.fr").expect("e-mail").masked(), "j•••@exemple.fr");
        assert_eq!(Address::parse("0612345678").expect("phone").masked(), "•••78");
    }
}
