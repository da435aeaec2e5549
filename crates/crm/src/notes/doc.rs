//! The document of a note: paragraphs, lists, bold, italic, strike, links and mentions, and nothing else. What a client sends is read
//! into these types, so that whatever they do not name cannot be stored, and bounded.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::{FieldError, Problem, text};

/// Longest note, in characters of its text.
pub(crate) const MAX_TEXT: usize = 10_000;
/// Most paragraphs, list entries and pieces of text.
const MAX_NODES: usize = 2_000;
/// Deepest list in a list.
const MAX_DEPTH: usize = 4;
/// Most people named.
const MAX_MENTIONS: usize = 20;
/// Longest address of a link.
const MAX_HREF: usize = 2_000;

/// A note's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoteDocument)]
#[serde(deny_unknown_fields)]
pub struct Doc {
    pub(crate) content: Vec<Block>,
}

/// A paragraph or a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoteBlock)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    /// Text.
    Paragraph {
        /// Pieces, in order.
        #[serde(default)]
        content: Vec<Inline>,
    },
    /// A list with dots.
    BulletList {
        /// Its entries.
        content: Vec<Item>,
    },
    /// A list with numbers.
    NumberedList {
        /// Its entries.
        content: Vec<Item>,
    },
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoteListItem)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Paragraphs, and lists in the list.
    #[schema(no_recursion)]
    pub(crate) content: Vec<Block>,
}

/// A piece of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoteInline)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Inline {
    /// Words in one style.
    Text {
        /// The words.
        text: String,
        /// Bold.
        #[serde(default, skip_serializing_if = "is_false")]
        bold: bool,
        /// Italic.
        #[serde(default, skip_serializing_if = "is_false")]
        italic: bool,
        /// Struck through.
        #[serde(default, skip_serializing_if = "is_false")]
        strike: bool,
        /// Where it leads: http, https, mailto or tel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<String>,
    },
    /// A colleague.
    Mention {
        /// The member.
        id: Uuid,
        /// Their name; written by the server.
        #[serde(default)]
        label: String,
    },
    /// The next line of the same paragraph.
    LineBreak,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

/// True for an address that may be clicked: everything else, `javascript:` first, is refused.
fn is_safe(href: &str) -> bool {
    let lower = href.trim().to_ascii_lowercase();
    href.chars().count() <= MAX_HREF
        && !href.chars().any(|c| c.is_control() || c.is_whitespace())
        && ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| lower.len() > scheme.len() && lower.starts_with(scheme))
}

/// What is found on the way through a document.
#[derive(Default)]
struct Walk {
    nodes: usize,
    mentions: Vec<(String, Uuid)>,
    errors: Vec<FieldError>,
}

impl Walk {
    fn blocks(&mut self, blocks: &mut Vec<Block>, pointer: &str, depth: usize) {
        if depth > MAX_DEPTH {
            self.errors.push(FieldError::new(pointer, "invalid", "Quatre listes imbriquées au plus."));
            return;
        }
        for (n, block) in blocks.iter_mut().enumerate() {
            self.nodes += 1;
            let pointer = format!("{pointer}/{n}/content");
            match block {
                Block::Paragraph { content } => self.pieces(content, &pointer),
                Block::BulletList { content } | Block::NumberedList { content } => {
                    for (n, item) in content.iter_mut().enumerate() {
                        self.nodes += 1;
                        self.blocks(&mut item.content, &format!("{pointer}/{n}/content"), depth + 1);
                    }
                }
            }
        }
        blocks.retain(|block| match block {
            Block::Paragraph { .. } => true,
            Block::BulletList { content } | Block::NumberedList { content } => !content.is_empty(),
        });
    }

    fn pieces(&mut self, pieces: &mut Vec<Inline>, pointer: &str) {
        for (n, piece) in pieces.iter_mut().enumerate() {
            self.nodes += 1;
            match piece {
                Inline::Text { text, link, .. } => {
                    text.retain(|c| !c.is_control());
                    if link.as_deref().is_some_and(|href| !is_safe(href)) {
                        let detail = "Un lien commence par https://, http://, mailto: ou tel:.";
                        self.errors.push(FieldError::new(format!("{pointer}/{n}/link"), "invalid", detail));
                    }
                }
                Inline::Mention { id, .. } => self.mentions.push((format!("{pointer}/{n}/id"), *id)),
                Inline::LineBreak => {}
            }
        }
        pieces.retain(|piece| !matches!(piece, Inline::Text { text, .. } if text.is_empty()));
    }
}

impl Doc {
    /// Plain text as paragraphs: how notes were written before, and how programs still may.
    pub(crate) fn from_text(body: &str) -> Self {
        let paragraph = |line: &str| Block::Paragraph { content: if line.is_empty() { Vec::new() } else { vec![plain(line)] } };
        Self { content: body.split('\n').map(paragraph).collect() }
    }

    /// Checks and tidies a document; gives the mentions with the place of each.
    pub(crate) fn check(&mut self) -> Result<Vec<(String, Uuid)>, Problem> {
        let mut walk = Walk::default();
        walk.blocks(&mut self.content, "/doc/content", 0);
        let length = self.text().chars().count();
        if walk.nodes > MAX_NODES || length > MAX_TEXT {
            walk.errors.push(FieldError::new("/doc", "too_long", "10 000 caractères et 2 000 éléments au plus."));
        }
        if walk.mentions.len() > MAX_MENTIONS {
            walk.errors.push(FieldError::new("/doc", "too_long", "20 mentions au plus."));
        }
        if text::clean(&self.text(), true).is_none() {
            walk.errors.push(FieldError::new("/doc", "required", "La note est vide."));
        }
        if walk.errors.is_empty() { Ok(walk.mentions) } else { Err(Problem::validation(walk.errors)) }
    }

    /// Every mention, for reading and renaming.
    pub(crate) fn each_mention(&mut self, f: &mut impl FnMut(Uuid, &mut String)) {
        fn walk(blocks: &mut [Block], f: &mut impl FnMut(Uuid, &mut String)) {
            for block in blocks {
                match block {
                    Block::Paragraph { content } => {
                        for piece in content {
                            if let Inline::Mention { id, label } = piece {
                                f(*id, label);
                            }
                        }
                    }
                    Block::BulletList { content } | Block::NumberedList { content } => {
                        for item in content {
                            walk(&mut item.content, f);
                        }
                    }
                }
            }
        }
        walk(&mut self.content, f);
    }

    /// The document as plain text, for search, mail and programs.
    pub(crate) fn text(&self) -> String {
        let mut lines = Vec::new();
        write(&self.content, "", &mut lines);
        lines.join("\n").trim().to_owned()
    }
}

fn plain(text: &str) -> Inline {
    Inline::Text { text: text.to_owned(), bold: false, italic: false, strike: false, link: None }
}

fn write(blocks: &[Block], indent: &str, lines: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Paragraph { content } => lines.push(format!("{indent}{}", line(content, indent))),
            Block::BulletList { content } => items(content, indent, lines, |_| "- ".to_owned()),
            Block::NumberedList { content } => items(content, indent, lines, |n| format!("{}. ", n + 1)),
        }
    }
}

fn items(items: &[Item], indent: &str, lines: &mut Vec<String>, mark: impl Fn(usize) -> String) {
    for (n, item) in items.iter().enumerate() {
        let at = lines.len();
        write(&item.content, &format!("{indent}  "), lines);
        if let Some(first) = lines.get_mut(at) {
            *first = format!("{indent}{}{}", mark(n), first.trim_start());
        }
    }
}

fn line(pieces: &[Inline], indent: &str) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Inline::Text { text, link: Some(link), .. } if link != text => out.push_str(&format!("{text} ({link})")),
            Inline::Text { text, .. } => out.push_str(text),
            Inline::Mention { label, .. } => out.push_str(&format!("@{label}")),
            Inline::LineBreak => out.push_str(&format!("\n{indent}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(content: impl Into<Value>) -> Result<Doc, Vec<String>> {
        let mut doc: Doc = serde_json::from_value(json!({ "content": content.into() })).map_err(|error| vec![error.to_string()])?;
        doc.check().map_err(|problem| problem.errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>())?;
        Ok(doc)
    }

    #[test]
    fn a_document_reads_back_and_has_a_text() {
        let content = json!([
            { "type": "paragraph", "content": [{ "type": "text", "text": "Appeler ", "bold": true }, { "type": "mention", "id": Uuid::nil(), "label": "Ana" }, { "type": "line_break" }, { "type": "text", "text": "vite" }] },
            { "type": "bullet_list", "content": [
                { "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "site", "link": "https://exemple.fr" }] }] },
                { "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "deux" }] },
                              { "type": "numbered_list", "content": [{ "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "a" }] }] }] }] }] }
        ]);
        let doc = read(content.clone()).expect("valid");
        assert_eq!(serde_json::to_value(&doc.content).expect("json"), content);
        assert_eq!(doc.text(), "Appeler @Ana\nvite\n- site (https://exemple.fr)\n- deux\n  1. a");
        assert_eq!(Doc::from_text("un\n\ndeux").text(), "un\n\ndeux");
    }

    #[test]
    fn whatever_is_not_named_is_refused() {
        for (content, what) in [
            (json!([{ "type": "image", "src": "x" }]), "a block of another kind"),
            (json!([{ "type": "paragraph", "onclick": "x" }]), "a member of another name"),
            (json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "x", "color": "red" }] }]), "a style of another name"),
            (json!([{ "type": "paragraph", "content": [{ "type": "mention", "id": "moi" }] }]), "a mention of nobody"),
            (json!("<b>x</b>"), "a string"),
        ] {
            assert!(read(content).is_err(), "{what}");
        }
        let link = |href: &str| read(json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "x", "link": href }] }]));
        for href in [
            "javascript:alert(1)",
            " JavaScript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "https:// x",
            "https://",
            "java\nscript:x",
        ] {
            assert_eq!(link(href), Err(vec!["/doc/content/0/content/0/link".to_owned()]), "{href}");
        }
        assert!(link("https://exemple.fr/?q=1#a").is_ok() && link("mailto:a@exemple.fr").is_ok() && link("tel:+33612345678").is_ok());
    }

    #[test]
    fn size_and_depth_are_bounded_and_emptiness_is_refused() {
        let text = |text: &str| json!([{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }]);
        assert!(read(text(&"é".repeat(MAX_TEXT))).is_ok());
        assert_eq!(read(text(&"é".repeat(MAX_TEXT + 1))), Err(vec!["/doc".to_owned()]));
        assert_eq!(read(text(" \u{0} ")), Err(vec!["/doc".to_owned()]));
        assert_eq!(read(json!([])), Err(vec!["/doc".to_owned()]));
        let mut deep = text("x");
        for _ in 0..=MAX_DEPTH {
            deep = json!([{ "type": "bullet_list", "content": [{ "content": deep }] }]);
        }
        assert!(read(deep).is_err());
        let many = json!([{ "type": "paragraph", "content": vec![json!({ "type": "text", "text": "x" }); MAX_NODES] }]);
        assert_eq!(read(many), Err(vec!["/doc".to_owned()]));
    }

    proptest! {
        #[test]
        fn any_plain_text_becomes_a_document_with_the_same_text(body in "[a-zé ]{1,20}(\n[a-zé ]{0,20}){0,5}") {
            prop_assert_eq!(Doc::from_text(&body).text(), body.trim());
        }
    }
}
