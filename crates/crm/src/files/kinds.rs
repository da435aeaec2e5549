//! What a file is, by its content; and what is not kept at all.

use super::names;

/// How much of a file's beginning tells what it is.
pub(crate) const HEAD: usize = 16 * 1024;

/// Anything.
const UNKNOWN: &str = "application/octet-stream";

/// Programs for some system or other, by the endings under which a double click starts them. The usual list of mail services.
const STARTS: &[&str] = &[
    "ade",
    "adp",
    "apk",
    "app",
    "application",
    "appx",
    "appxbundle",
    "bat",
    "cmd",
    "com",
    "cpl",
    "deb",
    "dll",
    "dmg",
    "exe",
    "gadget",
    "hta",
    "img",
    "inf",
    "ins",
    "iso",
    "isp",
    "jar",
    "jnlp",
    "js",
    "jse",
    "lnk",
    "mde",
    "mjs",
    "msc",
    "msi",
    "msix",
    "msixbundle",
    "msp",
    "mst",
    "nsh",
    "pif",
    "pkg",
    "ps1",
    "psm1",
    "reg",
    "rpm",
    "scf",
    "scr",
    "sct",
    "settingcontent-ms",
    "sh",
    "sys",
    "url",
    "vb",
    "vbe",
    "vbs",
    "vhd",
    "vhdx",
    "vxd",
    "wsc",
    "wsf",
    "wsh",
    "xll",
];

/// Why a file is not kept: said to the person who sends it.
pub(crate) const REFUSED: &str =
    "Les programmes et les scripts ne sont pas acceptés. Envoyez plutôt un document, une image ou une archive.";

/// True for a name under which a program starts.
pub(crate) fn starts(name: &str) -> bool {
    names::extension(name).is_some_and(|ending| STARTS.contains(&ending.as_str()))
}

/// The media type of a file that begins with `head`; `None` for a program.
pub(crate) fn sniff(head: &[u8], name: &str) -> Option<&'static str> {
    if starts(name) || head.starts_with(b"#!") {
        return None;
    }
    if let Some(kind) = infer::get(head) {
        let certificate = kind.mime_type() == "application/x-x509-ca-cert";
        if (kind.matcher_type() == infer::MatcherType::App && !certificate) || kind.mime_type() == "text/x-shellscript" {
            return None;
        }
        if kind.matcher_type() != infer::MatcherType::Text {
            return Some(kind.mime_type());
        }
    }
    Some(text(head).unwrap_or(UNKNOWN))
}

/// The type of a text: markup is told apart wherever in the beginning it stands, since browsers look there too.
fn text(head: &[u8]) -> Option<&'static str> {
    // The beginning may end in the middle of a character.
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() + 4 > head.len() => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
        Err(_) => return (!head.contains(&0)).then(|| markup(&String::from_utf8_lossy(head))),
    };
    (!valid.contains('\0')).then(|| markup(valid))
}

fn markup(text: &str) -> &'static str {
    let lower = text.to_lowercase();
    if lower.contains("<svg") {
        return "image/svg+xml";
    }
    if ["<!doctype html", "<html", "<script", "<body", "<iframe", "<head"].iter().any(|tag| lower.contains(tag)) {
        return "text/html";
    }
    if lower.trim_start_matches('\u{feff}').trim_start().starts_with("<?xml") { "text/xml" } else { "text/plain" }
}

/// The type under which a file leaves: what a browser would run is bytes to it.
pub(crate) fn served(media_type: &str) -> &str {
    match media_type {
        "text/plain" => "text/plain; charset=utf-8",
        "image/svg+xml" | "text/html" | "text/xml" => UNKNOWN,
        other if other.starts_with("image/") || other.starts_with("audio/") || other.starts_with("video/") => other,
        other
            if other.starts_with("application/vnd.")
                || matches!(other, "application/pdf" | "application/zip" | "application/msword" | "application/rtf") =>
        {
            other
        }
        _ => UNKNOWN,
    }
}

/// Pictures that we can draw anew.
pub(crate) fn is_picture(media_type: &str) -> bool {
    matches!(media_type, "image/jpeg" | "image/png" | "image/gif" | "image/webp")
}

/// True for PDFs.
pub(crate) fn is_pdf(media_type: &str) -> bool {
    media_type == "application/pdf"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_speaks_and_not_the_name() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (head, name, expected) in [
            (&png[..], "facture.pdf", Some("image/png")),
            (b"%PDF-1.7\n<html><script>alert(1)</script>", "a.html", Some("application/pdf")),
            (b"GIF89a/*\0\0*/=1;alert(1)//", "a.gif", Some("image/gif")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "logo.png", Some("image/svg+xml")),
            (b"<?xml version='1.0'?>\n<!-- x --><svg/>", "logo.svg", Some("image/svg+xml")),
            (b"  \n<!DOCTYPE HTML><p>", "a.txt", Some("text/html")),
            (b"blabla <SCRIPT>alert(1)</SCRIPT>", "a.txt", Some("text/html")),
            ("Été comme hiver".as_bytes(), "a.txt", Some("text/plain")),
            (b"nom;pr\xe9nom\n", "a.csv", Some("text/plain")),
            (b"\0\x01\x02\x03", "a.txt", Some("application/octet-stream")),
            (b"PK\x03\x04\x14\0\0\0", "bombe.zip", Some("application/zip")),
            (b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff", "facture.pdf", None),
            (
                b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                "photo.jpg",
                None,
            ),
            (b"#!/bin/sh\nrm -rf /", "lisezmoi.txt", None),
            (b"alert(1)", "a.js", None),
            (b"quoi", "facture.pdf.EXE", None),
        ] {
            assert_eq!(sniff(head, name), expected, "{name} {:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn nothing_leaves_as_something_that_runs() {
        for kind in ["text/html", "image/svg+xml", "text/xml", "application/javascript", "application/x-anything", "application/xhtml+xml"]
        {
            assert_eq!(served(kind), "application/octet-stream", "{kind}");
        }
        assert_eq!(served("application/pdf"), "application/pdf");
    }
}
