/**
 * The `#sys` of programs that run on Bun (the node agent, the tests): the interface of sys/api.d.ts on bun:ffi.
 * Limits: signals (signals.ts), one thread per namespace (netns.ts), no embedded bundles (bundles.ts).
 */

export { walkRecords } from "../../base/records.ts";
export { lineTable, load } from "./bundles.ts";
export { boottime, monotonic, realtime, sleep } from "./clock.ts";
export { sha512 } from "./digest.ts";
export { close, open, pread, pwrite, read, readFile, readText, truncate, write, writeFile } from "./files.ts";
export { netlinkOpen, netlinkOption, receive, send, sendBuffer } from "./netlink.ts";
export { hasIfindex, inNetns, mount, namespaceType, netnsCookie, unshare } from "./netns.ts";
export { openTun, sendPacket } from "./packets.ts";
export {
  chmod,
  cloneFile,
  isThisProgram,
  linkFd,
  mkdir,
  readdir,
  readlink,
  rename,
  renameNew,
  rmdir,
  symlink,
  unlink,
} from "./paths.ts";
export { argv, environ, exit, random, terminal } from "./process.ts";
export { run } from "./run.ts";
export { deferSignals } from "./signals.ts";
export { fsMagic, fstat, lstat, setMtime, stat } from "./stat.ts";
export { connectUnix } from "./stream.ts";
export { decodeUtf8, encodeUtf8 } from "./utf8.ts";
export { flock, getxattr, setxattr } from "./xattr.ts";
