/** A pod that says by its annotations what it is an endpoint of, as containerd tells the plugins. */
import { describe, expect } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfList, readConfList } from "../../scripts/try/conflist.ts";
import { UPLINK } from "../support/far-host.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { until } from "../support/service/berthd.ts";
import { serviceObject } from "../support/service/objects.ts";
import { containerdOn } from "./containerd.ts";
import { openMachine } from "./machine.ts";
import { endPod, runPod } from "./pods.ts";
import { type Containerds, crictl, packaged, released } from "./programs.ts";

const { plugins, ...list } = readConfList(join(import.meta.dir, "../../conf/10-berth.conflist"));
const [bridge, ...others] = plugins;
const capabilities = { "io.kubernetes.cri.pod-annotations": true };
const LIST = {
  ...list,
  cniVersion: "1.0.0",
  plugins: [{ ...bridge, capabilities, berth: { register: {} } }, ...others],
};

const SERVICE = "10.96.0.1";
const ANNOTATIONS = { "berth/service": "web", "berth/ports": "http:8080/tcp" };

/** From its sources, with every default. */
const BERTHD = [process.execPath, join(import.meta.dir, "../../src/service/bun/main.ts"), "run"];

async function registered(release: Containerds): Promise<void> {
  using machine = await openMachine("berth", LIST as ConfList);
  const { dir, lab } = machine;
  // What has no way at all is not led anywhere.
  lab.sh(lab.host, "ip", "route", "add", "default", "dev", UPLINK.device);
  const containerd = await containerdOn(machine, release);
  mkdirSync(join(dir, "etc/berth/services.d"), { recursive: true });
  writeFileSync(join(dir, "etc/berth/services.d/web.json"), JSON.stringify(serviceObject("web")));
  machine.daemon("berthd", ...BERTHD);
  const endpoints = join(dir, "run/berth/endpoints");
  await until(() => machine.run("test", "-S", "/run/berth/berthd.sock").status === 0);
  const ask = () => lab.attempt(lab.host, "curl", "--silent", "--max-time", "1", `http://${SERVICE}/`);
  const REFUSED = 7;
  const id = runPod(containerd, "one", { annotations: ANNOTATIONS });
  expect(readdirSync(endpoints)).toEqual([`${LIST.name}:${id}:eth0.json`]);
  await until(() => ask().stdout === "berth\n");
  endPod(containerd, id, "one", (_, outcome) => expect(outcome).toBe("ok"));
  expect(readdirSync(endpoints)).toEqual([]);
  await until(() => ask().status === REFUSED);
  const plain = runPod(containerd, "two");
  expect(readdirSync(endpoints)).toEqual([]);
  endPod(containerd, plain, "two", (_, outcome) => expect(outcome).toBe("ok"));
}

describe("a pod's annotations make it an endpoint", () => {
  for (const release of [packaged, released])
    needs(
      namespaces,
      nftables,
      built,
      crictl,
      release.need,
    )(`with containerd ${release.version}`, () => registered(release));
});
