//! UTF-8, which a script would go through byte by byte.

use rquickjs::{Result, String as JsString, TypedArray, Value};

use super::values::Bytes;

/// The UTF-8 bytes of a string; a lone surrogate becomes U+FFFD.
pub fn encode(text: JsString<'_>) -> Result<Bytes> {
    let text = text.to_cstring()?;
    let bytes: &[u8] = text.as_ref();
    let mut bytes = bytes.to_vec();
    if std::str::from_utf8(&bytes).is_err() {
        // The engine writes a surrogate as the three bytes that a character of its number would have.
        for at in 0..bytes.len().saturating_sub(2) {
            if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
                bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
            }
        }
    }
    Ok(Bytes(bytes))
}

/// The text of bytes that are UTF-8; undefined for others.
pub fn decode(bytes: Value<'_>) -> Result<Option<String>> {
    let bytes = TypedArray::<u8>::from_value(bytes)?;
    // SAFETY: copied before any JavaScript can run.
    let text = std::str::from_utf8(unsafe { bytes.as_bytes() }.unwrap_or_default());
    Ok(text.ok().map(str::to_owned))
}
