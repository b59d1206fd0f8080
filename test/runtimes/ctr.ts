/** `ctr run --cni`, which calls the plugins itself: the rows of docs/runtimes.md about it. */
import { IMAGE } from "../support/image.ts";
import { outcomeOf, outcomesOf } from "./commands.ts";
import { type Containerd, containerdOn } from "./containerd.ts";
import { type Flow, type Row, type Runtime, rowOf, untold } from "./flow.ts";
import { type Containerds, packaged, released } from "./programs.ts";

/** The command line of a container that asks its gateway and ends. */
function runCommand({ ctr, machine }: Containerd, id: string): string[] {
  const [{ ipam } = {}] = machine.list.plugins;
  const gateway = JSON.stringify(ipam).includes("10.88.0.0") ? "10.88.0.1" : "10.85.0.1";
  const command = ["sh", "-c", `ping -c1 -W2 ${gateway}`];
  const group = `${machine.group}/${id}`;
  return ctr("--namespace", "berth", "run", "--rm", "--cni", "--cgroup", group, IMAGE, id, ...command);
}

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];

const FLOWS: readonly Flow<Containerd>[] = [
  {
    id: "run",
    flow: "run --rm --cni: a container asks its gateway and ends; three times",
    run: async (containerd, tell) => {
      for (let i = 0; i < 3; i++) tell("run", outcomeOf(runCommand(containerd, "one")));
    },
  },
  {
    id: "burst",
    flow: "eight of them at once",
    run: async (containerd, tell) => {
      for (const outcome of await outcomesOf(NAMES.map((name) => runCommand(containerd, name)))) tell("run", outcome);
    },
  },
];

const ctrOf = (release: Containerds): Runtime<Containerd> => ({
  id: `ctr-${release.version.split(".")[0]}`,
  runtime: `ctr of containerd ${release.version}`,
  needs: [release.need],
  open: (machine) => containerdOn(machine, release),
  warm: async (containerd) => untold("run", outcomeOf(runCommand(containerd, "warm"))),
});

export const CTR: readonly Row[] = [packaged, released].flatMap((release) =>
  ["01-containerd-cri", "02-crio-dual"].flatMap((list) => FLOWS.map((flow) => rowOf(ctrOf(release), list, flow))),
);
