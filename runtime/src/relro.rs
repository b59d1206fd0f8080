//! What is only written while an executable is loaded (RELRO) is made read-only: a static one has no loader to do it.

use std::ffi::c_void;
use std::ptr::without_provenance_mut;

/// What getauxval(3) says of the executable: where its program headers are, how many, and the size of a page.
fn value(of: libc::c_ulong) -> usize {
    // SAFETY: a look-up in the vector that the kernel gave the process.
    unsafe { libc::getauxval(of) as usize }
}

pub fn protect() {
    let headers = std::ptr::with_exposed_provenance::<libc::Elf64_Phdr>(value(libc::AT_PHDR));
    let page = value(libc::AT_PAGESZ);
    if headers.is_null() || page == 0 {
        return;
    }
    for i in 0..value(libc::AT_PHNUM) {
        // SAFETY: the kernel's own account of what it has mapped.
        let header = unsafe { headers.add(i).read() };
        if header.p_type != libc::PT_GNU_RELRO {
            continue;
        }
        let start = header.p_vaddr as usize & !(page - 1);
        let end = (header.p_vaddr + header.p_memsz) as usize & !(page - 1);
        let place = without_provenance_mut::<c_void>(start);
        // SAFETY: whole pages that nothing is to be written to any more. A failure leaves things as they were.
        unsafe { libc::mprotect(place, end.saturating_sub(start), libc::PROT_READ) };
    }
}
