//! An authority of the instance's own: real stamps that anybody can check, worth as much as whoever runs the instance. It is what there is
//! until an outside authority is configured.

use super::{imprint, sha256_algorithm};
use cms::builder::{SignedDataBuilder, SignerInfoBuilder};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::signed_data::{EncapsulatedContentInfo, SignerIdentifier};
use der::asn1::{Any, GeneralizedTime, Int, OctetString, SetOfVec};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode, Sequence};
use p256::ecdsa::{DerSignature, SigningKey};
use sha2_v10::{Digest, Sha256};
use std::str::FromStr;
use std::time::Duration;
use vision_ports::{TimeStamp, TimeStampError, TimestampAuthority};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::builder::{Builder, CertificateBuilder, Profile};
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::ext::{AsExtension, Extension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};
use x509_tsp::{TspVersion, TstInfo};

const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const ID_AA_SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const ID_KP_TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// The policy of an authority that has none written: an identifier of the documentation arc.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.7.23.3");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// Time as seconds since 1970.
type Now = Box<dyn Fn() -> u64 + Send + Sync>;

/// The authority.
pub struct LocalAuthority {
    key: SigningKey,
    certificate: Certificate,
    now: Now,
}

/// The certificate is for stamping and nothing else: RFC 3161 wants that said as critical.
struct OnlyForStamping(ExtendedKeyUsage);

impl AssociatedOid for OnlyForStamping {
    const OID: ObjectIdentifier = ExtendedKeyUsage::OID;
}

impl Encode for OnlyForStamping {
    fn encoded_len(&self) -> der::Result<der::Length> {
        self.0.encoded_len()
    }
    fn encode(&self, encoder: &mut impl der::Writer) -> der::Result<()> {
        self.0.encode(encoder)
    }
}

impl AsExtension for OnlyForStamping {
    fn critical(&self, _subject: &Name, _extensions: &[Extension]) -> bool {
        true
    }
}

/// RFC 5035: which certificate signed.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

#[derive(Sequence)]
struct EssCertIdV2 {
    cert_hash: OctetString,
}

fn refused(error: impl std::fmt::Display) -> TimeStampError {
    TimeStampError::Refused(error.to_string())
}

impl LocalAuthority {
    /// An authority with a key made from 32 secret bytes: the same secret is the same authority.
    pub fn new(secret: &[u8; 32], now: Now) -> Result<Self, TimeStampError> {
        let key = SigningKey::from_slice(secret).map_err(refused)?;
        let certificate = certificate(&key).map_err(refused)?;
        Ok(Self { key, certificate, now })
    }

    /// The authority's certificate, PEM: whoever trusts it can check the stamps.
    pub fn certificate_pem(&self) -> Result<String, TimeStampError> {
        use der::EncodePem;
        self.certificate.to_pem(der::pem::LineEnding::LF).map_err(refused)
    }

    fn token(&self, sha256: &[u8]) -> Result<Vec<u8>, cms::builder::Error> {
        let now = GeneralizedTime::from_unix_duration(Duration::from_secs((self.now)()))?;
        let mut serial = Sha256::digest([sha256, &now.to_unix_duration().as_secs().to_be_bytes()].concat());
        // A positive number of at most 160 bits.
        serial.iter_mut().take(1).for_each(|byte| *byte = (*byte & 0x3f) | 0x40);
        let info = TstInfo {
            version: TspVersion::V1,
            policy: POLICY,
            message_imprint: imprint(sha256)?,
            serial_number: Int::new(serial.get(..20).unwrap_or_default())?,
            gen_time: now,
            accuracy: None,
            ordering: false,
            nonce: None,
            tsa: None,
            extensions: None,
        };
        let content =
            EncapsulatedContentInfo { econtent_type: ID_CT_TST_INFO, econtent: Some(Any::new(der::Tag::OctetString, info.to_der()?)?) };
        let tbs = &self.certificate.tbs_certificate;
        let signer = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer.clone(),
            serial_number: tbs.serial_number.clone(),
        });
        let named = SigningCertificateV2 {
            certs: vec![EssCertIdV2 { cert_hash: OctetString::new(Sha256::digest(self.certificate.to_der()?).to_vec())? }],
        };
        let mut values = SetOfVec::new();
        values.insert(Any::from_der(&named.to_der()?)?)?;
        let mut signer_info = SignerInfoBuilder::new(&self.key, signer, sha256_algorithm(), &content, None)?;
        signer_info.add_signed_attribute(Attribute { oid: ID_AA_SIGNING_CERTIFICATE_V2, values })?;
        let mut builder = SignedDataBuilder::new(&content);
        let signed = builder
            .add_digest_algorithm(sha256_algorithm())?
            .add_certificate(CertificateChoices::Certificate(self.certificate.clone()))?
            .add_signer_info::<SigningKey, DerSignature>(signer_info)?
            .build()?;
        debug_assert_eq!(signed.content_type, SIGNED_DATA);
        Ok(signed.to_der()?)
    }
}

fn certificate(key: &SigningKey) -> Result<Certificate, x509_cert::builder::Error> {
    let name = Name::from_str("CN=Vision CRM - horodatage local,O=Vision CRM,C=FR").map_err(x509_cert::builder::Error::Asn1)?;
    let public = SubjectPublicKeyInfoOwned::from_key(*key.verifying_key()).map_err(x509_cert::builder::Error::PublicKey)?;
    // Fixed, so that the same key has the same certificate on every start.
    let day = |text: &str| der::asn1::GeneralizedTime::from_date_time(der::DateTime::from_str(text).unwrap_or(der::DateTime::INFINITY));
    let validity =
        Validity { not_before: Time::GeneralTime(day("2026-01-01T00:00:00Z")), not_after: Time::GeneralTime(day("2056-01-01T00:00:00Z")) };
    let serial = Sha256::digest(key.verifying_key().to_sec1_bytes());
    let mut serial = serial.get(..16).unwrap_or_default().to_vec();
    serial.iter_mut().take(1).for_each(|byte| *byte = (*byte & 0x3f) | 0x40);
    let mut builder = CertificateBuilder::new(Profile::Manual { issuer: None }, SerialNumber::new(&serial)?, validity, name, public, key)?;
    builder.add_extension(&KeyUsage(KeyUsages::DigitalSignature.into()))?;
    builder.add_extension(&OnlyForStamping(ExtendedKeyUsage(vec![ID_KP_TIME_STAMPING])))?;
    builder.build::<DerSignature>()
}

#[async_trait::async_trait]
impl TimestampAuthority for LocalAuthority {
    async fn stamp(&self, sha256: &[u8]) -> Result<TimeStamp, TimeStampError> {
        Ok(TimeStamp { token: self.token(sha256).map_err(refused)?, authority: "Horodatage local".to_owned() })
    }
}
