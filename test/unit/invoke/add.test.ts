import { describe, expect, test } from "bun:test";
import { addList } from "../../../src/invoke/add.ts";
import { drive } from "../../../src/invoke/drive.ts";
import { PluginFailure } from "../../../src/invoke/failure.ts";
import { listOfText } from "../../../src/invoke/list.ts";
import {
  ATTACHMENT,
  both,
  type FakePlugin,
  FULL,
  fails,
  failureOf,
  listOf,
  memoryHost,
  RESULT,
  SETTING,
  says,
} from "./memory-host.ts";

describe("addList()", () => {
  test("threads the results, supplies capabilities, sets the environment, and caches", () => {
    const host = memoryHost({}, both(says('{"ips":[{"address":"10.1.2.3/24"}],"extra":1}'), says(RESULT)));
    const attachment = {
      ...ATTACHMENT,
      args: [
        ["K", "V"],
        ["L", "W"],
      ] as const,
      capabilityArgs: { mac: "<m>", ips: [] },
    };
    const result = drive(addList(listOf(), attachment, { ...SETTING, variables: [["TRACEPARENT", "t"]] }), host);
    expect(result).toEqual({ cniVersion: "1.1.0", ips: [{ address: "10.1.2.3/24" }] });
    expect(host.requests.map(({ stdin }) => stdin)).toEqual([
      '{"capabilities":{"mac":true},"cniVersion":"1.1.0","name":"n","runtimeConfig":{"mac":"\\u003cm\\u003e"},"type":"a","z":1}',
      `{"cniVersion":"1.1.0","name":"n","prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.1.2.3/24"}]},"type":"b"}`,
    ]);
    expect(Object.fromEntries(host.requests[0]?.variables ?? [])).toEqual({
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/run/netns/c1",
      CNI_ARGS: "K=V;L=W",
      CNI_IFNAME: "eth0",
      CNI_PATH: "/bin",
      TRACEPARENT: "t",
    });
    const config = Buffer.from(listOf().bytes).toString("base64");
    expect(host.files.get("/cache/results/n-c1-eth0")).toBe(
      `{"kind":"cniCacheV1","containerId":"c1","config":"${config}","ifName":"eth0","networkName":"n","netns":"/run/netns/c1","cniArgs":[["K","V"],["L","W"]],"capabilityArgs":{"ips":[],"mac":"\\u003cm\\u003e"},"result":{"cniVersion":"1.1.0","ips":[{"address":"10.1.2.3/24"}]}}`,
    );
  });

  test("keeps the struct's order in an old prevResult, unless something else is put in", () => {
    const old = '{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.1.2.3/24"}],"dns":{}}';
    const host = memoryHost({}, both(says(old), says(old)));
    drive(addList(listOf("", "0.3.1"), ATTACHMENT, SETTING), host);
    expect(host.requests[1]?.stdin).toBe(`{"cniVersion":"0.3.1","name":"n","prevResult":${old},"type":"b"}`);
    const list = listOfText(
      '{"cniVersion":"0.3.1","name":"n","plugins":[{"type":"a"},{"type":"b","capabilities":{"x":true}}]}',
    );
    drive(addList(list, { ...ATTACHMENT, capabilityArgs: { x: 1 } }, SETTING), host);
    expect(host.requests[3]?.stdin).toContain('"prevResult":{"cniVersion":"0.3.1","dns":{},"ips":[{"address"');
  });

  test("stops at the first that fails, with its code, and caches nothing", () => {
    const host = memoryHost({}, both(fails(FULL), says(RESULT)));
    const failure = failureOf(addList(listOf(), ATTACHMENT, SETTING), host);
    expect(failure).toEqual({ text: 'plugin type="a" failed (add): full; no address left', code: 11 });
    expect(host.calls).toEqual(["ADD a"]);
    expect(host.files.size).toBe(0);
  });

  test("with rollback takes back what was called, the last first, with the result before", () => {
    const undo: FakePlugin = ({ verb }) => (verb === "DEL" ? { ending: "exit status 2" } : { stdout: RESULT });
    const host = memoryHost({}, both(undo, fails(FULL)));
    const failure = failureOf(addList(listOf(), ATTACHMENT, SETTING, { rollback: true }), host);
    expect(host.calls).toEqual(["ADD a", "ADD b", "DEL b", "DEL a"]);
    expect(host.requests[3]).toMatchObject({ undoes: true });
    expect(host.requests[3]?.stdin).toContain(`"prevResult":${RESULT}`);
    expect(failure?.text).toBe(
      'plugin type="b" failed (add): full; no address left; taking back what "b" did failed: full; no address left; taking back what "a" did failed: netplugin failed with no error message: exit status 2',
    );
  });

  const refusals = [
    [{ containerId: "" }, "missing containerID", 3],
    [{ containerId: "a/b" }, "invalid characters in containerID; a/b", 4],
    [{ ifname: "a b" }, "interface name contains / or : or whitespace characters", 4],
  ] as const;
  for (const [wrong, words, code] of refusals) {
    test(`refuses ${JSON.stringify(wrong)}`, () => {
      const host = memoryHost({}, both(says(RESULT), says(RESULT)));
      const failure = failureOf(addList(listOf(), { ...ATTACHMENT, ...wrong }, SETTING), host);
      expect(failure).toEqual({ text: `plugin type="a" failed (add): ${words}`, code });
      expect(host.calls).toEqual([]);
    });
  }

  const answers = [
    ["", "failed to unmarshal raw result: unexpected end of JSON input"],
    [
      "[]",
      "failed to unmarshal raw result: json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
    ['{"cniVersion":"7"}', 'unsupported CNI result version "7"'],
    ['{"ips":[{"address":"a"}]}', "invalid CIDR address: a"],
    ['{"ips":[{"address":1}]}', "json: cannot unmarshal number into Go struct field Result.ips.address of type string"],
  ] as const;
  for (const [stdout, words] of answers) {
    test(`says what is wrong with the answer ${JSON.stringify(stdout)}`, () => {
      const host = memoryHost({}, both(says(stdout), says(RESULT)));
      expect(failureOf(addList(listOf(), ATTACHMENT, SETTING), host)?.text).toBe(
        `plugin type="a" failed (add): ${words}`,
      );
    });
  }

  const endings = [
    [{ stdout: "", stderr: "" }, "netplugin failed with no error message: exit status 1"],
    [{ stdout: "", stderr: "a\n" }, 'netplugin failed: "a\\n": exit status 1'],
    [
      { stdout: "x" },
      "netplugin failed but error parsing its diagnostic message \"x\": invalid character 'x' looking for beginning of value",
    ],
    [
      { stdout: '{"code":-1,"msg":"m","details":"d"}' },
      'netplugin failed but error parsing its diagnostic message "{\\"code\\":-1,\\"msg\\":\\"m\\",\\"details\\":\\"d\\"}": json: cannot unmarshal number -1 into Go struct field Error.code of type uint; d',
    ],
  ] as const;
  for (const [outcome, words] of endings) {
    test(`says how a plugin ended: ${words}`, () => {
      const host = memoryHost(
        {},
        both(() => ({ ...outcome, ending: "exit status 1" }), says(RESULT)),
      );
      expect(failureOf(addList(listOf(), ATTACHMENT, SETTING), host)?.text).toBe(
        `plugin type="a" failed (add): ${words}`,
      );
    });
  }

  test("names the plugin that is not there", () => {
    try {
      drive(addList(listOf(), ATTACHMENT, { ...SETTING, path: ["/x/", "/y"] }), memoryHost());
    } catch (error) {
      expect(error).toBeInstanceOf(PluginFailure);
      expect(error).toMatchObject({ plugin: "a", verb: "ADD", code: 7 });
      expect((error as Error).message).toBe('plugin type="a" failed (add): failed to find plugin "a" in path [/x/ /y]');
    }
    expect.assertions(3);
  });
});
