//! What the product asks of the outside world, one module per capability. Traits have no default methods: an adapter that
//! does not do a thing cannot compile. Knows nothing of HTTP clients, databases or providers.

pub mod companies;
pub mod files;
pub mod mail;
pub mod pages;
pub mod scan;
pub mod timestamp;

pub use companies::{CompaniesError, CompanyDirectory, CompanyRecord};
pub use files::{FileStore, FilesError};
pub use mail::{MailError, MailMessage, MailSender};
pub use pages::{PageRenderer, Pages, PagesError};
pub use scan::{ScanError, Verdict, VirusScanner};
pub use timestamp::{TimeStamp, TimeStampError, TimestampAuthority};
