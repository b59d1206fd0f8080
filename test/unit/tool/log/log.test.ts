/** `berth log`: which records it finds, and how it shows them. */
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CallRecord } from "../../../../src/spec/call-record.ts";
import { isWanted, sinceTime, type Wanted } from "../../../../src/tool/log/filter.ts";
import { readLog, recordsOf, Tail } from "../../../../src/tool/log/lines.ts";
import { showRecords } from "../../../../src/tool/log/show.ts";
import { configuredLogs } from "../../../../src/tool/log/target.ts";
import { styleOf } from "../../../../src/tool/output/style.ts";

const dir = mkdtempSync(join(tmpdir(), "berth-calls-"));
afterAll(() => rmSync(dir, { recursive: true }));

const record = (over: Partial<CallRecord> = {}): CallRecord => ({
  time: "2026-11-29T20:58:17.123Z",
  plugin: "bridge",
  verb: "ADD",
  network: "mynet",
  container: "3f2a5c6d7e8f9a0b1c2d",
  ifname: "eth0",
  pod: "prod/web-0",
  outcome: "ok",
  ms: 3.25,
  phases: { lease: 1, link: 2.25 },
  ips: ["10.1.2.3/24"],
  version: "v0",
  ...over,
});
const line = (over?: Partial<CallRecord>) => `${JSON.stringify(record(over))}\n`;
const ids = (records: readonly CallRecord[]) => records.map(({ container }) => container);

describe("isWanted()", () => {
  const all: Wanted = { since: undefined, network: undefined, container: undefined, plugin: undefined, failed: false };
  test.each<[Partial<Wanted>, boolean]>([
    [{}, true],
    [{ network: "mynet" }, true],
    [{ network: "my" }, false],
    [{ container: "3f2a" }, true],
    [{ container: "f2a5" }, false],
    [{ container: "web-0" }, true],
    [{ container: "prod/web-0" }, true],
    [{ container: "web" }, false],
    [{ plugin: "portmap" }, false],
    [{ failed: true }, false],
    [{ since: "2026-11-29T20:58:17.123Z" }, true],
    [{ since: "2026-11-29T20:59" }, false],
    [{ since: "2026-11-29" }, true],
  ])("%j: %p", (wanted, expected) => {
    expect(isWanted(record(), { ...all, ...wanted })).toBe(expected);
  });

  test("takes what nobody took as failed", () => {
    expect(isWanted(record({ outcome: "undelivered" }), { ...all, failed: true })).toBeTrue();
  });
});

test("sinceTime() takes a duration or a time", () => {
  const now = Date.UTC(2026, 10, 29, 12);
  const times = ["90s", "10m", "2h", "1d", "2026-11-29", "2026-11-29T20:58Z", "10", "m", "yesterday", "1w"];
  expect(times.map((text) => sinceTime(text, now))).toEqual([
    "2026-11-29T11:58:30.000Z",
    "2026-11-29T11:50:00.000Z",
    "2026-11-29T10:00:00.000Z",
    "2026-11-28T12:00:00.000Z",
    "2026-11-29",
    "2026-11-29T20:58",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

describe("readLog()", () => {
  const path = join(dir, "log");
  writeFileSync(`${path}.2`, line({ container: "a" }));
  writeFileSync(`${path}.1`, line({ container: "b" }));
  writeFileSync(path, `${line({ container: "c" })}{"torn": \n{"foreign": 1}\n${line({ container: "d" })}{"half`);

  test("reads the rotated files too, oldest first, and passes over what is no record", () => {
    expect(ids(readLog(path, 100, () => true))).toEqual(["a", "b", "c", "d"]);
  });

  test("gives the last of those that are wanted", () => {
    expect(ids(readLog(path, 2, ({ container }) => container !== "c"))).toEqual(["b", "d"]);
  });

  test("says where there is no log", () => {
    expect(() => readLog(join(dir, "none"), 1, () => true)).toThrow("ENOENT");
  });
});

test("a Tail gives whole lines that come, also when the file was rotated meanwhile", () => {
  const path = join(dir, "followed");
  writeFileSync(path, line({ container: "old" }));
  const tail = new Tail(path);
  const next = () => ids(recordsOf(tail.next()));
  expect(next()).toEqual([]);
  appendFileSync(path, `${line({ container: "a" })}${line({ container: "b" }).slice(0, 9)}`);
  expect(next()).toEqual(["a"]);
  appendFileSync(path, line({ container: "b" }).slice(9));
  renameSync(path, `${path}.1`);
  writeFileSync(path, line({ container: "c" }));
  expect([next(), next(), next()]).toEqual([["b"], ["c"], []]);
  tail.close();
});

test("configuredLogs() are those that plugins of the directory's networks name", () => {
  const plugins = [
    { type: "bridge", berth: { log: "/l/a" } },
    { type: "portmap", berth: { Log: "/l/a" } },
    { type: "x" },
  ];
  writeFileSync(join(dir, "10.conflist"), JSON.stringify({ name: "n", plugins }));
  writeFileSync(join(dir, "20.conf"), JSON.stringify({ name: "m", type: "bridge", berth: { log: 5 } }));
  expect(configuredLogs(dir)).toEqual(["/l/a"]);
});

test("showRecords() has a row for each, with the code and message of an error", () => {
  const style = styleOf({ env: new Map(), stream: () => ({ isTerminal: false, columns: 80 }) });
  const bad = record({ outcome: "error", code: 11, msg: "no\naddress", pod: "", ifname: "", container: "" });
  const [head, first, second] = showRecords([record(), bad], style)
    .split("\n")
    .map((row) => row.split(/ {3,}/));
  expect(head).toEqual(["TIME", "VERB", "PLUGIN", "NETWORK", "CONTAINER", "IFNAME", "POD", "MS", "PHASES", "OUTCOME"]);
  const shared = ["2026-11-29T20:58:17.123Z", "ADD", "bridge", "mynet"];
  expect(first).toEqual([
    ...shared,
    "3f2a5c6d7e8f",
    "eth0",
    "prod/web-0",
    "3.3",
    "lease 1.0 link 2.3",
    "ok 10.1.2.3/24",
  ]);
  expect(second?.slice(4)).toEqual(["-", "-", "-", "3.3", "lease 1.0 link 2.3", "error 11: no address"]);
});
