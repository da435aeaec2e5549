//! The outside world, behind the traits of `vision-ports`: one folder per provider, all outgoing traffic in one place.

pub mod companies;
pub mod local_files;
pub mod smtp;

pub use local_files::LocalFiles;
pub use smtp::Smtp;
