import { describe, expect } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { confined, readConfList } from "../../scripts/try/conflist.ts";
import { answers } from "../support/answers.ts";
import type { Output } from "../support/command.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { BIN, built, namespaces, needs, REFERENCE, reference } from "../support/needs.ts";
import { openRoom, type Room } from "../support/room.ts";

const need = needs(namespaces, built, reference);

const CONF = join(import.meta.dir, "../../conf");
const FILES = readdirSync(CONF).filter((name) => name.endsWith(".conflist"));

/** cnitool with one configuration of conf/, `over` replacing keys of its top level. */
interface Tool {
  /** The network's name. */
  name: string;
  run(verb: "add" | "check" | "del" | "status" | "gc", ns: string): Output;
  /** What the kernel and the disk still have of any attachment. */
  remains(): unknown;
}

function toolFor(lab: Lab, room: Room, file: string, over: object = {}): Tool {
  const list = { ...confined(readConfList(join(CONF, file)), lab.dir), ...over };
  const directory = join(lab.dir, "net.d");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, file), JSON.stringify(list));
  const env = ["env", `NETCONFPATH=${directory}`, `CNI_PATH=${BIN}`, join(REFERENCE, "cnitool")];
  return {
    name: list.name,
    run: (verb, ns) => room.run(...env, verb, list.name, `/run/netns/${ns}`),
    remains: () => ({
      leases: lab.leases(list.name),
      veths: lab.ipj(lab.host, "link", "show", "type", "veth"),
      elements: lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []),
      results: readdirSync(join(lab.dir, "var/cni/results")),
    }),
  };
}

const NOTHING = { leases: {}, veths: [], elements: [], results: [] };

/** cnitool keeps its results in /var/lib/cni, wherever it is told to look for the rest. */
function roomFor(lab: Lab): Promise<Room> {
  mkdirSync(join(lab.dir, "var/cni/results"), { recursive: true });
  return openRoom(lab, [`mount --bind ${lab.dir}/var /var/lib`]);
}

const OK = { status: 0, stderr: "" };

describe("cnitool", () => {
  need.each(FILES)("adds, checks and deletes with conf/%s", async (file) => {
    await inLab(async (lab) => {
      const ns = lab.container();
      using room = await roomFor(lab);
      const tool = toolFor(lab, room, file);
      const added = tool.run("add", ns);
      expect(added).toMatchObject(OK);
      const { ips = [], interfaces } = JSON.parse(added.stdout);
      expect(interfaces[2]).toMatchObject({ name: "eth0", sandbox: `/run/netns/${ns}` });
      for (const { gateway } of ips) expect([gateway, answers(lab, ns, gateway)]).toEqual([gateway, true]);
      for (const verb of ["check", "del", "del"] as const)
        expect(tool.run(verb, ns)).toMatchObject({ ...OK, stdout: "" });
      expect(tool.remains()).toEqual(NOTHING);
    })();
  });

  need(
    "reports what CHECK finds",
    inLab(async (lab) => {
      const ns = lab.container();
      using room = await roomFor(lab);
      const tool = toolFor(lab, room, "10-berth.conflist");
      tool.run("add", ns);
      lab.sh(ns, "ip", "route", "del", "default");
      const { status, stderr } = tool.run("check", ns);
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringContaining("Expected Route 0.0.0.0/0 not found"),
      });
      tool.run("del", ns);
      expect(tool.remains()).toEqual(NOTHING);
    }),
  );

  need(
    "asks for the status and collects garbage with version 1.1.0",
    inLab(async (lab) => {
      const containers = [lab.container(), lab.container()];
      using room = await roomFor(lab);
      const tool = toolFor(lab, room, "10-berth.conflist", { cniVersion: "1.1.0" });
      for (const ns of containers) expect(tool.run("add", ns)).toMatchObject(OK);
      expect(Object.keys(lab.leases(tool.name)).length).toBe(4);
      // What is merely suspicious about the machine (br_netfilter) may be a line on stderr; the answer is yes.
      expect(tool.run("status", containers[0] ?? "")).toMatchObject({ status: 0, stdout: "" });
      expect(tool.run("gc", containers[0] ?? "")).toMatchObject(OK);
      expect(tool.remains()).toEqual(NOTHING);
    }),
  );
});
