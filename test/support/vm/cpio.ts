/** An initramfs: a cpio archive of the form "newc" (Documentation/driver-api/early-userspace/buffer-format.rst). */

export interface Entry {
  /** Without the leading slash. */
  path: string;
  /** File type and permissions, as in st_mode. */
  mode: number;
  /** The content, or where a symbolic link leads. */
  data?: Uint8Array;
}

export const directory = (path: string): Entry => ({ path, mode: 0o040755 });
export const executable = (path: string, data: Uint8Array): Entry => ({ path, mode: 0o100755, data });
export const symlink = (path: string, target: string): Entry => ({
  path,
  mode: 0o120777,
  data: new TextEncoder().encode(target),
});

/** The archive of `entries`, each directory before what is in it. */
export function cpio(entries: readonly Entry[]): Uint8Array {
  const all = [...entries, { path: "TRAILER!!!", mode: 0 }];
  return new Uint8Array(Buffer.concat(all.flatMap((entry, index) => parts(entry, index + 1))));
}

function parts({ path, mode, data = new Uint8Array() }: Entry, inode: number): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, mtime, size, device twice, name's size, checksum
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [padded(Buffer.concat([header, name])), padded(Buffer.from(data))];
}

/** Up to a multiple of four bytes. */
function padded(part: Buffer): Buffer {
  return Buffer.concat([part, Buffer.alloc(-part.length & 3)]);
}
