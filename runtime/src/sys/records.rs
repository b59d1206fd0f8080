//! Records that begin with their length and their number (src/base/records.ts): what they mean is the caller's.

use rquickjs::{Ctx, IntoJs, Result, TypedArray, Value, qjs};
use rustix::io::Errno;

use super::error::failure;

/// More slots than any table has.
const SLOTS: usize = 64;

/// Where each slot's first record has its content, and where the walk ended.
pub struct Starts {
    starts: [i32; SLOTS],
    count: usize,
}

impl<'js> IntoJs<'js> for Starts {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let values = self.starts.map(|start| qjs::JS_MKVAL(qjs::JS_TAG_INT, start));
        // SAFETY: as many values as are said, which own nothing.
        unsafe {
            let array = qjs::JS_NewArrayFrom(ctx.as_raw().as_ptr(), self.count as i32, values.as_ptr());
            Ok(Value::from_raw(ctx.clone(), array))
        }
    }
}

/// @fails EINVAL for an `end` beyond the bytes, or too many slots
pub fn walk<'js>(
    ctx: Ctx<'js>,
    bytes: TypedArray<'js, u8>,
    from: usize,
    end: usize,
    mask: u16,
    slots: TypedArray<'js, u8>,
    count: usize,
) -> Result<Starts> {
    // SAFETY: no JavaScript runs before they are used for the last time.
    let (bytes, slots) = unsafe { (bytes.as_bytes().unwrap_or_default(), slots.as_bytes().unwrap_or_default()) };
    let invalid = || failure(&ctx, "walkRecords", Errno::INVAL, None);
    let bytes = bytes.get(..end).ok_or_else(invalid)?;
    let mut starts = [0; SLOTS];
    if count >= SLOTS {
        return Err(invalid());
    }
    let mut at = from;
    while let Some(&[low, high, number, above, ..]) = bytes.get(at..) {
        let length = usize::from(u16::from_le_bytes([low, high]));
        if length < 4 || length > end - at {
            break;
        }
        let number = usize::from(u16::from_le_bytes([number, above]) & mask);
        let slot = slots.get(number).map_or(0, |slot| usize::from(*slot)).min(count - 1);
        if starts[slot] == 0 {
            starts[slot] = (at + 4) as i32;
        }
        at += length.next_multiple_of(4);
    }
    starts[count] = at as i32;
    Ok(Starts { starts, count: count + 1 })
}
