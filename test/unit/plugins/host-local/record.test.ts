import { expect, test } from "bun:test";
import { decodeOrigin, encodeOrigin } from "../../../../src/plugins/host-local/origin.ts";
import { leaseAddress, parseRecord, recordText } from "../../../../src/plugins/host-local/record.ts";
import { parseResolvConf } from "../../../../src/plugins/host-local/resolv.ts";

test("recordText() is id, CR LF, interface, without a line end", () => {
  expect(recordText({ id: "cid-1", ifname: "eth0" })).toBe("cid-1\r\neth0");
  expect(recordText({ id: "cid-1" })).toBe("cid-1");
});

test("parseRecord() reads both forms and nothing else", () => {
  expect(parseRecord("cid-1\r\neth0")).toEqual({ id: "cid-1", ifname: "eth0" });
  expect(parseRecord("cid-1")).toEqual({ id: "cid-1" });
  for (const text of ["", "a b", "cid\neth0", "cid\r\n", "cid\r\na/b", "\0\0\0", "cid\r\neth0\r\nx", "../x"]) {
    expect(parseRecord(text)).toBeUndefined();
  }
});

test("leaseAddress() knows canonical addresses only", () => {
  const names = [
    "10.1.2.3",
    "fd00::1",
    "lock",
    "last_reserved_ip.0",
    "10.1.2.03",
    "FD00::1",
    "fd00:0::1",
    "::ffff:10.1.2.3",
    "",
  ];
  expect(names.filter((name) => leaseAddress(name))).toEqual(["10.1.2.3", "fd00::1"]);
});

const WHOLE = {
  boot: "4f6c2a9be01d",
  host: "1",
  time: 86400.123,
  veth: { name: "veth1a2b3c4d", index: 17 },
  sandbox: "4711",
  pod: "default/web-0",
};

test("encodeOrigin() keeps all but the pod within 64 bytes on an ordinary node", () => {
  const text = "v1 b=4f6c2a9be01d n=1 t=86400.123 h=veth1a2b3c4d i=17 c=4711 p=default/web-0";
  expect(encodeOrigin(WHOLE)).toBe(text);
  expect(text.indexOf(" p=")).toBeLessThanOrEqual(64);
  expect(decodeOrigin(text)).toEqual(WHOLE);
});

test("encodeOrigin() puts rules before the pod, which is left out first where room is short", () => {
  const text = encodeOrigin({ ...WHOLE, rules: "si" });
  expect(text).toEndWith(" c=4711 r=si p=default/web-0");
  expect(decodeOrigin(text)).toEqual({ ...WHOLE, rules: "si" });
  expect(decodeOrigin(text.replace(" r=", " x=1 r="))?.rules).toBe("si");
});

test("encodeOrigin() leaves out what is unknown and a pod that is none", () => {
  const text = "v1 b=4f6c2a9be01d t=5";
  expect(encodeOrigin({ boot: "4f6c2a9be01d", time: 5, pod: "a b/c i=9" })).toBe(text);
  expect(decodeOrigin(text)).toEqual({
    boot: "4f6c2a9be01d",
    time: 5,
    host: undefined,
    veth: undefined,
    sandbox: undefined,
    rules: undefined,
    pod: undefined,
  });
});

test("decodeOrigin() knows nothing of other versions and of garbage", () => {
  for (const text of ["", "v2 b=4f6c2a9be01d t=5", "v1", "v1 b= t=5", "v1 b=1 t=x", "v1 b=1 t=-5", "v1 b=1"]) {
    expect(decodeOrigin(text)).toBeUndefined();
  }
});

test("parseResolvConf() reads as the reference", () => {
  const text = [
    "# comment",
    "; comment",
    "nameserver 192.0.2.1 # not a comment",
    "  nameserver\t192.0.2.2 ",
    "nameserver",
    "domain a.example",
    "domain b.example c.example",
    "search d.example e.example",
    "search f.example",
    "options ndots:2 rotate",
    "sortlist 10.0.0.0",
  ].join("\r\n");
  expect(parseResolvConf(text)).toEqual({
    nameservers: ["192.0.2.1", "192.0.2.2"],
    domain: "b.example",
    search: ["d.example", "e.example", "f.example"],
    options: ["ndots:2", "rotate"],
  });
});
