use super::LocalAuthority;
use super::remote::{granted, request};
use cms::content_info::ContentInfo;
use der::asn1::SetOfVec;
use der::{Decode, Encode, Sequence};
use std::process::Command;
use vision_ports::TimestampAuthority;

fn authority() -> LocalAuthority {
    LocalAuthority::new(&[7; 32], Box::new(|| 1_795_867_200)).expect("authority")
}

/// A `TimeStampResp` that grants a token.
#[derive(Sequence)]
struct Granted {
    status: Status,
    token: ContentInfo,
}

#[derive(Sequence)]
struct Status {
    status: u8,
}

fn answer(token: &[u8]) -> Vec<u8> {
    Granted { status: Status { status: 0 }, token: ContentInfo::from_der(token).expect("token") }.to_der().expect("answer")
}

#[tokio::test]
async fn an_answer_is_taken_only_for_what_was_asked() {
    let hash = [0xab; 32];
    let stamp = authority().stamp(&hash).await.expect("stamp");
    assert_eq!(granted(&answer(&stamp.token), &hash).expect("granted"), stamp.token);
    assert!(granted(&answer(&stamp.token), &[0xac; 32]).is_err());
    assert!(granted(b"nonsense", &hash).is_err());
    let _ = SetOfVec::<der::asn1::Any>::new();
}

/// OpenSSL is the judge: a stamp of ours verifies, one of another document does not.
#[tokio::test]
async fn openssl_verifies_a_stamp() {
    if Command::new("openssl").arg("version").output().is_err() {
        // Part of every Debian; a machine without it has no judge.
        return;
    }
    let folder = std::env::temp_dir().join(format!("vision-stamp-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let at = |name: &str| folder.join(name);
    std::fs::write(at("document"), b"Devis").expect("document");
    std::fs::write(at("other"), b"Devis!").expect("other");
    use sha2_v10::{Digest, Sha256};
    let hash = Sha256::digest(b"Devis");
    let authority = authority();
    let stamp = authority.stamp(&hash).await.expect("stamp");
    std::fs::write(at("token"), &stamp.token).expect("token");
    std::fs::write(at("ca.pem"), authority.certificate_pem().expect("pem")).expect("pem");
    std::fs::write(at("query"), request(&hash).expect("query")).expect("query");
    let verify = |document: &str| {
        let out = Command::new("openssl")
            .args(["ts", "-verify", "-token_in", "-in"])
            .arg(at("token"))
            .arg("-data")
            .arg(at(document))
            .arg("-CAfile")
            .arg(at("ca.pem"))
            .output()
            .expect("openssl");
        (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
    };
    let (right, said) = verify("document");
    let (wrong, _) = verify("other");
    let query = Command::new("openssl").args(["ts", "-query", "-text", "-in"]).arg(at("query")).output().expect("openssl");
    let _ = std::fs::remove_dir_all(&folder);
    assert!(right, "{said}");
    assert!(!wrong);
    assert!(String::from_utf8_lossy(&query.stdout).contains("Certificate required: yes"), "{}", String::from_utf8_lossy(&query.stderr));
}
