import { type Ask, type Container, netnsOf } from "./container.ts";
import { linesOf } from "./program.ts";

/** The namespace in which containerd's CRI keeps pods and their containers. */
export const CRI_NAMESPACE = "k8s.io";

/** The containers of all namespaces of containerd. Throws Explained. */
export function containersOf(ask: Ask): Container[] {
  return linesOf(ask("namespaces", "ls", "-q")).flatMap((namespace) => containersIn(namespace, ask));
}

function containersIn(namespace: string, ask: Ask): Container[] {
  const ids = (...filters: string[]) => linesOf(ask("-n", namespace, "containers", "ls", "-q", ...filters));
  const tasks = tasksOf(ask("-n", namespace, "tasks", "ls"));
  const ofKind = (kind: string) =>
    new Set(namespace === CRI_NAMESPACE ? ids(`labels."io.cri-containerd.kind"==${kind}`) : []);
  const [sandboxes, members] = [ofKind("sandbox"), ofKind("container")];
  // A pod's containers have no network of their own.
  const own = ids().filter((name) => !members.has(name));
  return own.map((name) => {
    const pid = tasks.get(name);
    return {
      id: sandboxes.has(name) ? name : `${namespace}-${name}`,
      name,
      running: pid !== undefined,
      members: [],
      namespace,
      ...(pid !== undefined && { pid, netns: netnsOf(pid) }),
      runtime: "ctr",
    };
  });
}

/** The processes of what runs, or is paused, by container: the lines are TASK PID STATUS. */
function tasksOf(text: string): ReadonlyMap<string, number> {
  const rows = linesOf(text)
    .slice(1)
    .map((line) => line.split(/\s+/));
  const alive = rows.filter(([, , status]) => status !== "STOPPED");
  return new Map(alive.map(([name = "", pid]) => [name, Number(pid)]));
}
