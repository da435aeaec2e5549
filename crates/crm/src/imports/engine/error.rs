//! Why a file, or the rest of one, cannot be read.

/// A file that cannot be imported. The key is stable: screens and translations hang on it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No byte, or nothing but blank lines.
    #[error("the file is empty")]
    Empty,
    /// Not text and not a known kind of file; the name of the kind where it is recognised.
    #[error("{0} files cannot be imported: use CSV, XLSX or vCard")]
    Unsupported(&'static str),
    /// An XLSX file behind a password.
    #[error("the file is protected by a password: save it without one")]
    Encrypted,
    /// Its content is far larger than the file itself.
    #[error("the file unpacks to more than this import accepts")]
    TooLarge,
    /// It begins like a known kind and does not go on like one.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// More columns than [`super::COLUMNS_MAX`].
    #[error("the file has more than {} columns", super::COLUMNS_MAX)]
    TooManyColumns,
    /// More rows than [`super::ROWS_MAX`].
    #[error("the file has more than {} rows", super::ROWS_MAX)]
    TooManyRows,
    /// The system failed to read it.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

impl FileError {
    /// The stable key of this error.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unsupported(_) => "unsupported",
            Self::Encrypted => "encrypted",
            Self::TooLarge => "too_large",
            Self::Damaged(_) => "damaged",
            Self::TooManyColumns => "too_many_columns",
            Self::TooManyRows => "too_many_rows",
            Self::Io(_) => "unreadable",
        }
    }
}
