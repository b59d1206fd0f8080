import { callFor } from "../repair.ts";
import type { AttachmentFacts, Facts } from "./facts.ts";
import { typeOf } from "./gather/networks.ts";
import { command, word } from "./text/shell.ts";

/** The commands that a DEL of an attachment is: each plugin of its list, the last one first, then libcni's memory of it. */
export function takeDown({ cached, owner, netns }: AttachmentFacts, { places, executables }: Facts): string[] {
  if (!cached) return [];
  const env = {
    CNI_COMMAND: "DEL",
    CNI_CONTAINERID: owner.containerId,
    CNI_NETNS: netns === "there" ? (cached.netns ?? "") : "",
    CNI_IFNAME: owner.ifname,
    CNI_PATH: places.path.join(":"),
  };
  const words = Object.entries(env).map(([name, value]) => `${name}=${word(value)}`);
  const calls = cached.plugins.toReversed().map((plugin) => {
    const type = typeOf(plugin);
    const path = executables.find((one) => one.type === type)?.path ?? `${places.path[0]}/${type}`;
    const config = JSON.stringify(callFor(cached, plugin, [], () => {}).config);
    return `printf %s ${word(config)} | ${words.join(" ")} ${word(path)}`;
  });
  return [...calls, command("rm", "-f", cached.path)];
}
