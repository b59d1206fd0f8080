/** Which containers live, as the runtimes' own programs tell. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Container } from "../../../../src/tool/runtimes/container.ts";
import { askRuntimes } from "../../../../src/tool/runtimes/runtimes.ts";
import { install, installStubs } from "./stubs.ts";

const dir = mkdtempSync(join(tmpdir(), "berth-runtimes-"));
afterAll(() => rmSync(dir, { recursive: true }));
let count = 0;
const directory = () => join(dir, String(count++));

const brief = ({ id, runtime, ...rest }: Container) => ({ id: id.slice(0, 16), ...rest });
const of = (...names: string[]) => {
  const { containers, failed } = askRuntimes(installStubs(directory(), ...names));
  expect(failed).toEqual([]);
  return containers.map(brief);
};

const DEAD = { running: false, members: [] };

describe("askRuntimes()", () => {
  test("gives the CRI's pods by their sandboxes", () => {
    const netns = "/var/run/netns/cni-2dbf9a39-94c1-9edf-0787-636603dbb555";
    expect(of("crictl")).toEqual([
      { id: "b0fc5df0ef52906a", name: "web-1", pod: { namespace: "default", name: "web-1" }, ...DEAD },
      {
        ...{ id: "dfef3a8002fe19a1", name: "web-0", pod: { namespace: "default", name: "web-0" } },
        ...{ running: true, members: ["nginx"], pid: 79, netns },
      },
    ]);
  });

  test("gives podman's containers, and for a pod that which has its network", () => {
    expect(of("podman")).toEqual([
      { id: "2efd32117ed988c3", name: "web", running: true, members: [], pid: 58, netns: "/proc/58/ns/net" },
      { id: "a4ddbe1133f467e1", name: "gone", ...DEAD },
      {
        ...{ id: "ebe5489013682354", name: "192e5df760e1-infra", running: true, members: ["inshop"] },
        ...{ pid: 199, netns: "/proc/199/ns/net" },
      },
    ]);
  });

  test("gives nerdctl's containers by the ids that they have with CNI, but for Kubernetes'", () => {
    expect(of("nerdctl")).toEqual([
      { id: "default-4f0c1111", name: "web", running: true, members: [], namespace: "default" },
      { id: "default-5e1d2222", name: "db", namespace: "default", ...DEAD },
    ]);
  });

  test("gives ctr's containers of all namespaces: of pods the sandboxes", () => {
    const one = { name: "one", running: true, members: [], namespace: "berth", pid: 266, netns: "/proc/266/ns/net" };
    expect(of("ctr")).toEqual([
      { id: "berth-one", ...one },
      { id: "berth-two", name: "two", namespace: "berth", ...DEAD },
      expect.objectContaining({ id: "b0fc5df0ef52906a", running: false }),
      expect.objectContaining({ id: "dfef3a8002fe19a1", running: true, pid: 79 }),
    ]);
  });

  test("gives each container once, by who tells the most of it", () => {
    const { containers, answered } = askRuntimes(installStubs(directory(), "ctr", "crictl", "nerdctl", "podman"));
    expect(answered).toEqual(["crictl", "nerdctl", "podman", "ctr"]);
    expect(new Set(containers.map(({ id }) => id)).size).toBe(containers.length);
    expect(containers.find(({ name }) => name === "web-0")?.runtime).toBe("crictl");
    expect(containers.length).toBe(9);
  });

  test("asks only those that are named, and knows nothing of who is not installed", () => {
    const env = installStubs(directory(), "ctr", "crictl");
    expect(askRuntimes(env, ["crictl", "podman"])).toMatchObject({ answered: ["crictl"], failed: [] });
  });

  test("says who did not answer, and why, without what it warned of before", () => {
    const path = directory();
    install(path, "podman", "echo warning >&2; echo 'Error: no storage' >&2; exit 125");
    install(path, "ctr", "sleep 5");
    install(path, "nerdctl", "echo '{'");
    install(path, "crictl", 'echo \'{"items": [{"id": 7}]}\'');
    const env = new Map([["PATH", `${path}:/usr/bin:/bin`]]);
    const { failed, answered } = askRuntimes(env, ["podman", "nerdctl", "crictl"]);
    expect(answered).toEqual([]);
    expect(Object.fromEntries(failed.map(({ runtime, message }) => [runtime, message]))).toEqual({
      podman: `${path}/podman ps --all --format json: Error: no storage`,
      nerdctl: expect.stringMatching(/^nerdctl answers what is not understood: /),
      crictl: expect.stringMatching(/^crictl answers what is not understood: .*items\[0\]\.id/),
    });
    const message = `${path}/ctr namespaces ls -q: no answer in 0.3 s`;
    expect(askRuntimes(env, ["ctr"], 300)).toMatchObject({ answered: [], failed: [{ runtime: "ctr", message }] });
  });
});
