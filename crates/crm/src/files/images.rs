//! Pictures: what tells where they were taken is removed without touching a pixel, and small ones are drawn for the screens.

use bytes::Bytes;
use exif::{Field, In, Reader, Tag};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageReader, Limits, RgbImage};
use img_parts::ImageEXIF;
use img_parts::jpeg::Jpeg;
use img_parts::png::Png;
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use std::io::Cursor;
use std::path::Path;

/// Longest side of a thumbnail, in pixels.
pub(crate) const THUMBNAIL: u32 = 320;
/// Longest side of a picture to look at.
pub(crate) const PREVIEW: u32 = 1600;
/// Nothing larger is drawn, whatever the file says of itself.
const LONGEST_SIDE: u32 = 20_000;
/// Nor what needs more memory.
const MEMORY: u64 = 256 * 1024 * 1024;
/// The parts of EXIF that stay: how to hold the picture and when it was taken. All others go, the place first.
const KEPT: &[Tag] = &[
    Tag::Orientation,
    Tag::DateTime,
    Tag::DateTimeOriginal,
    Tag::DateTimeDigitized,
    Tag::OffsetTime,
    Tag::OffsetTimeOriginal,
    Tag::OffsetTimeDigitized,
];

/// What could not be done with a picture.
pub(crate) type Unreadable = String;

/// What stays of an EXIF block.
fn kept(block: &Bytes) -> Option<Bytes> {
    let read = Reader::new().read_raw(block.to_vec()).ok()?;
    let fields: Vec<Field> = read.fields().filter(|field| field.ifd_num == In::PRIMARY && KEPT.contains(&field.tag)).cloned().collect();
    if fields.is_empty() {
        return None;
    }
    let mut writer = exif::experimental::Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut out = Cursor::new(Vec::new());
    writer.write(&mut out, read.little_endian()).ok()?;
    Some(out.into_inner().into())
}

/// The picture without the place where it was taken; pixels are the same bytes as before.
pub(crate) fn without_place(content: Bytes, media_type: &str) -> Result<Bytes, Unreadable> {
    let failed = |error: img_parts::Error| error.to_string();
    let mut out = Vec::with_capacity(content.len());
    let write_failed = |error: std::io::Error| error.to_string();
    match media_type {
        "image/jpeg" => {
            let mut jpeg = Jpeg::from_bytes(content).map_err(failed)?;
            let block = jpeg.exif().as_ref().and_then(kept);
            // Of the application's own segments: JFIF, the colour profile, Adobe's colour transform. XMP and IPTC name places too, a second
            // picture (MPF) has an EXIF of its own.
            jpeg.segments_mut().retain(|segment| match segment.marker() {
                0xE0 | 0xEE => true,
                0xE2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
                0xE1..=0xEF | 0xFE => false,
                _ => true,
            });
            jpeg.set_exif(block);
            jpeg.encoder().write_to(&mut out).map_err(write_failed)?;
            out.truncate(jpeg_end(&out).unwrap_or(out.len()));
        }
        "image/png" => {
            let mut png = Png::from_bytes(content).map_err(failed)?;
            let block = png.exif().as_ref().and_then(kept);
            let harmless: [&[u8; 4]; 13] =
                [b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT"];
            // A chunk whose name begins with a capital is needed to show the picture.
            png.chunks_mut().retain(|chunk| chunk.kind()[0].is_ascii_uppercase() || harmless.contains(&&chunk.kind()));
            png.set_exif(block);
            png.encoder().write_to(&mut out).map_err(write_failed)?;
        }
        "image/webp" => {
            let mut webp = WebP::from_bytes(content).map_err(failed)?;
            let block = webp.exif().as_ref().and_then(kept);
            let shown: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
            webp.chunks_mut().retain(|chunk| shown.contains(&&chunk.id()));
            for chunk in webp.chunks_mut().iter_mut().filter(|chunk| &chunk.id() == b"VP8X") {
                without_flags(chunk);
            }
            webp.set_exif(block);
            webp.encoder().write_to(&mut out).map_err(write_failed)?;
        }
        _ => return Ok(content),
    }
    Ok(out.into())
}

/// Says that there is no XMP and no EXIF; the latter is said again where some of it stays.
fn without_flags(chunk: &mut RiffChunk) {
    if let RiffContent::Data(data) = chunk.content_mut() {
        let mut bytes = data.to_vec();
        if let Some(flags) = bytes.first_mut() {
            *flags &= !0b0000_1100;
        }
        *data = bytes.into();
    }
}

/// Where a JPEG ends. Phones put films, second pictures and their places behind it.
fn jpeg_end(jpeg: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let marker = *jpeg.get(at + 1).filter(|_| jpeg.get(at) == Some(&0xFF))?;
        match marker {
            0xD9 => return Some(at + 2),
            0xFF => at += 1,
            0x01 | 0xD0..=0xD7 => at += 2,
            _ => {
                let length = usize::from(*jpeg.get(at + 2)?) * 256 + usize::from(*jpeg.get(at + 3)?);
                at += 2 + length.max(2);
                if marker == 0xDA {
                    // Compressed pixels: up to the next marker that is neither a stuffed byte nor a restart.
                    while *jpeg.get(at)? != 0xFF || matches!(jpeg.get(at + 1)?, 0x00 | 0xD0..=0xD7) {
                        at += 1;
                    }
                }
            }
        }
    }
}

/// Draws the thumbnail and the picture to look at, as JPEG.
pub(crate) fn draw(path: &Path) -> Result<(Vec<u8>, Vec<u8>), Unreadable> {
    let failed = |error: image::ImageError| error.to_string();
    let mut reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    if decoder.total_bytes() > MEMORY {
        return Err("too many pixels".to_owned());
    }
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
    if picture.width() > PREVIEW || picture.height() > PREVIEW {
        picture = picture.thumbnail(PREVIEW, PREVIEW);
    }
    picture.apply_orientation(turned);
    Ok((jpeg(&shrunk(&picture))?, jpeg(&picture)?))
}

/// Draws the thumbnail of a picture that we made, such as the first page of a document.
pub(crate) fn thumbnail(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(|error| error.to_string())?;
    jpeg(&shrunk(&reader.decode().map_err(|error| error.to_string())?))
}

fn shrunk(picture: &DynamicImage) -> DynamicImage {
    if picture.width() > THUMBNAIL || picture.height() > THUMBNAIL { picture.thumbnail(THUMBNAIL, THUMBNAIL) } else { picture.clone() }
}

fn jpeg(picture: &DynamicImage) -> Result<Vec<u8>, Unreadable> {
    let flat = on_white(picture);
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 82)
        .write_image(flat.as_raw(), flat.width(), flat.height(), image::ExtendedColorType::Rgb8)
        .map_err(|error| error.to_string())?;
    Ok(out)
}

/// JPEG knows no transparency: what shines through is white.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let seen = picture.to_rgba8();
    RgbImage::from_fn(seen.width(), seen.height(), |x, y| {
        let image::Rgba([red, green, blue, alpha]) = *seen.get_pixel(x, y);
        let mix = |colour: u8| {
            let sum = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([mix(red), mix(green), mix(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use exif::{Rational, Value};
    use img_parts::jpeg::JpegSegment;
    use img_parts::png::PngChunk;

    /// EXIF as phones write it: held upright, taken one day, at one place.
    fn block() -> Bytes {
        let degrees = |value: u32| Rational { num: value, denom: 1 };
        let fields = [
            Field { tag: Tag::Orientation, ifd_num: In::PRIMARY, value: Value::Short(vec![6]) },
            Field { tag: Tag::Model, ifd_num: In::PRIMARY, value: Value::Ascii(vec![b"Telephone".to_vec()]) },
            Field { tag: Tag::DateTimeOriginal, ifd_num: In::PRIMARY, value: Value::Ascii(vec![b"2026:11:22 10:00:00".to_vec()]) },
            Field { tag: Tag::GPSLatitudeRef, ifd_num: In::PRIMARY, value: Value::Ascii(vec![b"N".to_vec()]) },
            Field { tag: Tag::GPSLatitude, ifd_num: In::PRIMARY, value: Value::Rational(vec![degrees(48), degrees(51), degrees(24)]) },
        ];
        let mut writer = exif::experimental::Writer::new();
        for field in &fields {
            writer.push_field(field);
        }
        let mut out = Cursor::new(Vec::new());
        writer.write(&mut out, false).unwrap();
        out.into_inner().into()
    }

    fn drawing(format: image::ImageFormat) -> Bytes {
        let mut out = Cursor::new(Vec::new());
        let picture = RgbImage::from_fn(64, 32, |x, y| image::Rgb([u8::try_from(x * 4).unwrap(), u8::try_from(y * 8).unwrap(), 90]));
        DynamicImage::ImageRgb8(picture).write_to(&mut out, format).unwrap();
        out.into_inner().into()
    }

    fn tags(block: Option<Bytes>) -> Vec<Tag> {
        let read = Reader::new().read_raw(block.expect("some EXIF stays").to_vec()).unwrap();
        read.fields().map(|field| field.tag).collect()
    }

    fn pixels(content: &Bytes) -> RgbImage {
        image::load_from_memory(content).unwrap().to_rgb8()
    }

    #[test]
    fn a_jpeg_loses_its_place_and_keeps_pixels_date_and_way_up() {
        let plain = drawing(image::ImageFormat::Jpeg);
        let mut jpeg = Jpeg::from_bytes(plain.clone()).unwrap();
        jpeg.set_exif(Some(block()));
        let xmp = Bytes::from_static(b"http://ns.adobe.com/xap/1.0/\0<exif:GPSLatitude>48,51</exif:GPSLatitude>");
        jpeg.segments_mut().insert(1, JpegSegment::new_with_contents(0xE1, xmp));
        jpeg.segments_mut().insert(1, JpegSegment::new_with_contents(0xED, Bytes::from_static(b"Photoshop 3.0\0Paris")));
        let mut sent = jpeg.encoder().bytes().to_vec();
        sent.extend_from_slice(b"ftypmp42 a film with GPSLatitude");
        let done = without_place(sent.into(), "image/jpeg").unwrap();
        assert_eq!(tags(Jpeg::from_bytes(done.clone()).unwrap().exif()), [Tag::Orientation, Tag::DateTimeOriginal]);
        for word in ["GPSLatitude", "Paris", "Telephone", "ftyp"] {
            assert!(!done.windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
        }
        assert_eq!(pixels(&done), pixels(&plain));
        assert!(done.ends_with(&[0xFF, 0xD9]));
        assert_eq!(without_place(done.clone(), "image/jpeg").unwrap(), done, "twice is once");
    }

    #[test]
    fn a_png_and_a_webp_too() {
        let plain = drawing(image::ImageFormat::Png);
        let mut png = Png::from_bytes(plain.clone()).unwrap();
        png.set_exif(Some(block()));
        png.chunks_mut().insert(1, PngChunk::new(*b"iTXt", Bytes::from_static(b"XML:com.adobe.xmp\0\0\0\0\0Paris")));
        let done = without_place(png.encoder().bytes(), "image/png").unwrap();
        assert_eq!(tags(Png::from_bytes(done.clone()).unwrap().exif()), [Tag::Orientation, Tag::DateTimeOriginal]);
        assert!(!done.windows(5).any(|part| part == b"Paris"));
        assert_eq!(pixels(&done), pixels(&plain));

        let plain = drawing(image::ImageFormat::WebP);
        let mut webp = WebP::from_bytes(plain.clone()).unwrap();
        webp.set_exif(Some(block()));
        webp.chunks_mut().push(RiffChunk::new(*b"XMP ", RiffContent::Data(Bytes::from_static(b"Paris "))));
        let done = without_place(webp.encoder().bytes(), "image/webp").unwrap();
        assert_eq!(tags(WebP::from_bytes(done.clone()).unwrap().exif()), [Tag::Orientation, Tag::DateTimeOriginal]);
        assert!(!done.windows(5).any(|part| part == b"Paris"));
        assert_eq!(pixels(&done), pixels(&plain));
    }

    #[test]
    fn a_picture_is_drawn_the_way_it_is_held_and_a_lying_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture");
        let mut jpeg = Jpeg::from_bytes(drawing(image::ImageFormat::Jpeg)).unwrap();
        jpeg.set_exif(Some(block()));
        std::fs::write(&path, jpeg.encoder().bytes()).unwrap();
        let (small, large) = draw(&path).unwrap();
        for picture in [small, large] {
            let seen = image::load_from_memory(&picture).unwrap();
            assert_eq!((seen.width(), seen.height()), (32, 64));
        }
        // A PNG that claims 100,000 × 100,000 pixels in 60 bytes.
        let mut png = drawing(image::ImageFormat::Png).to_vec();
        png[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
        std::fs::write(&path, &png).unwrap();
        assert!(draw(&path).is_err());
        std::fs::write(&path, b"GIF89a/*").unwrap();
        assert!(draw(&path).is_err());
        assert!(without_place(Bytes::from_static(b"\xFF\xD8\xFF\xE1\xFF"), "image/jpeg").is_err());
    }

    proptest::proptest! {
        #[test]
        fn damaged_pictures_are_survived(cut in 0_usize..2000, flip in 0_usize..2000, with in 0_u8..=255) {
            for (format, kind) in [(image::ImageFormat::Jpeg, "image/jpeg"), (image::ImageFormat::Png, "image/png"), (image::ImageFormat::WebP, "image/webp")] {
                let mut bytes = drawing(format).to_vec();
                bytes.truncate(cut.max(8));
                let at = flip % bytes.len();
                bytes[at] = with;
                drop(without_place(bytes.into(), kind));
            }
        }
    }
}
