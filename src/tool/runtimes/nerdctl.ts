import { decode, goObject, string } from "../../spec/decode.ts";
import type { Ask, Container } from "./container.ts";
import { CRI_NAMESPACE } from "./ctr.ts";
import { linesOf } from "./program.ts";

const itemSchema = goObject({ id: string, names: string, status: string });

/** The containers of all namespaces but that of pods, which the CRI tells more of. Throws Explained, CniError. */
export function containersOfNerdctl(ask: Ask): Container[] {
  const namespaces = linesOf(ask("namespace", "ls", "-q")).filter((name) => name !== CRI_NAMESPACE);
  return namespaces.flatMap((namespace) => {
    const args = ["ps", "--all", "--no-trunc", "--format", "{{json .}}"];
    return linesOf(ask("--namespace", namespace, ...args)).flatMap((line) => containerOf(namespace, line) ?? []);
  });
}

/** An answer is an object a line. */
function containerOf(namespace: string, line: string): Container | undefined {
  const { id, names = "", status = "" } = decode(itemSchema, JSON.parse(line));
  if (!id) return undefined;
  return {
    id: `${namespace}-${id}`,
    name: names,
    running: /^(Up|Paused)/.test(status),
    members: [],
    namespace,
    runtime: "nerdctl",
  };
}
