import { describe, expect, test } from "bun:test";
import { addList } from "../../../src/invoke/add.ts";
import { cachedResult } from "../../../src/invoke/cache.ts";
import { checkList } from "../../../src/invoke/check.ts";
import { delList } from "../../../src/invoke/del.ts";
import { drive } from "../../../src/invoke/drive.ts";
import { gcList } from "../../../src/invoke/gc.ts";
import { listOfText } from "../../../src/invoke/list.ts";
import { statusOfList } from "../../../src/invoke/status.ts";
import { validateList } from "../../../src/invoke/validate.ts";
import { ATTACHMENT, both, FULL, fails, failureOf, listOf, memoryHost, RESULT, SETTING, says } from "./memory-host.ts";

function added(version = "1.1.0", rest = "") {
  const host = memoryHost({}, both(says(RESULT.replace("1.1.0", version)), says(RESULT.replace("1.1.0", version))));
  drive(addList(listOf(rest, version), ATTACHMENT, SETTING), host);
  host.calls.length = 0;
  host.requests.length = 0;
  return host;
}

describe("delList()", () => {
  test("goes backward with the cached result, and forgets it", () => {
    const host = added();
    drive(delList(listOf(), ATTACHMENT, SETTING), host);
    expect(host.calls).toEqual(["DEL b", "DEL a"]);
    expect(host.requests[0]?.stdin).toBe(`{"cniVersion":"1.1.0","name":"n","prevResult":${RESULT},"type":"b"}`);
    expect(host.files.size).toBe(0);
  });

  test("tells nothing of the result before 0.4.0", () => {
    const host = added("0.3.1");
    drive(delList(listOf("", "0.3.1"), ATTACHMENT, SETTING), host);
    expect(host.requests[0]?.stdin).not.toContain("prevResult");
    expect(host.files.size).toBe(0);
  });

  test("drops a damaged cache and goes on without", () => {
    const host = memoryHost({ "/cache/results/n-c1-eth0": "{" }, both(says(""), fails(FULL)));
    const failure = failureOf(delList(listOf(), ATTACHMENT, SETTING), host);
    expect(failure?.text).toBe('plugin type="b" failed (delete): full; no address left');
    expect(host.files.size).toBe(0);
    expect(host.requests[0]?.stdin).not.toContain("prevResult");
  });

  test("keeps the cache when a plugin fails", () => {
    const host = added();
    const stuck = { ...host, exec: () => ({ stdout: FULL, stderr: "", ending: "exit status 1" }) };
    expect(failureOf(delList(listOf(), ATTACHMENT, SETTING), stuck)?.code).toBe(11);
    expect(host.files.size).toBe(1);
  });
});

describe("checkList()", () => {
  test("goes forward with the cached result", () => {
    const host = added();
    drive(checkList(listOf(), ATTACHMENT, SETTING), host);
    expect(host.calls).toEqual(["CHECK a", "CHECK b"]);
    expect(host.requests[1]?.stdin).toContain(`"prevResult":${RESULT}`);
  });

  test("refuses an old version, before it looks at disableCheck", () => {
    const old = listOf('"disableCheck":true,', "0.3.1");
    expect(failureOf(checkList(old, ATTACHMENT, SETTING), memoryHost())).toEqual({
      text: 'configuration version "0.3.1" does not support the CHECK command',
      code: 1,
    });
    const host = memoryHost();
    drive(checkList(listOf('"disableCheck":true,'), ATTACHMENT, SETTING), host);
    expect(host.calls).toEqual([]);
  });

  test("says what is wrong with the cache", () => {
    const host = memoryHost({ "/cache/results/n-c1-eth0": "{" });
    expect(failureOf(checkList(listOf(), ATTACHMENT, SETTING), host)?.text).toBe(
      'failed to get network "n" cached result: decoding version from network config: unexpected end of JSON input',
    );
  });
});

describe("cachedResult()", () => {
  test("converts it to the list's version", () => {
    const result = drive(cachedResult(listOf("", "0.4.0"), ATTACHMENT, SETTING), added());
    expect(result).toEqual({ cniVersion: "0.4.0", ips: [{ version: "4", address: "10.1.2.3/24" }], dns: {} });
    const none = drive(cachedResult(listOf("", "0.4.0"), { ...ATTACHMENT, ifname: "x" }, SETTING), added());
    expect(none).toBeUndefined();
  });

  test("reads what an older libcni left: the bare result", () => {
    const host = memoryHost({ "/cache/results/n-c1-eth0": '{"ip4":{"ip":"10.1.2.3/24"}}' });
    expect(drive(cachedResult(listOf(), ATTACHMENT, SETTING), host)).toEqual({
      cniVersion: "1.1.0",
      ips: [{ address: "10.1.2.3/24" }],
    });
  });
});

describe("gcList()", () => {
  test("deletes what is stale, then has each plugin collect, and tells all failures", () => {
    const host = added();
    drive(addList(listOf(), { ...ATTACHMENT, containerId: "c2" }, SETTING), host);
    host.files.set("/cache/results/other", "{");
    host.calls.length = 0;
    const failure = failureOf(gcList(listOf(), [{ containerId: "c2", ifname: "eth0" }], SETTING), host);
    expect(failure).toBeUndefined();
    expect(host.calls).toEqual(["DEL b", "DEL a", "GC a", "GC b"]);
    expect(host.requests.at(-1)?.stdin).toBe(
      '{"cni.dev/attachments":[{"containerID":"c2","ifname":"eth0"}],"cni.dev/valid-attachments":[{"containerID":"c2","ifname":"eth0"}],"cniVersion":"1.1.0","name":"n","type":"b"}',
    );
    expect([...host.files.keys()]).toEqual(["/cache/results/n-c2-eth0", "/cache/results/other"]);
  });

  test("without a list deletes all, and says nothing of it", () => {
    const host = added();
    const stuck = { ...host, exec: () => ({ stdout: FULL, stderr: "", ending: "exit status 1" }) };
    expect(failureOf(gcList(listOf(), undefined, SETTING), stuck)?.text).toBe(
      [
        'failed to delete stale attachment c1 eth0: plugin type="b" failed (delete): full; no address left',
        "failed to GC plugin a: full; no address left",
        "failed to GC plugin b: full; no address left",
      ].join("\n"),
    );
  });

  test("only deletes before 1.1.0, and nothing with disableGC", () => {
    const host = added("1.0.0");
    drive(gcList(listOf('"disableGC":true,', "1.0.0"), [], SETTING), host);
    expect(host.calls).toEqual([]);
    drive(gcList(listOf("", "1.0.0"), [], SETTING), host);
    expect(host.calls).toEqual(["DEL b", "DEL a"]);
  });
});

describe("statusOfList()", () => {
  test("gives the code of the first that is not ready; asks nobody before 1.1.0", () => {
    const host = memoryHost({}, both(says(""), fails('{"code":50,"msg":"no"}')));
    expect(failureOf(statusOfList(listOf(), SETTING), host)).toEqual({ text: "no", code: 50 });
    expect(host.requests[0]?.stdin).toBe(
      '{"capabilities":{"mac":true},"cniVersion":"1.1.0","name":"n","type":"a","z":1}',
    );
    expect(failureOf(statusOfList(listOf("", "1.0.0"), SETTING), memoryHost())).toBeUndefined();
  });
});

describe("validateList()", () => {
  test("gives the capabilities", () => {
    const host = memoryHost(
      {},
      both(says('{"cniVersion":"1.0.0","supportedVersions":["1.1.0"]}'), says('{"cniVersion":"0.2.0"}')),
    );
    expect(
      drive(
        validateList(
          listOfText(
            '{"name":"n","cniVersion":"0.2.0","plugins":[{"type":"b","capabilities":{"z":true,"y":true,"x":false}}]}',
          ),
          SETTING,
        ),
        host,
      ),
    ).toEqual(["y", "z"]);
    expect(host.requests[0]).toMatchObject({ verb: "VERSION", stdin: '{"cniVersion":"1.1.0"}' });
    expect(Object.fromEntries(host.requests[0]?.variables ?? [])).toMatchObject({
      CNI_NETNS: "dummy",
      CNI_PATH: "dummy",
    });
  });

  test("tells of each plugin", () => {
    const host = memoryHost({}, { b: fails('{"code":4,"msg":"unknown CNI_COMMAND: VERSION"}') });
    expect(failureOf(validateList(listOf(), SETTING), host)?.text).toBe(
      '[failed to find plugin "a" in path [/bin] plugin b does not support config version "1.1.0"]',
    );
  });
});
