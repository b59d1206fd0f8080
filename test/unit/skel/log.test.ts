/** What the log of calls says, how its file is rotated, and that no call fails for it. */
import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { append } from "../../../src/skel/log/append.ts";
import { performLogged } from "../../../src/skel/log/logged.ts";
import { run } from "../../../src/skel/run.ts";
import { CniError } from "../../../src/spec/errors.ts";
import type { Plugin } from "../../../src/spec/plugin.ts";
import { callEnv, fakePlugin, ONE_ADDRESS } from "../../support/plugin-fake.ts";

const dir = mkdtempSync(join(tmpdir(), "berth-log-"));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;
const newFile = () => join(dir, `log${files++}`);
const linesOf = (path: string) => readFileSync(path, "utf8").trimEnd().split("\n");
const recordsOf = (path: string) => linesOf(path).map((line) => JSON.parse(line));

interface Asked {
  readonly plugin?: Plugin;
  readonly env?: Record<string, string>;
  readonly berth?: object;
  readonly stdin?: string;
  readonly verb?: "ADD" | "DEL";
  readonly delivered?: boolean;
}

/** Runs a call to its end. Returns the record that is in the file and what was said for the log on stderr. */
function logged(
  path: string,
  { plugin = fakePlugin(), env = {}, berth, stdin, verb = "ADD", delivered = true }: Asked,
) {
  const conf = { cniVersion: "1.1.0", name: "net", type: "fake", ...(berth && { berth }) };
  const reply = run(
    plugin,
    callEnv(verb, env),
    () => stdin ?? JSON.stringify(conf),
    [],
    () => performLogged,
  );
  const said = reply.log?.(delivered);
  return { reply, said, record: existsSync(path) ? recordsOf(path).at(-1) : undefined };
}

describe("a record", () => {
  test("says who asked for what, what came of it, and how long it took", () => {
    const path = newFile();
    const env = {
      BERTH_LOG: path,
      TRACEPARENT: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web-0",
    };
    const plugin = fakePlugin({
      ADD: (call) => {
        call.phase?.("lease");
        call.phase?.("link");
        call.warn("mind this");
        return { result: ONE_ADDRESS };
      },
    });
    const { record, reply, said } = logged(path, { plugin, env });
    expect([reply.code, reply.stderr, said]).toEqual([0, "mind this\n", ""]);
    expect(record).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      plugin: "fake",
      verb: "ADD",
      network: "net",
      cniVersion: "1.1.0",
      container: "c1",
      ifname: "eth0",
      netns: "/nowhere",
      pod: "prod/web-0",
      outcome: "ok",
      ms: expect.any(Number),
      phases: {
        request: expect.any(Number),
        work: expect.any(Number),
        lease: expect.any(Number),
        link: expect.any(Number),
      },
      ips: ["10.1.2.3/24"],
      warnings: ["mind this"],
      trace: "4bf92f3577b34da6a3ce929d0e0e4736",
      span: "00f067aa0ba902b7",
      version: expect.stringContaining("+berth."),
    });
    const sum = Object.values<number>(record.phases).reduce((all, ms) => all + ms, 0);
    expect(Math.abs(record.ms - sum)).toBeLessThan(0.01);
    expect(Math.abs(Date.parse(record.time) - Date.now())).toBeLessThan(60_000);
  });

  test("has the error that the caller was told, also of a request that nobody could read", () => {
    const path = newFile();
    const refuse = () => {
      throw new CniError(11, "no address", "try again");
    };
    const env = { BERTH_LOG: path, TRACEPARENT: "nonsense" };
    const { record } = logged(path, { plugin: fakePlugin({ ADD: refuse }), env });
    expect(record).toMatchObject({ outcome: "error", code: 11, msg: "no address", details: "try again" });
    expect(Object.keys(record)).not.toContain("trace");
    expect(logged(path, { env, stdin: "{" }).record).toMatchObject({ outcome: "error", code: 6, container: "c1" });
    expect(linesOf(path)).toHaveLength(2);
  });

  test("says that nobody took the result", () => {
    const path = newFile();
    expect(logged(path, { env: { BERTH_LOG: path }, delivered: false }).record.outcome).toBe("undelivered");
  });

  test("is cut where somebody else's text is endless", () => {
    const path = newFile();
    const env = { BERTH_LOG: path, CNI_CONTAINERID: "c".repeat(1_000_000) };
    logged(path, { env, verb: "DEL" });
    expect(statSync(path).size).toBeLessThan(4000);
  });
});

describe("the switch", () => {
  test("is off: nothing is loaded, and the reply has nothing to write", () => {
    const load = () => {
      throw new Error("was loaded");
    };
    const conf = JSON.stringify({ cniVersion: "1.1.0", name: "net", berth: { log: "", other: 1 } });
    const reply = run(fakePlugin(), callEnv("ADD", { BERTH_LOG: "" }), () => conf, [], load);
    expect([reply.code, reply.log]).toEqual([0, undefined]);
  });

  test("is the network's own key, which reads stdin once and performs the call once", () => {
    const path = newFile();
    let calls = 0;
    const count = () => {
      calls++;
      return { result: ONE_ADDRESS };
    };
    const { record } = logged(path, { plugin: fakePlugin({ ADD: count }), berth: { LOG: path } });
    expect([calls, record.outcome, linesOf(path).length]).toEqual([1, "ok", 1]);
  });

  test("of the environment goes before the network's", () => {
    const [first, second] = [newFile(), newFile()];
    logged(first, { env: { BERTH_LOG: first }, berth: { log: second } });
    expect([existsSync(first), existsSync(second)]).toEqual([true, false]);
  });

  test("is of the right type", () => {
    const { reply } = logged(newFile(), { berth: { log: 5 } });
    expect(JSON.parse(reply.stdout)).toMatchObject({
      code: 6,
      msg: expect.stringContaining("berth.log: 5 is not a string"),
    });
  });
});

describe("a log that cannot be written fails no call", () => {
  spawnSync("mkfifo", [join(dir, "fifo")]);
  test.each([
    ["log", /^berth: the call is not in the log log: its path must begin with \/\n$/],
    ["/proc/none/log", /^berth: the call is not in the log \/proc\/none\/log: .*ENOENT.*\n$/],
    [dir, /EISDIR/],
    [join(dir, "fifo"), /ENXIO|is not a regular file/],
    ["/dev/null", /is not a regular file/],
  ])("%s", (path, expected) => {
    const { reply, said } = logged("/none", { env: { BERTH_LOG: path } });
    expect([reply.code, JSON.parse(reply.stdout).ips.length]).toEqual([0, 1]);
    expect(said).toMatch(expected);
  });
});

describe("append()", () => {
  test("makes the file with its directory, for its owner and group", () => {
    const path = join(dir, "a/b/log");
    append(path, "one\n", 100);
    append(path, "two\n", 100);
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["one\ntwo\n", 0o640]);
  });

  test("rotates before a file gets too long, and keeps three", () => {
    const place = mkdtempSync(join(dir, "rotated-"));
    const path = join(place, "log");
    for (let i = 0; i < 9; i++) append(path, `line ${i}\n`, 14);
    expect(readdirSync(place).sort()).toEqual(["log", "log.1", "log.2", "log.3"]);
    const left = ["log.3", "log.2", "log.1", "log"].map((name) => readFileSync(join(place, name), "utf8"));
    expect(left).toEqual(["line 2\nline 3\n", "line 4\nline 5\n", "line 6\nline 7\n", "line 8\n"]);
  });

  test("writes a line that is longer than a file may be", () => {
    const path = newFile();
    writeFileSync(path, "");
    append(path, "longer\n", 1);
    expect(readFileSync(path, "utf8")).toBe("longer\n");
  });
});
