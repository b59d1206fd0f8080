//! Digests of texts.

use std::fmt::Write;

use sha2::{Digest, Sha512};

use super::values::Text;

/// In lower-case hexadecimal.
pub fn sha512(text: Text) -> String {
    let mut digits = String::with_capacity(128);
    for byte in Sha512::digest(text.as_bytes()) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
