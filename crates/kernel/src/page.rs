//! Keyset pagination: an opaque cursor holds the sort key and id of the last row seen.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows, in the order asked for.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from `limit + 1` fetched rows: the extra one only tells that there is more.
    pub fn from_overfetch(mut rows: Vec<T>, limit: usize, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(|row| cursor(row).encode()) } else { None };
        Self { items: rows, next_cursor }
    }

    /// Turns every row into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

/// Where a page ended. Encoded as hexadecimal so that it survives any URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Sort key of the last row; empty when the id alone orders the list.
    pub key: String,
    /// Id of the last row.
    pub id: Uuid,
}

impl Cursor {
    /// A cursor ordered by id alone.
    pub fn id(id: Uuid) -> Self {
        Self { key: String::new(), id }
    }

    /// The opaque text form.
    pub fn encode(&self) -> String {
        let mut out = self.id.simple().to_string();
        for byte in self.key.bytes() {
            out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        out
    }

    /// Reads a cursor back; `None` when it was not made by [`Cursor::encode`].
    pub fn decode(text: &str) -> Option<Self> {
        if text.len() > 4096 || !text.is_ascii() {
            return None;
        }
        let (id, key) = text.split_at_checked(32)?;
        let id = Uuid::try_parse(id).ok()?;
        let digits: Vec<u32> = key.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let bytes = digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => u8::try_from(high * 16 + low).ok(),
                _ => None,
            })
            .collect::<Option<Vec<u8>>>()?;
        Some(Self { key: String::from_utf8(bytes).ok()?, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(key in ".{0,80}", id in any::<u128>()) {
            let cursor = Cursor { key, id: Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn any_text_is_refused_or_read_without_panic(text in ".{0,200}") {
            let _ = Cursor::decode(&text);
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = Page::from_overfetch(vec![1, 2], 2, |_| Cursor::id(Uuid::nil()));
        assert_eq!((page.items.len(), page.next_cursor), (2, None));
        let page = Page::from_overfetch(vec![1, 2, 3], 2, |_| Cursor::id(Uuid::nil()));
        assert_eq!(page.items, [1, 2]);
        assert!(page.next_cursor.is_some());
    }
}
