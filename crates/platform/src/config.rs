//! Configuration: `vision.toml`, then the environment, which wins. Every key has a `VISION_…` variable; a secret can be given as a file
//! through the same name with `_FILE`. `PORT` and `DATABASE_URL` are honoured under their usual names too.

use crate::crypto;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use vision_kernel::Secret;

/// One configuration key: name in `vision.toml`, default, meaning. `docs/operations.md` is checked against this table.
pub const KEYS: &[(&str, &str, &str)] = &[
    ("env", "development", "development or production; production refuses demo data and the test mailbox"),
    ("host", "127.0.0.1", "address to listen on"),
    ("port", "8080", "port to listen on; also PORT"),
    ("public_url", "http://localhost:<port>", "address under which browsers reach the product; used in mails and passkeys"),
    ("data", ".vision", "folder of the managed database, the files and the generated key"),
    ("database_url", "", "an existing PostgreSQL 15 to 18 to use instead of the managed one; also DATABASE_URL"),
    ("pg_bin", "", "folder of the PostgreSQL binaries for the managed database"),
    ("pool", "8", "connections of the application pool"),
    ("metrics", "127.0.0.1:9464", "address of the Prometheus listener; empty turns it off"),
    ("secret_keys", "", "master keys as id:64-hex-digits, comma separated, newest first; default: one made once in the data folder"),
    ("smtp_url", "", "mail server; without one, mail goes to the test mailbox (never in production)"),
    ("mail_from", "Vision CRM <ne-pas-repondre@localhost.example>", "sender of the product's own mail"),
    ("burst_per_second", "50", "requests per second and session before 429"),
    ("signups_per_hour", "30", "companies that may sign up from one address in an hour"),
    ("trust_proxy", "false", "take the caller's address from the last X-Forwarded-For entry"),
    ("log", "info", "log filter, as in tracing"),
    ("log_format", "text", "text or json"),
    ("hds_hosting", "false", "true declares a certified host of health data (HDS): people in care may then be kept"),
    (
        "company_lookup",
        "",
        "register of companies: none, offline (invented ones) or gouv (the State's open one); default: offline, none in production",
    ),
    ("files_quota_mb", "10240", "megabytes of files that each company may keep; 0: no limit"),
    ("s3_endpoint", "", "address of an S3 service to keep files in, instead of the data folder"),
    ("s3_bucket", "", "its bucket, which exists"),
    ("s3_region", "us-east-1", "its region"),
    ("s3_key_id", "", "access key of the bucket"),
    ("s3_secret", "", "its secret"),
    ("clamd", "", "ClamAV's daemon that looks into every file: path of its socket or host:port; empty: files are not scanned"),
    ("timestamp_url", "", "time stamping authority (RFC 3161) that witnesses accepted quotes; empty: the instance stamps itself"),
    ("company_lookup_url", "https://recherche-entreprises.api.gouv.fr", "address of the State's open register"),
];

/// Why the configuration is unusable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// The configuration, read once at start.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// True in production.
    pub production: bool,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// False when the port was chosen by nobody: another one may then be taken.
    pub port_is_chosen: bool,
    /// Address for browsers, without a trailing slash.
    pub public_url: String,
    /// False when the address was derived from the port.
    pub public_url_is_chosen: bool,
    /// Data folder.
    pub data: PathBuf,
    /// Existing database, if any.
    pub database_url: Option<Secret<String>>,
    /// Folder of PostgreSQL binaries.
    pub pg_bin: Option<PathBuf>,
    /// Size of the application pool.
    pub pool: u32,
    /// Prometheus listener.
    pub metrics: Option<SocketAddr>,
    /// Master keys, newest first.
    pub secret_keys: Secret<Vec<(u8, [u8; 32])>>,
    /// Mail server.
    pub smtp_url: Option<Secret<String>>,
    /// Sender of the product's mail.
    pub mail_from: String,
    /// Burst limit.
    pub burst_per_second: u32,
    /// Sign-ups from one address in an hour.
    pub signups_per_hour: u32,
    /// Whether X-Forwarded-For is believed.
    pub trust_proxy: bool,
    /// Log filter.
    pub log: String,
    /// JSON logs.
    pub log_json: bool,
    /// Whether the host is certified for health data (GD-17).
    pub hds_hosting: bool,
    /// Which register of companies is asked.
    pub company_lookup: CompanyLookup,
    /// Address of the public register.
    pub company_lookup_url: String,
    /// Bytes of files that a tenant may keep; `None`: no limit.
    pub files_quota: Option<i64>,
    /// The bucket of files; `None`: the data folder.
    pub s3: Option<S3Config>,
    /// ClamAV's daemon.
    pub clamd: Option<String>,
    /// Time stamping authority.
    pub timestamp_url: Option<String>,
}

/// A bucket of an S3 service.
#[derive(Debug, Clone)]
pub struct S3Config {
    /// Address of the service.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// Access key.
    pub key_id: String,
    /// Its secret.
    pub secret: Secret<String>,
}

/// Registers of companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompanyLookup {
    /// No look-up.
    None,
    /// Invented companies, without network.
    Offline,
    /// The State's open register.
    Gouv,
}

impl Config {
    /// Reads the environment and `vision.toml` of the working directory.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn load() -> Result<Self, ConfigError> {
        let environment = std::env::vars().collect();
        let file = std::env::var("VISION_CONFIG").unwrap_or_else(|_| "vision.toml".to_owned());
        let toml = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigError(format!("{file}: {error}"))),
        };
        Self::from_parts(&environment, &toml)
    }

    /// Reads configuration from given parts; tests use it.
    pub fn from_parts(environment: &BTreeMap<String, String>, toml: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = toml.parse().map_err(|error| ConfigError(format!("vision.toml: {error}")))?;
        if let Some(unknown) = table.keys().find(|key| !KEYS.iter().any(|(name, ..)| name == key)) {
            return Err(ConfigError(format!("vision.toml: unknown key `{unknown}`")));
        }
        let get = |key: &str| -> Result<Option<String>, ConfigError> {
            let name = format!("VISION_{}", key.to_uppercase());
            if let Some(value) = environment.get(&name) {
                return Ok(Some(value.clone()));
            }
            if let Some(path) = environment.get(&format!("{name}_FILE")) {
                return std::fs::read_to_string(path)
                    .map(|text| Some(text.trim().to_owned()))
                    .map_err(|error| ConfigError(format!("{name}_FILE={path}: {error}")));
            }
            let usual = match key {
                "port" => environment.get("PORT"),
                "database_url" => environment.get("DATABASE_URL"),
                _ => None,
            };
            if let Some(value) = usual {
                return Ok(Some(value.clone()));
            }
            Ok(table.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        };
        let text = |key: &str| -> Result<String, ConfigError> {
            let default = KEYS.iter().find(|(name, ..)| *name == key).map_or("", |(_, default, _)| default);
            Ok(get(key)?.unwrap_or_else(|| default.to_owned()))
        };
        let optional = |key: &str| -> Result<Option<String>, ConfigError> { Ok(get(key)?.filter(|value| !value.is_empty())) };
        let wrong = |key: &str, value: &str| ConfigError(format!("{key}: `{value}` is not usable; expected: {}", meaning(key)));

        let production = match text("env")?.as_str() {
            "production" => true,
            "development" => false,
            other => return Err(wrong("env", other)),
        };
        let port_text = text("port")?;
        let port: u16 = port_text.parse().map_err(|_| wrong("port", &port_text))?;
        let host = text("host")?;
        let ip = host.parse().map_err(|_| wrong("host", &host))?;
        let port_is_chosen = get("port")?.is_some();
        let public_url_is_chosen = optional("public_url")?.is_some();
        let public_url = optional("public_url")?.unwrap_or_else(|| format!("http://localhost:{port}"));
        if url::Url::parse(&public_url).ok().is_none_or(|url| url.host_str().is_none()) {
            return Err(wrong("public_url", &public_url));
        }
        let data = PathBuf::from(text("data")?);
        let metrics = match text("metrics")?.as_str() {
            "" => None,
            value => Some(value.parse().map_err(|_| wrong("metrics", value))?),
        };
        let number = |key: &str| -> Result<u32, ConfigError> {
            let value = text(key)?;
            value.parse().ok().filter(|n| *n > 0).ok_or_else(|| wrong(key, &value))
        };
        let secret_keys = match optional("secret_keys")? {
            Some(value) => parse_keys(&value).ok_or_else(|| wrong("secret_keys", "(hidden)"))?,
            None if production => {
                return Err(ConfigError(
                    "secret_keys: required in production, so that a lost data folder does not lose every secret".into(),
                ));
            }
            None => Vec::new(),
        };
        Ok(Self {
            production,
            listen: SocketAddr::new(ip, port),
            port_is_chosen,
            public_url_is_chosen,
            public_url: public_url.trim_end_matches('/').to_owned(),
            data,
            database_url: optional("database_url")?.map(Secret::new),
            pg_bin: optional("pg_bin")?.map(PathBuf::from),
            pool: number("pool")?,
            metrics,
            secret_keys: Secret::new(secret_keys),
            smtp_url: optional("smtp_url")?.map(Secret::new),
            mail_from: text("mail_from")?,
            burst_per_second: number("burst_per_second")?,
            signups_per_hour: number("signups_per_hour")?,
            trust_proxy: text("trust_proxy")? == "true",
            log: text("log")?,
            log_json: text("log_format")? == "json",
            hds_hosting: text("hds_hosting")? == "true",
            company_lookup: match text("company_lookup")?.as_str() {
                // Invented companies have no place among real customers.
                "" if production => CompanyLookup::None,
                "" | "offline" => CompanyLookup::Offline,
                "none" => CompanyLookup::None,
                "gouv" => CompanyLookup::Gouv,
                other => return Err(wrong("company_lookup", other)),
            },
            company_lookup_url: text("company_lookup_url")?,
            files_quota: quota(&text("files_quota_mb")?).ok_or_else(|| wrong("files_quota_mb", "(given)"))?,
            s3: bucket(
                [optional("s3_endpoint")?, optional("s3_bucket")?, optional("s3_key_id")?, optional("s3_secret")?],
                text("s3_region")?,
            )?,
            clamd: optional("clamd")?,
            timestamp_url: optional("timestamp_url")?,
        })
    }

    /// Makes the data folder, and the master key the first time when none is configured.
    pub fn prepare(&mut self) -> Result<(), ConfigError> {
        std::fs::create_dir_all(&self.data).map_err(|error| {
            ConfigError(format!(
                "the data folder {} cannot be made: {error}. Set VISION_DATA to a folder that you can write.",
                self.data.display()
            ))
        })?;
        self.data = self.data.canonicalize().map_err(|error| ConfigError(format!("{}: {error}", self.data.display())))?;
        if self.secret_keys.expose().is_empty() {
            self.secret_keys = Secret::new(vec![(1, own_key(&self.data.join("secret.key"))?)]);
        }
        Ok(())
    }

    /// True when browsers reach the product over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Megabytes as bytes; 0 is no limit.
#[expect(clippy::option_option, reason = "the outer one says whether the text is a number")]
fn quota(text: &str) -> Option<Option<i64>> {
    let megabytes: u32 = text.parse().ok()?;
    Some((megabytes > 0).then(|| i64::from(megabytes) * 1024 * 1024))
}

/// A bucket is named whole or not at all.
fn bucket(parts: [Option<String>; 4], region: String) -> Result<Option<S3Config>, ConfigError> {
    match parts {
        [None, None, None, None] => Ok(None),
        [Some(endpoint), Some(bucket), Some(key_id), Some(secret)] => {
            Ok(Some(S3Config { endpoint, bucket, region, key_id, secret: Secret::new(secret) }))
        }
        _ => Err(ConfigError("s3_endpoint, s3_bucket, s3_key_id and s3_secret belong together: set all four or none".into())),
    }
}

fn meaning(key: &str) -> &'static str {
    KEYS.iter().find(|(name, ..)| *name == key).map_or("", |(_, _, meaning)| meaning)
}

fn parse_keys(text: &str) -> Option<Vec<(u8, [u8; 32])>> {
    text.split(',')
        .map(|part| {
            let (id, digits) = part.trim().split_once(':')?;
            Some((id.parse().ok()?, parse_hex(digits)?))
        })
        .collect()
}

fn parse_hex(digits: &str) -> Option<[u8; 32]> {
    let nibbles: Vec<u8> = digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> = nibbles.chunks(2).map(|pair| pair.iter().fold(0, |acc, nibble| (acc << 4) | nibble)).collect();
    (nibbles.len() == 64).then(|| bytes.try_into().ok()).flatten()
}

/// Reads the key file, or makes it. Two processes that start together agree: the file is linked into place whole, once.
fn own_key(path: &Path) -> Result<[u8; 32], ConfigError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |error: std::io::Error| ConfigError(format!("{}: {error}", path.display()));
    if !path.exists() {
        let text: String = crypto::random_bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
        let draft = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft).map_err(failed)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    parse_hex(text.trim())
        .ok_or_else(|| ConfigError(format!("{}: not a key; restore it from a backup, or set secret_keys", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)], toml: &str) -> Result<Config, ConfigError> {
        Config::from_parts(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(), toml)
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = load(&[("PORT", "9000")], "port = 8000\npool = 4").expect("valid");
        assert_eq!((config.listen.port(), config.pool), (9000, 4));
        assert_eq!(config.public_url, "http://localhost:9000");
    }

    #[test]
    fn a_typo_is_an_error_that_names_the_key() {
        assert!(load(&[], "prot = 1").expect_err("unknown").to_string().contains("prot"));
        assert!(load(&[("PORT", "80x")], "").expect_err("port").to_string().contains("port"));
        assert!(load(&[("VISION_ENV", "prod")], "").is_err());
    }

    #[test]
    fn production_needs_its_own_keys_and_secrets_come_from_files() {
        assert!(load(&[("VISION_ENV", "production")], "").is_err());
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("keys");
        std::fs::write(&file, format!("2:{}\n", "ab".repeat(32))).expect("write");
        let config = load(&[("VISION_ENV", "production"), ("VISION_SECRET_KEYS_FILE", file.to_str().expect("utf-8"))], "").expect("valid");
        assert_eq!(config.secret_keys.expose(), &vec![(2, [0xab; 32])]);
        assert!(!format!("{config:?}").contains("171"), "secrets are not shown");
    }

    #[test]
    fn a_bucket_is_named_whole_or_not_at_all() {
        let all = [
            ("VISION_S3_ENDPOINT", "https://s3.example"),
            ("VISION_S3_BUCKET", "b"),
            ("VISION_S3_KEY_ID", "k"),
            ("VISION_S3_SECRET", "sesame"),
        ];
        let config = load(&all, "").expect("valid");
        assert_eq!(config.s3.as_ref().map(|s3| s3.region.as_str()), Some("us-east-1"));
        assert!(!format!("{config:?}").contains("sesame"));
        assert!(load(&all[..3], "").expect_err("no secret").to_string().contains("s3_secret"));
        assert_eq!(load(&[], "files_quota_mb = 0").expect("valid").files_quota, None);
        assert!(load(&[("VISION_FILES_QUOTA_MB", "many")], "").is_err());
    }

    #[test]
    fn the_key_is_made_once() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("secret.key");
        assert_eq!(own_key(&path).expect("made"), own_key(&path).expect("read"));
    }
}
