//! The colours of companies, made readable.

/// Our colour, for those who have none.
const ACCENT: (u8, u8, u8) = (0x1f, 0x4f, 0xd8);

/// The colour of a company, darkened until white reads on it (4.5 to 1); ours where it has none.
pub fn readable_colour(accent: &str) -> String {
    colours(accent).0
}

/// The colour of the company, darkened until it reads on white, and what reads on it.
pub(super) fn colours(accent: &str) -> (String, &'static str) {
    let part = |at: usize| accent.strip_prefix('#').and_then(|hex| hex.get(at..at + 2)).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let (red, green, blue) = match (part(0), part(2), part(4)) {
        (Some(red), Some(green), Some(blue)) if accent.len() == 7 => (red, green, blue),
        _ => ACCENT,
    };
    let mut parts = [red, green, blue];
    // Contrast of 4.5 to 1 with white, in whole numbers: relative luminance below 0.183.
    while luminance(parts) > 183 {
        parts = parts.map(|part| u8::try_from(u16::from(part) * 94 / 100).unwrap_or(part));
    }
    (format!("#{:02x}{:02x}{:02x}", parts[0], parts[1], parts[2]), "#ffffff")
}

/// Relative luminance in thousandths; the curve of sRGB is taken as a square with a small correction, never below the true one.
fn luminance([red, green, blue]: [u8; 3]) -> u32 {
    let linear = |part: u8| u32::from(part) * u32::from(part) * 1000 / (255 * 255);
    (linear(red) * 213 + linear(green) * 715 + linear(blue) * 72) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_that_do_not_read_on_white_are_darkened() {
        assert_eq!(colours("#1f4fd8").0, "#1f4fd8");
        assert_eq!(colours("nonsense").0, "#1f4fd8");
        assert_eq!(colours("#12é45").0, "#1f4fd8");
        let (yellow, _) = colours("#ffdd00");
        assert_ne!(yellow, "#ffdd00");
        assert!(luminance([0x99, 0x99, 0x99]) > 183 && colours("#ffffff").0.as_str() < "#999999");
    }
}
