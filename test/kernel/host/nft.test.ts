/** Which failures mean that the kernel has no nf_tables. This one has it: so none does. */
import { describe, expect } from "bun:test";
import { EACCES, EINVAL, EPERM, EPROTONOSUPPORT } from "../../../src/base/errno.ts";
import { isLack, Nftables } from "../../../src/host/nft.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import { sysError } from "../../../src/sys/bun/errors.ts";
import { inLab } from "../../support/lab.ts";
import { needs, nftables } from "../../support/needs.ts";

const need = needs(nftables);

const answer = (errno: number) => new NetlinkError("nft list table ip filter", errno);

describe("isLack()", () => {
  need.each([
    ["the socket there is none of", sysError("socket", EPROTONOSUPPORT), true],
    ["the answer of a kernel that knows no such message", answer(EINVAL), true],
    ["a socket that is refused", sysError("socket", EPERM), false],
    ["the answer to who may not ask", answer(EPERM), false],
    ["a question that could not be sent", sysError("sendto", EINVAL), false],
    ["a file", sysError("open", EACCES, "/x"), false],
  ])("of %s", (_, error, expected) => {
    expect(isLack(error)).toBe(expected);
  });
});

describe("orWithout()", () => {
  const asked = (error: Error) => () => {
    const nft = new Nftables();
    try {
      nft.orWithout(
        () => {
          throw error;
        },
        () => "without",
      );
    } finally {
      nft.close();
    }
  };

  need(
    "asks once more, and throws what was refused for another reason",
    inLab((lab) => {
      for (const error of [answer(EINVAL), sysError("socket", EPROTONOSUPPORT), answer(EPERM)]) {
        expect(() => lab.within(lab.host, asked(error))).toThrow(error);
      }
    }),
  );
});
