/** The library on Bun, from its sources: what the recordings do not show. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PluginFailure } from "../../src/invoke/failure.ts";
import {
  type Attachment,
  addNetworkList,
  type CallOptions,
  gcNetworkList,
  getStatus,
  loadNetworkList,
} from "../../src/library/node/cni.ts";
import { executables } from "../support/executables.ts";

const CONTAINER: Attachment = { containerId: "c1", netns: "/run/netns/c1", ifname: "eth0" };
const list = (...types: string[]) =>
  loadNetworkList({ config: { cniVersion: "1.1.0", name: "net", plugins: types.map((type) => ({ type })) } });

const OK = `echo '{"cniVersion":"1.1.0"}'`;

async function failureOf(promise: Promise<unknown>): Promise<PluginFailure> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );
}

function place() {
  const path = executables();
  const options: CallOptions = { path: [path.dir], cacheDirectory: join(path.dir, "cache") };
  return { path, options, log: join(path.dir, "log") };
}

test("an ADD that fails is taken back, unless that is not wanted", async () => {
  const { path, options, log } = place();
  using _ = path;
  path.script("a", `echo $CNI_COMMAND a >> ${log}; ${OK}`);
  path.script(
    "b",
    `echo $CNI_COMMAND b >> ${log}; [ $CNI_COMMAND = DEL ] || { echo '{"code":11,"msg":"full"}'; exit 1; }`,
  );
  const failure = await failureOf(addNetworkList(await list("a", "b"), CONTAINER, options));
  expect(failure).toMatchObject({ code: 11, plugin: "b", verb: "ADD", details: "" });
  expect(failure.message).toBe('plugin type="b" failed (add): full');
  expect(readFileSync(log, "utf8")).toBe("ADD a\nADD b\nDEL b\nDEL a\n");
  await failureOf(addNetworkList(await list("a", "b"), CONTAINER, { ...options, rollback: false }));
  expect(readFileSync(log, "utf8")).toEndWith("DEL a\nADD a\nADD b\n");
});

test("a plugin that takes too long is killed and named, and the ADD taken back", async () => {
  const { path, options, log } = place();
  using _ = path;
  path.script("slow", `echo $CNI_COMMAND >> ${log}; [ $CNI_COMMAND = DEL ] || exec sleep 30`);
  const started = performance.now();
  const failure = await failureOf(addNetworkList(await list("slow"), CONTAINER, { ...options, timeout: 100 }));
  expect(performance.now() - started).toBeLessThan(5000);
  expect(failure).toMatchObject({ plugin: "slow", verb: "ADD" });
  expect(failure.message).toContain("killed: no answer within 100 ms");
  expect(readFileSync(log, "utf8")).toBe("ADD\nDEL\n");
});

test("a caller that no longer waits has the plugin killed, others not called, and what was done taken back", async () => {
  const { path, options, log } = place();
  using _ = path;
  path.script("a", `echo $CNI_COMMAND a >> ${log}; ${OK}`);
  path.script("slow", `echo $CNI_COMMAND slow >> ${log}; [ $CNI_COMMAND = DEL ] || exec sleep 30`);
  const controller = new AbortController();
  const reason = new Error("the pod is gone");
  const adding = failureOf(
    addNetworkList(await list("a", "slow", "a"), CONTAINER, { ...options, signal: controller.signal }),
  );
  while (!existsSync(log) || !readFileSync(log, "utf8").includes("ADD slow")) await Bun.sleep(10);
  controller.abort(reason);
  const failure = await adding;
  expect(failure).toMatchObject({ plugin: "slow", cause: reason });
  expect(readFileSync(log, "utf8")).toBe("ADD a\nADD slow\nDEL slow\nDEL a\n");
  const late = await failureOf(getStatus(await list("a"), { ...options, signal: controller.signal }));
  expect(late.message).toContain("not called: the caller no longer waits");
});

test("a file that is no program is not given to a shell", async () => {
  const { path, options, log } = place();
  using _ = path;
  path.script("a", "");
  writeFileSync(join(path.dir, "a"), `echo ran > ${log}\n`);
  const failure = await failureOf(addNetworkList(await list("a"), CONTAINER, { ...options, rollback: false }));
  expect(failure.message).toContain(`fork/exec ${path.dir}/a: exec format error`);
  expect(existsSync(log)).toBe(false);
});

test("what a plugin leaves running does not keep the caller waiting", async () => {
  const { path, options } = place();
  using _ = path;
  path.script("a", `sleep 3 & ${OK}`);
  const started = performance.now();
  await addNetworkList(await list("a"), CONTAINER, options);
  expect(performance.now() - started).toBeLessThan(2500);
});

test("stderr, trace and environment reach whom they are for; the executor can be another", async () => {
  const { path, options, log } = place();
  using _ = path;
  path.script("a", `echo $TRACEPARENT $BAGGAGE $MINE > ${log}; echo hint >&2; ${OK}`);
  const heard: string[] = [];
  const trace = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", baggage: "user=alice" };
  const onStderr = (text: string, plugin: string) => void heard.push(`${plugin}: ${text}`);
  await addNetworkList(await list("a"), CONTAINER, { ...options, trace, onStderr, environment: { MINE: "1" } });
  expect(readFileSync(log, "utf8")).toBe(`${trace.traceparent} user=alice 1\n`);
  expect(heard).toEqual(["a: hint\n"]);
  const exec = async () => ({ stdout: '{"cniVersion":"1.1.0","dns":{"domain":"d"}}', stderr: "" });
  const find = async () => "/elsewhere/b";
  expect(await addNetworkList(await list("b"), CONTAINER, { ...options, host: { exec, find } })).toEqual({
    cniVersion: "1.1.0",
    dns: { domain: "d" },
  });
});

test("what the caller is to blame for is a TypeError that names the argument", async () => {
  const net = await list("a");
  const wrong: [Promise<unknown>, string][] = [
    [addNetworkList(net, { ...CONTAINER, ifname: 7 as never }), "attachment.ifname is 7, expected a string"],
    [
      addNetworkList(net, CONTAINER, { path: "/opt/cni/bin" as never }),
      'options.path is "/opt/cni/bin", expected a list',
    ],
    [gcNetworkList(net, undefined as never), "valid is undefined, expected the list of live attachments"],
    [loadNetworkList({ file: 1 as never }), "source.file is 1, expected a string"],
  ];
  for (const [promise, words] of wrong) {
    const error = await failureOf(promise);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(words);
  }
});
