import { CACHE_DIRECTORY } from "../node/cache.ts";
import { CONF_DIRECTORY } from "../node/networks.ts";
import { callFor } from "../repair.ts";
import type { AttachmentFacts, Facts } from "./facts.ts";
import { typeOf } from "./gather/networks.ts";
import { command, word } from "./text/shell.ts";

const PLUGIN_DIRECTORY = "/opt/cni/bin";

/** What takes an attachment off its network: `berth del` where the network is configured, else the plugins one by one. */
export function takeDown(attachment: AttachmentFacts, facts: Facts): string[] {
  const { cached, owner, netns, network } = attachment;
  if (!cached) return [];
  if (!network?.file) return byHand(attachment, facts);
  const { conf, cache, path } = facts.places;
  const args = Object.keys(cached.capabilityArgs).length === 0 ? [] : ["--cap", JSON.stringify(cached.capabilityArgs)];
  return [
    command(
      berth(facts),
      "del",
      owner.network,
      netns === "there" ? (cached.netns ?? "") : "",
      ...["--id", owner.containerId],
      ...(owner.ifname === "eth0" ? [] : ["-i", owner.ifname]),
      ...args,
      ...unless(conf === CONF_DIRECTORY, "--conf", conf),
      ...unless(path.join(":") === PLUGIN_DIRECTORY, "--path", path.join(":")),
      ...unless(cache === CACHE_DIRECTORY, "--cache-dir", cache),
    ),
  ];
}

const unless = (isUsual: boolean, ...words: string[]): string[] => (isUsual ? [] : words);

/** How this program is called: by its path where it is called berth. */
export const berth = ({ places }: Facts): string => (places.self.endsWith("/berth") ? places.self : "berth");

/** A DEL of each plugin of the list, the last one first, then libcni's memory of it. */
function byHand({ cached, owner, netns }: AttachmentFacts, { places, executables }: Facts): string[] {
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
