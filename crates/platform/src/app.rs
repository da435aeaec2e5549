//! What a running instance is made of. Handlers and jobs receive it; only `server` builds it.

use crate::auth::Authenticator;
use crate::background::Runner;
use crate::crypto::Crypto;
use crate::http::ratelimit::Limiter;
use crate::live::Live;
use crate::outbox::Subscriber;
use crate::{Clock, Config, Db};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use vision_ports::{CompanyDirectory, FileStore, MailSender, PageRenderer, TimestampAuthority, VirusScanner};

/// The parts of an instance.
pub struct Parts {
    /// Configuration.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Time and identifiers.
    pub clock: Clock,
    /// Keys.
    pub crypto: Crypto,
    /// Outgoing mail.
    pub mail: Arc<dyn MailSender>,
    /// Files.
    pub files: Arc<dyn FileStore>,
    /// Who looks for malware in files, if anybody does.
    pub scanner: Option<Arc<dyn VirusScanner>>,
    /// Who draws the pages of documents.
    pub pages: Arc<dyn PageRenderer>,
    /// The register of companies.
    pub companies: Arc<dyn CompanyDirectory>,
    /// Who witnesses documents.
    pub timestamps: Arc<dyn TimestampAuthority>,
    /// Live updates of this instance's browsers.
    pub live: Live,
    /// Burst limits.
    pub limiter: Limiter,
    /// Who turns credentials into an actor.
    pub authenticator: Arc<dyn Authenticator>,
    /// Who reacts to events.
    pub subscribers: Vec<Subscriber>,
    /// How to undo each kind of background job.
    pub runners: BTreeMap<&'static str, Runner>,
}

/// A cheap handle on the instance.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl App {
    /// Seals the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}
