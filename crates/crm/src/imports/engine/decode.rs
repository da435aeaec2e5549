//! Text of the usual encodings as a stream of UTF-8, without holding the file.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder};

use super::sniff::Encoding;

const CHUNK: usize = 16 * 1024;

/// Reads bytes of one encoding and gives UTF-8. A byte-order mark is dropped; a byte without meaning becomes U+FFFD.
pub(super) struct Utf8<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// Where the undecoded part of `input` begins.
    at: usize,
    ended: bool,
    output: Vec<u8>,
    given: usize,
}

impl<R: Read> Utf8<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        let decoder = encoding.rules().new_decoder_with_bom_removal();
        Self { inner, decoder, input: Vec::new(), at: 0, ended: false, output: Vec::new(), given: 0 }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.output.resize(CHUNK * 4, 0);
        self.given = 0;
        let mut written = 0;
        while written == 0 {
            if self.at >= self.input.len() && !self.ended {
                self.input.resize(CHUNK, 0);
                let count = self.inner.read(&mut self.input)?;
                self.input.truncate(count);
                self.at = 0;
                self.ended = count == 0;
            }
            let rest = self.input.get(self.at..).unwrap_or_default();
            let (result, read, out, _) = self.decoder.decode_to_utf8(rest, &mut self.output, self.ended);
            self.at += read;
            written = out;
            if self.ended && result == CoderResult::InputEmpty {
                break;
            }
        }
        self.output.truncate(written);
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.output.len() {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let mut rest = self.output.get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = String::new();
        Utf8::new(bytes, encoding).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn each_encoding_gives_the_same_text() {
        let text = "Kœnig – 12 €\n".repeat(5_000);
        let windows = encoding_rs::WINDOWS_1252.encode(&text).0.into_owned();
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let bom: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
        assert_eq!(decoded(text.as_bytes(), Encoding::Utf8), text);
        assert_eq!(decoded(&bom, Encoding::Utf8), text);
        assert_eq!(decoded(&windows, Encoding::Windows1252), text);
        assert_eq!(decoded(&utf16, Encoding::Utf16Le), text);
        assert_eq!(decoded(b"", Encoding::Utf8), "");
        assert_eq!(decoded(b"caf\xc3", Encoding::Utf8), "caf\u{fffd}", "a cut character at the very end shows");
    }
}
