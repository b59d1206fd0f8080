import { expect, test } from "bun:test";
import { EEXIST, ENOENT, errnoOf, errnoText, isErrno, isSignal, messageOf } from "../../../src/base/errno.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";

const failed = Object.assign(new Error("open /x: no such file or directory"), { errno: ENOENT });

test("isErrno() takes errors of system calls and of netlink", () => {
  expect(isErrno(failed, EEXIST, ENOENT)).toBe(true);
  expect(isErrno(failed, EEXIST)).toBe(false);
  expect(isErrno(new NetlinkError("ip link add x", EEXIST), EEXIST)).toBe(true);
});

test("errnoOf() is undefined for what is no such failure", () => {
  for (const value of [undefined, null, "text", 5, {}, { errno: "2" }, new Error("x")]) {
    expect(errnoOf(value)).toBeUndefined();
    expect(isErrno(value, ENOENT)).toBe(false);
  }
});

test("errnoText() is strerror's, in lower case", () => {
  expect(errnoText(ENOENT)).toBe("no such file or directory");
  expect(errnoText(4095)).toBe("errno 4095");
});

test("isSignal() tells an interruption from a failure", () => {
  expect(isSignal(Object.assign(new Error("interrupted by SIGTERM"), { signal: "SIGTERM" }))).toBe(true);
  for (const other of [failed, undefined, null, { signal: 15 }]) expect(isSignal(other)).toBe(false);
});

test("messageOf() gives the text of whatever was thrown", () => {
  expect(messageOf(failed)).toBe("open /x: no such file or directory");
  expect(messageOf("bare")).toBe("bare");
  expect(messageOf(undefined)).toBe("undefined");
});
