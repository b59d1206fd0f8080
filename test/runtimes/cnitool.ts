/** cnitool, with which people call network lists by hand: the rows of docs/runtimes.md about it. */
import { join } from "node:path";
import { REFERENCE } from "../support/needs.ts";
import { lastWords } from "./commands.ts";
import { type Flow, type Row, type Runtime, rowOf, type Tell, untold } from "./flow.ts";
import { LIBCNI } from "./libcni.ts";
import type { Machine } from "./machine.ts";
import { alike } from "./normal.ts";

const GIVEN = JSON.stringify({ portMappings: [{ hostPort: 18080, containerPort: 8080, protocol: "tcp" }] });

/** Calls cnitool about the network of the list; tells how it went and what it answered. */
function told(machine: Machine, tell: Tell, verb: string, ns: string): void {
  // Of one host port, one container at a time.
  const args = ns === "two" ? "{}" : GIVEN;
  const env = ["env", "CNI_PATH=/opt/cni/bin", "NETCONFPATH=/etc/cni/net.d", `CAP_ARGS=${args}`];
  const command = [...env, join(REFERENCE, "cnitool"), verb, machine.list.name, `/run/netns/${ns}`];
  const { status, stdout, stderr } = machine.run(...command);
  tell(`${verb} ${ns}`, status === 0 ? "ok" : lastWords(status, stderr || stdout), alike(stdout));
}

function verbs(machine: Machine, tell: Tell, names: readonly string[]): void {
  for (const name of names) machine.run("ip", "netns", "add", name);
  for (const name of names) told(machine, tell, "add", name);
  const { cniVersion } = machine.list;
  if (cniVersion >= "0.4.0") for (const name of names) told(machine, tell, "check", name);
  for (const name of names) for (const verb of ["del", "del"]) told(machine, tell, verb, name);
  for (const name of names) machine.run("ip", "netns", "del", name);
}

const FLOW: Flow<Machine> = {
  id: "verbs",
  flow: "add of two containers, check, del, del again",
  run: async (machine, tell) => verbs(machine, tell, ["one", "two"]),
};

const TOOL: Runtime<Machine> = {
  id: "cnitool",
  runtime: LIBCNI.replace("libcni", "cnitool"),
  needs: [],
  open: async (machine) => machine,
  warm: async (machine) => verbs(machine, untold, ["warm"]),
};

const LISTS = ["01-containerd-cri", "02-crio-dual", "03-crio-v4", "41-kubevirt-bridge", "51-spec-example"];

export const CNITOOL: readonly Row[] = LISTS.map((list) => rowOf(TOOL, list, FLOW));
