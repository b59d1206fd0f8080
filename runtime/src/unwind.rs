//! Nothing unwinds the stack: a panic ends in `fatal`, by a hook of our own. Rust's library could, to print a backtrace, and
//! brings an unwinder and a reader of debug information along: a quarter of a megabyte. What it asks an unwinder for (Itanium
//! C++ ABI: Exception Handling, level I) is here, and says that the stack has ended: the linker then leaves all of that out.
//! With musl only, as glibc has uses of its own for it.

use std::ffi::{c_int, c_void};

/// _URC_END_OF_STACK.
const END: c_int = 5;

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(_: *const c_void, _: *mut c_void) -> c_int {
    END
}

/// The end of a cleanup: there is none.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume(_: *mut c_void) -> ! {
    std::process::abort()
}

/// Of a frame: there is none.
macro_rules! zero {
    ($($name:ident)*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> usize {
            0
        }
    )* };
}

zero! {
    _Unwind_GetDataRelBase _Unwind_GetIP _Unwind_GetIPInfo _Unwind_GetLanguageSpecificData _Unwind_GetRegionStart
    _Unwind_GetTextRelBase _Unwind_SetGR _Unwind_SetIP
}
