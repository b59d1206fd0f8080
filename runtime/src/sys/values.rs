//! JavaScript values as system calls want them.

use std::ops::Deref;
use std::os::fd::BorrowedFd;

use rquickjs::{Ctx, FromJs, IntoJs, Result, String as JsString, TypedArray, Value};
use rustix::io::Errno;

/// A string; lone surrogates, which UTF-8 cannot hold, become U+FFFD.
pub struct Text(pub String);

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'js> FromJs<'js> for Text {
    fn from_js(_: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        let text = JsString::from_value(value)?.to_cstring()?;
        let bytes: &[u8] = text.as_ref();
        Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
    }
}

/// The bytes of a string or a Uint8Array.
pub struct Data(pub Vec<u8>);

impl<'js> FromJs<'js> for Data {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        if value.is_string() {
            return Ok(Data(Text::from_js(ctx, value)?.0.into_bytes()));
        }
        let array = TypedArray::<u8>::from_value(value)?;
        // SAFETY: copied before any JavaScript can run.
        Ok(Data(unsafe { array.as_bytes() }.unwrap_or_default().to_vec()))
    }
}

/// Bytes that become a Uint8Array.
pub struct Bytes(pub Vec<u8>);

impl<'js> IntoJs<'js> for Bytes {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        TypedArray::<u8>::new_copy(ctx.clone(), self.0).map(TypedArray::into_value)
    }
}

/// A descriptor number from JavaScript. @fails EBADF for negative ones
pub fn descriptor<'fd>(fd: i32) -> std::result::Result<BorrowedFd<'fd>, Errno> {
    if fd < 0 {
        return Err(Errno::BADF);
    }
    // SAFETY: not -1; the kernel answers EBADF if the program closed it, and nothing else relies on it.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}
