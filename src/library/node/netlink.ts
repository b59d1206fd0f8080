/** `berth/netlink` where it cannot be: on a host without bun:ffi. */
throw new Error(
  "berth/netlink needs Bun: it makes system calls through bun:ffi, which no other runtime has. " +
    "Run this program with bun (berth/cni runs on Node too)",
);

export {};
