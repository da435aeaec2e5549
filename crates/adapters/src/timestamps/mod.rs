//! Time stamping authorities (RFC 3161): one of the instance's own, and any that answers over HTTP.

mod local;
mod remote;
#[cfg(test)]
mod tests;

pub use local::LocalAuthority;
pub use remote::RemoteAuthority;

use der::asn1::{Any, OctetString};
use der::oid::ObjectIdentifier;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_tsp::MessageImprint;

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

fn sha256_algorithm() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: SHA_256, parameters: None }
}

/// What is stamped: the hash of a document.
fn imprint(sha256: &[u8]) -> der::Result<MessageImprint> {
    // Some authorities want the parameters said, if only as null.
    let hash_algorithm = AlgorithmIdentifierOwned { oid: SHA_256, parameters: Some(Any::null()) };
    Ok(MessageImprint { hash_algorithm, hashed_message: OctetString::new(sha256)? })
}
