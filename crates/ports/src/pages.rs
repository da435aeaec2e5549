//! Pictures of the pages of a document.

use std::path::{Path, PathBuf};

/// Why there are no pictures.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// Nothing here can draw documents.
    #[error("no renderer")]
    Missing,
    /// This document cannot be drawn, or not within its bounds of time and memory.
    #[error("cannot be drawn: {0}")]
    Undrawable(String),
}

/// The pictures that were made.
#[derive(Debug, Default)]
pub struct Pages {
    /// How many pages the document has.
    pub total: u32,
    /// JPEG files in the order of pages, in the folder that was given.
    pub images: Vec<PathBuf>,
}

/// Somebody who draws documents. The documents are strangers': an implementation bounds what drawing one may cost.
#[async_trait::async_trait]
pub trait PageRenderer: Send + Sync {
    /// Draws the first pages of a PDF, at most `most`, `width` pixels wide, into `folder`.
    async fn pages(&self, pdf: &Path, most: u32, width: u32, folder: &Path) -> Result<Pages, PagesError>;
}
