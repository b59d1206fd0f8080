/** Many operations at once on one network, with kills and vanishing namespaces, checked after every round. */
import { join } from "node:path";
import { type Lab, openLab } from "../support/lab.ts";
import { dropEmptyLeases, faultsOf } from "./soak-check.ts";
import { endNamespace, type Operation, operate, type Slot } from "./soak-slot.ts";
import { newTally, type Tally } from "./tally.ts";

export interface Soaking {
  /** Directory of the plugins under test, which do everything that must succeed. */
  readonly bin: string;
  /** Another set of plugins on the same network, which attach and detach too. Its own failures are not counted. */
  readonly other?: string | undefined;
  /** Which of the two detaches what is masqueraded: the reference knows nothing of berth's rules. Absent: `bin`. */
  readonly masquerader?: string;
  /** Whether each container has the whole of nerdctl's default list, not bridge alone. */
  readonly isChain?: boolean;
  /** How many plugin calls and namespace deletions, at least. */
  readonly operations: number;
}

export interface SoakTally extends Tally {
  readonly done: Record<string, number>;
  rounds: number;
}

const SLOTS = 24;
const AT_ONCE = 12;
const chance = (p: number) => Math.random() < p;

/** Runs rounds until enough was done. `tried` counts operations, `left` whatever a check finds. */
export async function soak(options: Soaking): Promise<SoakTally> {
  const tally: SoakTally = { ...newTally(), done: {}, rounds: 0 };
  let lab = openLab({ bin: options.bin });
  try {
    let slots = newSlots(lab, options);
    while (tally.tried < options.operations) {
      const faults = await round(lab, slots, options, tally);
      tally.left += faults.length;
      if (tally.notes.length < 40) tally.notes.push(...faults.map((fault) => `round ${tally.rounds}: ${fault}`));
      tally.rounds++;
      if (faults.length === 0) continue;
      lab.close();
      lab = openLab({ bin: options.bin });
      slots = newSlots(lab, options);
    }
    return tally;
  } finally {
    lab.close();
  }
}

let made = 0;

function newSlots(lab: Lab, { isChain = false }: Soaking): Slot[] {
  return Array.from({ length: SLOTS }, (_, i) => ({
    id: `s${i}x${made++}`,
    ns: lab.container(),
    state: "absent",
    ipMasq: i % 2 === 0,
    by: lab.bin,
    result: undefined,
    chain: isChain ? chainOf(i) : [],
    sharesPorts: isChain && i % 4 >= 2,
  }));
}

/** Every container its own ports, but every fourth those of its neighbour: then the older one's wait. */
function chainOf(i: number): Slot["chain"] {
  const first = 20_000 + 10 * (i % 4 === 3 ? i - 1 : i);
  const portMappings = ["tcp", "tcp", "udp"].map((protocol, k) => ({
    hostPort: first + k,
    containerPort: 80 + k,
    protocol,
  }));
  return [
    { type: "portmap", runtimeConfig: { portMappings } },
    { type: "firewall", ingressPolicy: "same-bridge" },
    { type: "tuning" },
  ];
}

const networkOf = (lab: Lab) => ({
  cniVersion: "1.1.0",
  berth: { indexDir: join(lab.dir, "index") },
});

async function round(lab: Lab, slots: Slot[], options: Soaking, tally: SoakTally): Promise<string[]> {
  const count = (what: string) => {
    tally.done[what] = (tally.done[what] ?? 0) + 1;
    tally.tried++;
  };
  const chosen = [...slots].sort(() => Math.random() - 0.5).slice(0, AT_ONCE);
  for (const slot of chosen) renew(lab, slot);
  // A runtime that runs GC while it makes containers counts those as valid: it cannot know how far they are.
  const valid = slots
    .filter((slot) => slot.state === "attached" || chosen.includes(slot))
    .map(({ id }) => ({ containerID: id, ifname: "eth0" }));
  const work = chosen.map(async (slot) => {
    if (slot.state === "attached" && chance(0.15)) {
      count("netns deleted");
      endNamespace(slot);
      return [];
    }
    const operation = choose(slot, options);
    count(`${operation.verb}${operation.killAfter === undefined ? "" : " killed"}`);
    const wrong = await operate(lab, slot, operation, networkOf(lab));
    return operation.bin === options.bin ? wrong : [];
  });
  if (chance(0.3)) {
    count("GC");
    work.push(collect(lab, valid));
  }
  const wrong = (await Promise.all(work)).flat();
  for (const slot of slots.filter(({ state }) => state === "unknown")) {
    count("DEL");
    wrong.push(...(await operate(lab, slot, { verb: "DEL", bin: detacher(slot, options) }, networkOf(lab))));
  }
  const empty = options.other ? dropEmptyLeases(lab) : [];
  // Killed calls of the reference leave them, and they count where that is under test.
  const left = options.masquerader ? empty.map((ip) => `empty lease ${ip}`) : [];
  return [...wrong, ...left, ...faultsOf(lab, slots)];
}

function detacher({ ipMasq }: Slot, { bin, masquerader = bin }: Soaking): string {
  return ipMasq ? masquerader : bin;
}

/** A slot whose container ended becomes another container, or the same one started again. */
function renew(lab: Lab, slot: Slot): void {
  if (slot.state !== "absent") return;
  if (chance(0.5)) slot.id = `${slot.id.split("x")[0]}x${made++}`;
  slot.ns ??= lab.container();
}

/** The other plugins know nothing of the rules of ours: they detach only what has none. Rules are checked by who made them. */
function choose(slot: Slot, options: Soaking): Operation {
  const { bin, other, isChain = false } = options;
  const verb = slot.state === "absent" ? "ADD" : chance(0.4) && !slot.sharesPorts ? "CHECK" : "DEL";
  const foreign = other !== undefined && (verb === "ADD" || !slot.ipMasq ? verb !== "CHECK" && chance(0.4) : false);
  const own = verb === "DEL" ? detacher(slot, options) : bin;
  const chosen = verb === "CHECK" && slot.ipMasq ? slot.by : foreign ? other : own;
  return {
    verb,
    bin: chosen,
    killAfter: verb !== "CHECK" && chance(0.25) ? Math.random() * (isChain ? 60 : foreign ? 40 : 12) : undefined,
  };
}

async function collect(lab: Lab, valid: object[]): Promise<string[]> {
  const conf = lab.conf({ ...networkOf(lab), ipMasq: true, "cni.dev/valid-attachments": valid });
  const { status, stdout } = await lab.start("bridge", "GC", {
    conf,
    env: { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" },
  }).reply;
  return status === 0 ? [] : [`GC: ${stdout.slice(0, 300)}`];
}
