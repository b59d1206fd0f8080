/** Connections to other programs of the machine (sys/api.d.ts). */
import { ENAMETOOLONG } from "../../base/errno.ts";
import { call } from "./call.ts";
import { sysError } from "./errors.ts";
import { close } from "./files.ts";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0x80000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
/** Bytes of `sun_path`, its NUL among them. */
const PATH_SIZE = 108;

export function connectUnix(path: string, timeout: number): number {
  const name = new TextEncoder().encode(path);
  if (name.length >= PATH_SIZE) throw sysError("connect", ENAMETOOLONG, path);
  const address = new Uint8Array(2 + name.length + 1);
  address.set([AF_UNIX, 0, ...name]);
  const fd = call("connect", () => libc.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0), path);
  try {
    const limit = new BigInt64Array([BigInt(Math.floor(timeout / 1000)), BigInt(Math.floor((timeout % 1000) * 1000))]);
    for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) {
      call("connect", () => libc.setsockopt(fd, SOL_SOCKET, option, limit, limit.byteLength), path);
    }
    call("connect", () => libc.connect(fd, address, address.length), path);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}
