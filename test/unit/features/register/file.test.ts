import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  obstacleIn,
  prefixOf,
  readRecord,
  recordName,
  recordsOf,
  removeRecord,
  sweepRecords,
  writeRecord,
} from "../../../../src/features/register/file.ts";

const OWNER = { network: "net", containerId: "c1", ifname: "eth0" };

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-register-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("recordName()", () => {
  test("tells owners apart whose parts together are the same", () => {
    expect(recordName(OWNER)).toBe("net:c1:eth0.json");
    expect(recordName({ ...OWNER, network: "a_b" })).not.toBe(
      recordName({ ...OWNER, network: "a", containerId: "b_c1" }),
    );
  });

  test("fits a file's name whatever is as long as it may be, and still tells them apart", () => {
    const long = { network: "n".repeat(255), containerId: "c".repeat(1024), ifname: "i".repeat(15) };
    expect(recordName(long).length).toBeLessThan(256);
    expect(recordName(long).startsWith(prefixOf(long.network))).toBeTrue();
    for (const key of ["network", "containerId"] as const)
      expect(recordName({ ...long, [key]: `${long[key].slice(1)}x` })).not.toBe(recordName(long));
  });
});

test("a record is written whole, in a directory that is made, and in place of an earlier one", () => {
  const deep = join(dir, "a", "b");
  writeRecord(deep, OWNER, "one");
  writeRecord(deep, OWNER, "two");
  expect([readdirSync(deep), readRecord(deep, OWNER)]).toEqual([["net:c1:eth0.json"], "two"]);
  removeRecord(deep, OWNER);
  removeRecord(deep, OWNER);
  expect([readdirSync(deep), readRecord(deep, OWNER)]).toEqual([[], undefined]);
});

test("what cannot be written, removed or read is said with the file's name and what to do", () => {
  writeFileSync(join(dir, "file"), "");
  expect(() => writeRecord(join(dir, "file"), OWNER, "x")).toThrow(
    expect.objectContaining({
      code: 5,
      message: expect.stringContaining(`cannot write the endpoint record ${dir}/file/net:c1:eth0.json: `),
      details: expect.stringContaining("berth.register.dir"),
    }),
  );
  // Nothing can be in what is no directory.
  removeRecord(join(dir, "file"), OWNER);
  expect(recordsOf(join(dir, "file"), "net")).toEqual([]);
  mkdirSync(join(dir, recordName(OWNER)));
  expect(() => removeRecord(dir, OWNER)).toThrow(expect.objectContaining({ code: 5 }));
});

test("obstacleIn() looks at the directory, or at where it would be made, and makes nothing", () => {
  expect(obstacleIn(join(dir, "a", "b"))).toBeUndefined();
  expect(existsSync(join(dir, "a"))).toBeFalse();
  writeFileSync(join(dir, "file"), "");
  expect(obstacleIn(join(dir, "file"))).toMatchObject({ code: "ENOTDIR" });
});

test("sweepRecords() removes the records of a network that nobody alive owns", () => {
  for (const [network, containerId] of [
    ["net", "alive"],
    ["net", "dead"],
    ["net2", "dead"],
  ] as const)
    writeRecord(dir, { ...OWNER, network, containerId }, "x");
  writeFileSync(join(dir, "net:note"), "not a record");
  const names = recordsOf(dir, "net");
  expect(names.sort()).toEqual(["net:alive:eth0.json", "net:dead:eth0.json"]);
  sweepRecords(dir, names, [{ ...OWNER, containerId: "alive" }]);
  expect(readdirSync(dir).sort()).toEqual(["net2:dead:eth0.json", "net:alive:eth0.json", "net:note"]);
  expect(readFileSync(join(dir, "net:alive:eth0.json"), "utf8")).toBe("x");
});
