//! The outside world, behind the traits of `vision-ports`: one folder per provider, all outgoing traffic in one place.

pub mod clamd;
pub mod companies;
pub mod files;
mod http;
pub mod poppler;
pub mod smtp;
pub mod timestamps;

pub use clamd::Clamd;
pub use files::{S3Bucket, StoredFiles};
pub use poppler::Poppler;
pub use smtp::Smtp;
