//! Pages of PDFs by poppler's programs, `pdfinfo` and `pdftoppm` (Debian: poppler-utils), each in a process of its own that may take
//! so much time, memory and disk and no more. A machine without them has no previews of PDFs.

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;
use vision_ports::{PageRenderer, Pages, PagesError};

/// A page takes a tenth of a second; a document that takes longer than this is one that was made to.
const PATIENCE: Duration = Duration::from_secs(30);
/// Seconds of processor time.
const CPU: u64 = 20;
/// Address space, in bytes.
const MEMORY: u64 = 1024 * 1024 * 1024;
/// Largest file it may write, in bytes.
const FILE: u64 = 64 * 1024 * 1024;

/// Poppler's programs, found by the usual path.
#[derive(Debug, Default)]
pub struct Poppler;

async fn run(program: &str, arguments: &[&std::ffi::OsStr], folder: &Path) -> Result<Output, PagesError> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => PagesError::Missing,
        _ => PagesError::Undrawable(error.to_string()),
    })?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    for (resource, most) in [(Resource::Cpu, CPU), (Resource::As, MEMORY), (Resource::Fsize, FILE)] {
        // One that has ended already needs no bounds.
        prlimit(pid, resource, Rlimit { current: Some(most), maximum: Some(most) }).ok();
    }
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .map_err(|_| PagesError::Undrawable(format!("{program} took too long")))?
        .map_err(|error| PagesError::Undrawable(error.to_string()))?;
    if !output.status.success() {
        return Err(PagesError::Undrawable(format!("{program}: {}", output.status)));
    }
    Ok(output)
}

#[async_trait::async_trait]
impl PageRenderer for Poppler {
    async fn pages(&self, pdf: &Path, most: u32, width: u32, folder: &Path) -> Result<Pages, PagesError> {
        let info = run("pdfinfo", &[pdf.as_os_str()], folder).await?;
        let text = String::from_utf8_lossy(&info.stdout);
        let total = text.lines().find_map(|line| line.strip_prefix("Pages:")).and_then(|count| count.trim().parse().ok()).unwrap_or(1);
        let (most, width) = (most.min(total).to_string(), width.to_string());
        let words: [&str; 9] = ["-jpeg", "-jpegopt", "quality=80,optimize=y", "-l", &most, "-scale-to-x", &width, "-scale-to-y", "-1"];
        let mut arguments: Vec<&std::ffi::OsStr> = words.iter().map(AsRef::as_ref).collect();
        arguments.extend([pdf.as_os_str(), "page".as_ref()]);
        run("pdftoppm", &arguments, folder).await?;
        let mut images: Vec<PathBuf> = std::fs::read_dir(folder)
            .map_err(|error| PagesError::Undrawable(error.to_string()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("page-")))
            .collect();
        // `page-01.jpg`: as many digits as the last one has.
        images.sort();
        Ok(Pages { total, images })
    }
}
