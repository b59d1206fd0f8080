import { describe, expect, test } from "bun:test";
import { Explained } from "../../../src/base/explained.ts";
import { attrs, list } from "../../../src/wire/attrs.ts";
import { bytes, type Coder, cstr, flag, u8, u16be, u32 } from "../../../src/wire/coder.ts";
import { DecodeError, Reader, Writer } from "../../../src/wire/cursor.ts";
import { hex } from "../../support/hex.ts";

const vlan = attrs({ id: [1, u16be], tagged: [2, flag] });
const table = attrs({
  name: [3, cstr],
  mtu: [4, u32],
  small: [5, u8],
  vlan: [18, vlan],
  all: [19, list(1, vlan)],
});

function encode<T>(coder: Coder<T>, value: T): Uint8Array {
  const w = new Writer();
  coder.encode(w, value);
  return w.finish();
}

const decode = (text: string) => table.decode(new Reader(hex(text)));

const EVERYTHING = `
  07 00 03 00 76 30 00 00         # name "v0", a byte of padding
  08 00 04 00 78 05 00 00         # mtu 1400
  05 00 05 00 09 00 00 00         # small 9, three bytes of padding
  10 00 12 80                     # vlan, NLA_F_NESTED
    06 00 01 00 00 64 00 00       #   id 100
    04 00 02 00                   #   tagged
  18 00 13 80                     # all, NLA_F_NESTED
    0c 00 01 80                   #   item
      06 00 01 00 00 01 00 00     #     id 1
    08 00 01 80                   #   item
      04 00 02 00                 #     tagged
`;
const VALUE = {
  name: "v0",
  mtu: 1400,
  small: 9,
  vlan: { id: 100, tagged: true as const },
  all: [{ id: 1 }, { tagged: true as const }],
};

describe("attrs()", () => {
  test("codes every kind of attribute both ways", () => {
    expect(encode(table, VALUE)).toEqual(hex(EVERYTHING));
    expect(decode(EVERYTHING)).toEqual(VALUE);
  });

  test("writes in the order of the value, without what is undefined", () => {
    expect(encode(table, { mtu: 1, name: undefined, small: 0 })).toEqual(
      hex("08 00 04 00 01 00 00 00  05 00 05 00 00 00 00 00"),
    );
  });

  test("writes and reads empty sets", () => {
    expect(encode(table, { vlan: {}, all: [] })).toEqual(hex("04 00 12 80  04 00 13 80"));
    expect(decode("04 00 12 80  04 00 13 80")).toEqual({ vlan: {}, all: [] });
    expect(decode("")).toEqual({});
  });

  test("passes over attributes that the table lacks", () => {
    expect(decode("07 00 63 00 01 02 03 00  08 00 04 00 78 05 00 00  04 00 64 80")).toEqual({ mtu: 1400 });
  });

  test("reads an attribute whose flags differ: NLA_F_NESTED is often forgotten, NLA_F_NET_BYTEORDER means nothing", () => {
    expect(decode("0c 00 12 00 06 00 01 40 00 64 00 00")).toEqual({ vlan: { id: 100 } });
  });

  test("takes the last of a repeated attribute", () => {
    expect(decode("05 00 05 00 01 00 00 00  05 00 05 00 02 00 00 00")).toEqual({ small: 2 });
  });

  test("does without the padding of the last attribute", () => {
    expect(decode("05 00 05 00 07")).toEqual({ small: 7 });
    expect(decode("05 00 05 00 07 00")).toEqual({ small: 7 });
  });

  test.each([
    ["a length below the header's", "03 00 03 00", "attribute 3 has length 3"],
    ["a length of zero, which would loop for ever", "00 00 00 00", "attribute 0 has length 0"],
    ["a length beyond the end", "09 00 03 00 61 62 63 64", "wanted 5 bytes, 4 left"],
    ["a header cut short", "04 00 02 00 08 00", "2 bytes left after the last attribute"],
    ["a value cut short, by its name", "06 00 04 00 78 05 00 00", "mtu: wanted 4 bytes, 2 left"],
    ["a nested value cut short, by its path", "09 00 12 80 05 00 01 00 01", "vlan: id: wanted 2 bytes, 1 left"],
    ["an item that is longer than its list", "0c 00 13 80 09 00 01 80 01 02 03 04", "all: wanted 5 bytes, 4 left"],
  ])("refuses %s", (_, text, message) => {
    expect(() => decode(text)).toThrow(new DecodeError(message));
  });

  test("lets errors pass that are not about the bytes", () => {
    const broken: Coder<number> = {
      encode: () => {},
      decode: () => {
        throw new TypeError("a defect");
      },
    };
    expect(() => attrs({ broken: [1, broken] }).decode(new Reader(hex("04 00 01 00")))).toThrow(
      new TypeError("a defect"),
    );
  });
});

describe("an attribute that is longer than its length can say", () => {
  const values = attrs({ value: [7, bytes], next: [8, u8] });

  test("is refused before it becomes its neighbour", () => {
    const longest = encode(values, { value: new Uint8Array(0xffff - 4), next: 1 });
    expect(values.decode(new Reader(longest)).next).toBe(1);
    const tooLong = () => encode(values, { value: new Uint8Array(0x10000 - 4), next: 1 });
    expect(tooLong).toThrow("a netlink attribute (type 7) would have 65536 bytes, of which 65535 are possible");
    expect(tooLong).toThrow(Explained);
  });

  test("is refused when only all that is in it is too long", () => {
    const nested = list(3, bytes);
    const outer = attrs({ items: [2, nested] });
    expect(() => encode(outer, { items: [new Uint8Array(40_000), new Uint8Array(40_000)] })).toThrow("(type 2)");
  });
});
