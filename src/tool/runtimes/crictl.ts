import { Explained } from "../../base/explained.ts";
import { anyObject, array, decode, goObject, int, string } from "../../spec/decode.ts";
import type { Ask, Container } from "./container.ts";

const metadata = goObject({ name: string, namespace: string });
const podsSchema = goObject({ items: array(goObject({ id: string, metadata, state: string })) });
const containersSchema = goObject({ containers: array(goObject({ podSandboxId: string, metadata })) });

/** The pods of whatever serves the CRI. Throws Explained, CniError for an answer that is none. */
export function podsOf(ask: Ask): Container[] {
  const { items = [] } = decode(podsSchema, JSON.parse(ask("pods", "-o", "json")));
  const members = membersBySandbox(ask);
  const ready = items.flatMap(({ id, state }) => (id && state === READY ? id : []));
  const processes = processesOf(ask, ready);
  return items.flatMap(({ id, metadata: { name = "", namespace = "" } = {}, state }) =>
    id
      ? {
          id,
          name,
          running: state === READY,
          pod: { namespace, name },
          members: members.get(id) ?? [],
          ...processes.get(id),
          runtime: "crictl" as const,
        }
      : [],
  );
}

const READY = "SANDBOX_READY";

function membersBySandbox(ask: Ask): ReadonlyMap<string, string[]> {
  const { containers = [] } = decode(containersSchema, JSON.parse(ask("ps", "--all", "-o", "json")));
  const members = new Map<string, string[]>();
  for (const { podSandboxId = "", metadata: { name = "" } = {} } of containers) {
    members.set(podSandboxId, [...(members.get(podSandboxId) ?? []), name]);
  }
  return members;
}

type Process = Pick<Container, "pid" | "netns">;

const sandboxSchema = goObject({
  status: goObject({ id: string }),
  info: goObject({
    pid: int,
    runtimeSpec: goObject({ linux: goObject({ namespaces: array(goObject({ type: string, path: string })) }) }),
  }),
});

/** By sandbox. A pod may end meanwhile, and not every runtime tells: who is missing has no known process. */
function processesOf(ask: Ask, ids: readonly string[]): ReadonlyMap<string, Process> {
  if (ids.length === 0) return new Map();
  try {
    const answer: unknown = JSON.parse(ask("inspectp", "-o", "json", ...ids));
    // One is no list.
    const all = decode(array(anyObject), Array.isArray(answer) ? answer : [answer], "inspectp");
    return new Map(all.flatMap((one) => processOf(one)));
  } catch (error) {
    if (error instanceof Explained || error instanceof SyntaxError) return new Map();
    throw error;
  }
}

function processOf(sandbox: object): [string, Process][] {
  const { status, info } = decode(sandboxSchema, sandbox);
  if (!status?.id) return [];
  const netns = info?.runtimeSpec?.linux?.namespaces?.find(({ type }) => type === "network")?.path;
  return [[status.id, { ...(info?.pid && { pid: info.pid }), ...(netns && { netns }) }]];
}
