import { describe, expect, test } from "bun:test";
import { DecodeError, Reader, Writer } from "../../../src/wire/cursor.ts";
import { hex } from "../../support/hex.ts";

const reader = (text: string) => new Reader(hex(text));

describe("Reader", () => {
  test("reads numbers in the order that their names say", () => {
    const r = reader("ff  fe ff  fe ff  fe ff ff ff  fe ff ff ff  80 00 00 01");
    expect([r.u8(), r.u16(), r.u16be(), r.i32(), r.u32(), r.u32be()]).toEqual([
      0xff, 0xfffe, 0xfeff, -2, 0xfffffffe, 0x80000001,
    ]);
    expect(r.left).toBe(0);
  });

  test("take() gives views of the datagram", () => {
    const r = reader("01 02 03");
    const view = r.take(2);
    expect(view).toEqual(hex("01 02"));
    expect(view.buffer).toBe(r.buf.buffer);
    expect(r.take(0)).toHaveLength(0);
  });

  test("sub() reads its own stretch and moves past it", () => {
    const r = reader("01 02 03 04");
    r.skip(1);
    const sub = r.sub(2);
    expect([sub.u8(), sub.left, r.u8()]).toEqual([2, 1, 4]);
    expect(() => sub.u16()).toThrow(new DecodeError("wanted 2 bytes, 1 left"));
  });

  const reads: Record<string, (r: Reader) => unknown> = {
    u8: (r) => r.u8(),
    u16: (r) => r.u16(),
    u16be: (r) => r.u16be(),
    i32: (r) => r.i32(),
    u32: (r) => r.u32(),
    u32be: (r) => r.u32be(),
    take: (r) => r.take(5),
    sub: (r) => r.sub(5),
    skip: (r) => r.skip(5),
  };
  test.each(Object.keys(reads))("%s() throws DecodeError at the end of the bytes, without moving past it", (name) => {
    const whole = hex("01 02 03 04 05 06 07");
    for (let end = 0; end <= 7; end++) {
      const r = new Reader(whole, 0, end);
      try {
        while (r.left >= 0) reads[name]?.(r);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
      expect(r.at).toBeLessThanOrEqual(end);
    }
  });
});

describe("Writer", () => {
  test("writes numbers in the order that their names say", () => {
    const w = new Writer(1);
    w.u8(0x1ff);
    w.u16(0xfffe);
    w.u16be(0xfffe);
    w.u32(0x80000001);
    w.u32(-2);
    w.u32be(0x80000001);
    w.u32be(-2);
    expect(w.finish()).toEqual(hex("ff  fe ff  ff fe  01 00 00 80  fe ff ff ff  80 00 00 01  ff ff ff fe"));
  });

  test("grows, keeping what was written", () => {
    const w = new Writer(2);
    for (let i = 0; i < 300; i++) w.u8(i);
    w.bytes(hex("aa bb"));
    expect(w.finish()).toEqual(Uint8Array.from([...Array.from({ length: 300 }, (_, i) => i), 0xaa, 0xbb]));
  });

  test.each([
    [0, 0],
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
    [5, 8],
  ])("align() pads %d bytes to %d, counted from where they start", (length, padded) => {
    const w = new Writer();
    w.zero(3);
    const start = w.at;
    w.bytes(new Uint8Array(length).fill(0xff));
    w.align(start);
    expect(w.at - start).toBe(padded);
    expect(w.finish().subarray(start + length)).toEqual(new Uint8Array(padded - length));
  });

  test("patch16() and patch32() overwrite in place", () => {
    const w = new Writer();
    w.zero(8);
    w.patch16(1, 0xabcd);
    w.patch32(4, 0xdeadbeef);
    expect(w.finish()).toEqual(hex("00 cd ab 00 ef be ad de"));
  });
});
