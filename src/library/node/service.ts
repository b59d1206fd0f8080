/** `berth/service` where it cannot be: on a host without bun:ffi. */
throw new Error(
  "berth/service needs Bun: it writes the kernel's rules by system calls through bun:ffi, which no other runtime has. " +
    "Run this program with bun (berth/cni runs on Node too)",
);

export {};
