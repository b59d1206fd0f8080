import { describe, expect } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readConfList } from "../../scripts/try/conflist.ts";
import { IMAGE } from "../support/image.ts";
import { leases } from "../support/look.ts";
import { built, namespaces, needs } from "../support/needs.ts";
import { type Containerd, containerdOn } from "./containerd.ts";
import { type Machine, openMachine } from "./machine.ts";
import { packaged } from "./programs.ts";

const need = needs(namespaces, built, packaged.need);

const LIST = readConfList(join(import.meta.dir, "../../conf/10-berth.conflist"));
const GATEWAYS = ["10.90.0.1", "fd90::1"];

/** What the kernel and the disk have of any pod. */
function remains({ lab, dir }: Machine) {
  return {
    leases: leases(join(dir, "var/cni/networks", LIST.name)),
    veths: lab.ipj(lab.host, "link", "show", "master", "berth0").map(({ ifalias }) => ifalias),
    elements: lab
      .nftj(lab.host)
      .flatMap((row) => (row.set?.elem ?? []).map(({ elem }: { elem: { val: string } }) => elem.val)),
    results: readdirSync(join(dir, "var/cni/results")),
  };
}

const NOTHING = { leases: {}, veths: [], elements: [], results: [] };

/** Pings each gateway once, says so, and ends when its stdin does. */
const PROGRAM = `${GATEWAYS.map((address) => `ping -c1 -W2 ${address} >/dev/null && echo ${address} answers`).join("; ")}; echo done; cat`;

/** Runs a pod up to where it waits; the returned function lets it end and gives all that it printed. */
async function pod({ ctr, machine }: Containerd, id: string): Promise<() => Promise<string>> {
  const command = ctr(
    "--namespace",
    "berth",
    "run",
    "--rm",
    "--cni",
    "--cgroup",
    `${machine.group}/${id}`,
    IMAGE,
    id,
    "sh",
    "-c",
    PROGRAM,
  );
  const child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const reader = child.stdout.getReader();
  let said = "";
  while (!said.includes("done\n")) {
    const { value } = await reader.read();
    if (value === undefined) throw new Error(`pod ${id} ended early: ${said}${await child.stderr.text()}`);
    said += new TextDecoder().decode(value);
  }
  return async () => {
    child.stdin.end();
    expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
    return said;
  };
}

describe("containerd (ctr run --cni)", () => {
  need("a pod pings its gateways and leaves nothing when it has ended", async () => {
    using machine = await openMachine("berth", LIST);
    const end = await pod(await containerdOn(machine, packaged), "one");
    expect(remains(machine)).toEqual({
      leases: { "10.90.0.2": "berth-one\r\neth0", "fd90::2": "berth-one\r\neth0" },
      veths: ["berth:berth/berth-one/eth0"],
      elements: ["10.90.0.2", "fd90::2"],
      results: ["berth-berth-one-eth0"],
    });
    expect(await end()).toBe(`${GATEWAYS.map((address) => `${address} answers\n`).join("")}done\n`);
    expect(remains(machine)).toEqual(NOTHING);
  });

  need("eight pods at once", async () => {
    using machine = await openMachine("berth", LIST);
    const containerd = await containerdOn(machine, packaged);
    const ends = await Promise.all(Array.from({ length: 8 }, (_, i) => pod(containerd, `p${i}`)));
    expect(Object.keys(remains(machine).leases).length).toBe(16);
    for (const said of await Promise.all(ends.map((end) => end()))) expect(said).toContain(`${GATEWAYS[1]} answers`);
    expect(remains(machine)).toEqual(NOTHING);
  });
});
