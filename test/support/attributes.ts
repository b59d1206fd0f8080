/** Whether berth can write down here what a lease was made for. */
import { tmpdir } from "node:os";
import * as sys from "../../src/sys/bun/sys.ts";
import { O } from "../../src/sys/flags.ts";
import type { Need } from "./needs.ts";

const NAME = "user.berth";

export const attributes: Need = { what: "extended attributes in the temporary directory", met: attributesWork };

function attributesWork(): boolean {
  const fd = sys.open(tmpdir(), O.TMPFILE | O.RDWR, 0o600);
  try {
    sys.setxattr(fd, NAME, "v1");
    return true;
  } catch {
    return false;
  } finally {
    sys.close(fd);
  }
}

/** The attribute of a lease file; empty when it has none. */
export function attributeOf(path: string): string {
  return withFile(path, (fd) => sys.getxattr(fd, NAME)) ?? "";
}

export function setAttribute(path: string, text: string): void {
  withFile(path, (fd) => sys.setxattr(fd, NAME, text));
}

function withFile<T>(path: string, fn: (fd: number) => T): T {
  const fd = sys.open(path, O.RDWR);
  try {
    return fn(fd);
  } finally {
    sys.close(fd);
  }
}
