//! Files as clients see them.

use super::kinds;
use super::ops::KEEP_DELETED;
use super::store::FileRow;
use super::uploads::Upload;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The record that a file belongs to.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct FileSubjectIn {
    /// `contact`, `entity`
    pub(crate) kind: String,
    pub(crate) id: Uuid,
}

/// A file to come.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct UploadIn {
    /// Kept without path and without characters that mislead.
    pub(crate) name: String,
    /// Bytes, at most 52,428,800.
    pub(crate) size: i64,
    pub(crate) subject: FileSubjectIn,
}

/// An upload under way.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FileUpload)]
pub struct UploadOut {
    id: Uuid,
    name: String,
    size: i64,
    /// Bytes that have arrived: where to go on.
    pub(crate) offset: i64,
    /// Given up when nothing has come until then.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<Upload> for UploadOut {
    fn from(upload: Upload) -> Self {
        let expires_at = upload.updated_at.to_jiff() + super::jobs::KEEP_UPLOADS;
        Self { id: upload.id, name: upload.name, size: upload.size, offset: upload.received, expires_at }
    }
}

/// The end of an upload.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct FinishIn {
    /// SHA-256 of the file in hexadecimal; what has arrived is compared with it.
    pub(crate) sha256: Option<String>,
}

/// A new name.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct FilePatch {
    pub(crate) name: String,
}

/// The record that a file belongs to, with its name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileSubject {
    kind: String,
    id: Uuid,
    label: String,
}

/// Who brought a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileAuthor {
    id: Uuid,
    name: String,
}

/// A file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = File)]
pub struct FileOut {
    id: Uuid,
    name: String,
    /// As its content says.
    media_type: String,
    size: i64,
    /// `checking`: not to be had yet. `ready`. `quarantined`: malware was found, it is not to be had.
    status: String,
    /// What was found.
    threat: Option<String>,
    subject: FileSubject,
    /// Good for some minutes.
    thumbnail_url: Option<String>,
    /// How many pictures there are to look at.
    previews: usize,
    /// Pages of a document.
    pages: Option<i32>,
    created_by: FileAuthor,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// When a deleted file leaves for good.
    #[schema(value_type = Option<String>, format = DateTime)]
    purge_at: Option<Timestamp>,
    pub(crate) version: i32,
}

impl FileOut {
    pub(crate) fn new(row: FileRow, thumbnail_url: Option<String>) -> Self {
        let deleted_at = row.deleted_at.map(jiff_sqlx::Timestamp::to_jiff);
        let open = row.status == "ready" && deleted_at.is_none();
        Self {
            id: row.id,
            name: row.name,
            media_type: row.media_type,
            size: row.size,
            status: row.status,
            threat: row.threat,
            subject: FileSubject { kind: row.subject_kind, id: row.subject_id, label: row.subject_label },
            thumbnail_url: thumbnail_url.filter(|_| open),
            previews: if open { row.preview_keys.len() } else { 0 },
            pages: row.pages,
            created_by: FileAuthor { id: row.created_by, name: row.created_by_name },
            created_at: row.created_at.to_jiff(),
            deleted_at,
            purge_at: deleted_at.map(|at| at + KEEP_DELETED),
            version: row.version,
        }
    }
}

/// Where the bytes of a file are to be had, for some minutes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileLinks {
    /// The file itself, as a download.
    pub(crate) download: String,
    /// Pictures to look at: of an image one, of a document its first pages.
    pub(crate) previews: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Timestamp,
}

/// What a company keeps.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileUsage {
    pub(crate) files: i64,
    /// All of it, trash included.
    pub(crate) bytes: i64,
    pub(crate) trash_bytes: i64,
    /// Null: no limit.
    pub(crate) limit_bytes: Option<i64>,
    /// Largest file.
    pub(crate) max_file_bytes: i64,
}

/// True where a picture of the content can be made.
pub(crate) fn can_be_drawn(media_type: &str) -> bool {
    kinds::is_picture(media_type) || kinds::is_pdf(media_type)
}
