import { expect, test } from "bun:test";
import { encodeUtf8 } from "../../../src/base/utf8.ts";
import { commentData, commentOf, fitComment, setCommentOf, setData } from "../../../src/nft/comments.ts";
import { hex } from "../../support/hex.ts";

test("commentData() is type, length with the NUL, text", () => {
  expect(commentData("tc")).toEqual(hex("00 03 74 63 00"));
});

test("setData() begins with the byte order of the keys", () => {
  expect(setData(2, undefined)).toEqual(hex("00 04 02 00 00 00"));
  expect(setData(1, "x")).toEqual(hex("00 04 01 00 00 00  07 02 78 00"));
});

test("commentOf() finds the comment among other fields", () => {
  expect(commentOf(hex("05 01 ff  00 03 74 63 00"))).toBe("tc");
  expect(setCommentOf(setData(2, "a set"))).toBe("a set");
});

test("commentOf() is undefined without a comment", () => {
  for (const userdata of [undefined, hex(""), hex("05 01 ff"), hex("00")]) expect(commentOf(userdata)).toBeUndefined();
  expect(setCommentOf(setData(2, undefined))).toBeUndefined();
});

test("commentOf() takes what there is when the length lies", () => {
  expect(commentOf(hex("00 40 74 63"))).toBe("tc");
});

test("fitComment() cuts to 128 bytes between characters", () => {
  expect(fitComment("x".repeat(128))).toBe("x".repeat(128));
  expect(fitComment("x".repeat(300))).toBe("x".repeat(128));
  expect(fitComment(`${"x".repeat(127)}é`)).toBe("x".repeat(127));
  expect(fitComment(`${"x".repeat(126)}é€`)).toBe(`${"x".repeat(126)}é`);
  for (let lead = 120; lead < 130; lead++) {
    const cut = fitComment(`${"x".repeat(lead)}😀😀😀`);
    expect(encodeUtf8(cut).length).toBeLessThanOrEqual(128);
    expect(cut).not.toContain("�");
  }
});

test("fitComment() leaves double quotes out", () => {
  expect(fitComment('a "b" c')).toBe("a b c");
});
