import { array, boolean, type Decoded, decode, goObject, int, string } from "../../spec/decode.ts";
import { type Ask, type Container, netnsOf } from "./container.ts";

const psSchema = array(
  goObject({
    id: string,
    names: array(string),
    state: string,
    pid: int,
    pod: string,
    podName: string,
    isInfra: boolean,
  }),
);

type Item = Decoded<typeof psSchema>[number];

/**
 * Root's containers. Those of a pod have the network of its infra container, which is given with their names. Throws
 * Explained, CniError for an answer that is none.
 */
export function containersOfPodman(ask: Ask): Container[] {
  const items = decode(psSchema, JSON.parse(ask("ps", "--all", "--format", "json")), "podman ps");
  const infras = new Set(items.flatMap(({ isInfra, pod }) => (isInfra && pod ? pod : [])));
  const isMember = ({ isInfra, pod }: Item) => !isInfra && pod !== undefined && infras.has(pod);
  return items
    .filter((item) => !isMember(item))
    .flatMap((item) => {
      const members = items.filter((other) => item.isInfra && isMember(other) && other.pod === item.pod);
      return containerOf(item, members.map(nameOf)) ?? [];
    });
}

function containerOf(item: Item, members: readonly string[]): Container | undefined {
  const { id, state = "", pid } = item;
  if (!id) return undefined;
  const running = state === "running" || state === "paused";
  return {
    id,
    name: (item.isInfra && item.podName) || nameOf(item),
    running,
    members,
    ...(running && pid && { pid, netns: netnsOf(pid) }),
    runtime: "podman",
  };
}

const nameOf = ({ names = [] }: Item): string => names[0] ?? "";
