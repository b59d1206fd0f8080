/** What a kubelet has done to containerd: the rows of docs/runtimes.md about the CRI. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { outcomesOf } from "./commands.ts";
import { type Containerd, containerdOn } from "./containerd.ts";
import { type Flow, type Row, type Runtime, rowOf, type Tell, untold } from "./flow.ts";
import type { Hold } from "./hold.ts";
import type { Machine } from "./machine.ts";
import { shipped } from "./networks.ts";
import { addressesOf, endPod, podCommand, runPod, sandboxes } from "./pods.ts";
import { type Containerds, crictl, packaged, released } from "./programs.ts";
import { reach } from "./reach.ts";

const HOST_PORT = 18080;

/** One pod from its start to its end, and what is asked of it between. */
async function onePod(containerd: Containerd, tell: Tell, name = "one", attempt = 0): Promise<void> {
  const { machine } = containerd;
  const hostPort = machine.list.plugins.some(({ type }) => type === "portmap") ? HOST_PORT : undefined;
  const id = runPod(containerd, name, { attempt, ...(hostPort === undefined ? {} : { hostPort }) });
  tell(`runs ${name}`, "ok");
  if (isRouted(machine)) await reach(machine, addressesOf(containerd, id), tell, hostPort);
  endPod(containerd, id, name, tell);
}

const POD: Flow<Containerd> = {
  id: "pod",
  flow: "a pod: RunPodSandbox, asked over its addresses and its host port, StopPodSandbox three times, RemovePodSandbox",
  run: (containerd, tell) => onePod(containerd, tell),
};

/** The daemon is killed while the ADD of a pod is held, and started again; then the kubelet ends what it is told of. */
function killed(id: string, when: "before" | "after", withPlugin: boolean): Flow<Containerd> {
  const moment = when === "before" ? "before its last plugin" : "when all plugins are done";
  return {
    id: `killed-${id}`,
    flow: `containerd killed in RunPodSandbox, ${moment}, ${withPlugin ? "and the plugin, too" : "the plugin goes on"}; started again, the pod ended and run again`,
    hold: ["portmap", when],
    run: async (containerd, tell, hold) => {
      const running = await heldPod(containerd, hold);
      containerd.kill();
      if (withPlugin) hold.kill();
      else hold.release();
      await running.exited;
      await containerd.start();
      await endAndRunAgain(containerd, tell);
    },
  };
}

async function heldPod(containerd: Containerd, hold: Hold) {
  hold.arm();
  const command = podCommand(containerd, "one", { hostPort: HOST_PORT });
  const running = Bun.spawn(command, { stdout: "ignore", stderr: "ignore" });
  await hold.reached();
  return running;
}

async function endAndRunAgain(containerd: Containerd, tell: Tell): Promise<void> {
  for (const id of sandboxes(containerd)) endPod(containerd, id, "one", tell);
  await onePod(containerd, tell, "one", 1);
}

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** Runs pods at once: their ids. */
async function together(containerd: Containerd, names: readonly string[], tell: Tell): Promise<string[]> {
  const options = (i: number) => ({ hostPort: HOST_PORT + i });
  const outcomes = await outcomesOf(names.map((name, i) => podCommand(containerd, name, options(i))));
  for (const [i, name] of names.entries()) tell(`runs ${name}`, outcomes[i] ?? "");
  return sandboxes(containerd);
}

const FLOWS: readonly Flow<Containerd>[] = [
  {
    id: "burst",
    flow: "eight pods run at once, and ended at once",
    run: async (containerd, tell) => {
      const ids = await together(containerd, NAMES, tell);
      for (const verb of ["stopp", "stopp", "rmp"])
        for (const outcome of await outcomesOf(ids.map((id) => containerd.crictl(verb, id)))) tell(verb, outcome);
    },
  },
  {
    id: "restart",
    flow: "containerd killed with three pods up and started again; the pods ended",
    run: async (containerd, tell) => {
      await together(containerd, NAMES.slice(0, 3), tell);
      containerd.kill();
      await containerd.start();
      for (const id of sandboxes(containerd)) await asked(containerd, id, tell);
      for (const id of sandboxes(containerd)) endPod(containerd, id, "one", tell);
    },
  },
  killed("before-alone", "before", false),
  killed("before-both", "before", true),
  killed("after-alone", "after", false),
  killed("after-both", "after", true),
  {
    id: "killed-often",
    flow: "containerd killed in RunPodSandbox ten times, 25 ms later each time, and started again; what it tells of ended",
    leaves: { lines: /^file \/run\/netns\//, why: "namespaces of which containerd does not tell" },
    run: async (containerd, tell) => {
      for (let i = 0; i < 10; i++) {
        const command = podCommand(containerd, "one", { hostPort: HOST_PORT, attempt: i });
        const running = Bun.spawn(command, { stdout: "ignore", stderr: "ignore" });
        await Bun.sleep(25 * (i + 1));
        containerd.kill();
        await running.exited;
        await containerd.start();
        for (const id of sandboxes(containerd)) endPod(containerd, id, "one", tell);
      }
    },
  },
  {
    id: "late",
    flow: "containerd killed in RunPodSandbox and started again; the plugin goes on only after the first StopPodSandbox; two more",
    hold: ["portmap", "before"],
    run: async (containerd, tell, hold) => {
      const running = await heldPod(containerd, hold);
      containerd.kill();
      await running.exited;
      await containerd.start();
      const ids = sandboxes(containerd);
      for (const outcome of await outcomesOf(ids.map((id) => containerd.crictl("stopp", id)))) tell("stopp", outcome);
      hold.release();
      await Bun.sleep(500);
      await endAndRunAgain(containerd, tell);
    },
  },
  {
    id: "reboot",
    flow: "the power fails with three pods up: /run and all namespaces are gone; the pods ended, and run again",
    run: async (containerd, tell) => {
      await together(containerd, NAMES.slice(0, 3), tell);
      await containerd.machine.reboot();
      await containerd.start();
      await endAndRunAgain(containerd, tell);
    },
  },
  {
    id: "reboot-in-add",
    flow: "the power fails in RunPodSandbox, when all plugins are done; the pod ended, and run again",
    hold: ["portmap", "after"],
    run: async (containerd, tell, hold) => {
      await heldPod(containerd, hold);
      await containerd.machine.reboot();
      hold.release();
      await containerd.start();
      await endAndRunAgain(containerd, tell);
    },
  },
  {
    id: "reboot-forgets",
    flow: "the power fails with five pods up, which take the whole range, and what containerd knew is gone, too; five pods run and ended",
    leaves: { lines: /\/results\//, why: "libcni's results of the pods that containerd has forgotten" },
    network: () => shipped("01-", { ranges: [[{ subnet: "10.88.0.0/29" }]] }),
    run: async (containerd, tell) => {
      await together(containerd, NAMES.slice(0, 5), tell);
      await containerd.machine.reboot();
      rmSync(join(containerd.machine.dir, "root/io.containerd.metadata.v1.bolt"), { recursive: true });
      await containerd.start();
      containerd.importImage();
      for (const id of await together(containerd, NAMES.slice(0, 5), tell)) endPod(containerd, id, "one", tell);
    },
  },
  {
    id: "swapped",
    flow: "three pods run with the other side's plugins, which are then replaced; the pods ended, and one run",
    warm: async (containerd) => {
      containerd.machine.install(otherSide(containerd));
      await onePod(containerd, untold, "other");
      containerd.machine.install(containerd.machine.side);
    },
    run: async (containerd, tell) => {
      containerd.machine.install(otherSide(containerd));
      await together(containerd, NAMES.slice(0, 3), tell);
      containerd.machine.install(containerd.machine.side);
      await endAndRunAgain(containerd, tell);
    },
  },
];

const otherSide = ({ machine }: Containerd) => (machine.side === "berth" ? "reference" : "berth");

/** Whether the machine has a way to its containers. */
function isRouted({ list }: Machine): boolean {
  return list.plugins.some(({ type, isGateway, isDefaultGateway }) => type === "ptp" || isGateway || isDefaultGateway);
}

async function asked(containerd: Containerd, id: string, tell: Tell): Promise<void> {
  await reach(containerd.machine, addressesOf(containerd, id), tell);
}

const criOf = (release: Containerds): Runtime<Containerd> => ({
  id: `cri-${release.version.split(".")[0]}`,
  runtime: `containerd ${release.version}, CRI`,
  needs: [release.need, crictl],
  open: (machine) => containerdOn(machine, release),
  warm: (containerd) => onePod(containerd, untold, "warm"),
});

/** Lists whose pods are tried with both releases. */
const LISTS = [
  "01-containerd-cri",
  "02-crio-dual",
  "03-crio-v4",
  "09-podman-87",
  "15-kindnet",
  "20-k0s-kuberouter",
  "21-kuberouter",
  "51-spec-example",
];

/** The newest version of CNI, which Debian's release does not know. */
const NEWEST: Flow<Containerd> = {
  ...POD,
  id: "1.1",
  flow: `as a list of 1.1.0, ${POD.flow}`,
  network: () => ({ ...shipped("01-"), cniVersion: "1.1.0" }),
};

export const CRI: readonly Row[] = [packaged, released].flatMap((release) => [
  ...LISTS.map((list) => rowOf(criOf(release), list, POD)),
  ...[...FLOWS, ...(release === released ? [NEWEST] : [])].map((flow) =>
    rowOf(criOf(release), "01-containerd-cri", flow),
  ),
]);
