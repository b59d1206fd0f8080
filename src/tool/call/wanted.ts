import { readFile, readlink, sha512, stat } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { Explained } from "../../base/explained.ts";
import type { Attachment, Setting } from "../../invoke/attachment.ts";
import { drive } from "../../invoke/drive.ts";
import type { NetworkList } from "../../invoke/list.ts";
import { loadFile, loadNamed } from "../../invoke/load.ts";
import { S_IFMT, S_IFREG } from "../../sys/flags.ts";
import { systemHost } from "../invoke-driver.ts";
import { CACHE_DIRECTORY } from "../node/cache.ts";
import { CONF_DIRECTORY } from "../node/networks.ts";
import type { World } from "../world.ts";
import type { CallFlags } from "./options.ts";

/** Where plugins are installed, by what every runtime takes for granted. */
const PLUGIN_DIRECTORY = "/opt/cni/bin";

/** What a command line asks for. */
export interface Wanted {
  readonly list: NetworkList;
  readonly attachment: Attachment;
  readonly setting: Setting;
}

/**
 * Reads the configuration, and the rest of the command line and of the environment as cnitool v1.3.1 does.
 * @throws Explained what is wrong with an argument; CniError what with the configuration
 */
export function wantedOf(network: string, netns: string, flags: CallFlags, world: World): Wanted {
  const path = absolute(netns);
  return {
    list: listOf(network, flags, world),
    attachment: {
      containerId: flags.id ?? (netns === "" ? "" : idOf(path)),
      netns: netns === "" ? "" : path,
      ifname: flags.ifname || world.env.get("CNI_IFNAME") || "eth0",
      args: argsOf(flags.args ?? world.env.get("CNI_ARGS") ?? ""),
      capabilityArgs: capabilitiesOf(flags.cap ?? world.env.get("CAP_ARGS") ?? ""),
    },
    setting: settingOf(flags, world),
  };
}

export function settingOf({ path, cacheDir }: CallFlags, { env }: World): Setting {
  const directories = path ?? env.get("CNI_PATH") ?? PLUGIN_DIRECTORY;
  return {
    path: directories.split(":").filter((directory) => directory !== ""),
    cacheDirectory: cacheDir ?? CACHE_DIRECTORY,
  };
}

/** The configuration of that name: in a directory, or in the one file that is named. */
export function listOf(network: string, { conf }: CallFlags, { env }: World): NetworkList {
  const place = conf || env.get("NETCONFPATH") || CONF_DIRECTORY;
  const host = systemHost({ warn: () => undefined });
  if (!isFile(place)) return drive(loadNamed(place, network), host);
  const list = drive(loadFile(place), host);
  if (list.name === network) return list;
  throw new Explained(`${place} is of the network "${list.name}", not of "${network}"`, "name that one");
}

const isFile = (path: string): boolean => ((attempt(() => stat(path))?.mode ?? 0) & S_IFMT) === S_IFREG;

/** A path as it is from the root; a bare name that is no file here is one of `ip netns`. */
function absolute(netns: string): string {
  if (netns.startsWith("/")) return clean(netns);
  const here = clean(`${readlink("/proc/self/cwd")}/${netns}`);
  const named = `/run/netns/${netns}`;
  const isNamed = !netns.includes("/") && !exists(here) && exists(named);
  return isNamed ? named : here;
}

const exists = (path: string): boolean => attempt(() => stat(path)) !== undefined;

/** Without "." and "..", as filepath.Clean of Go: the ID is made of it. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** cnitool's: the first ten bytes of the path's digest. */
const idOf = (path: string): string => `cnitool-${sha512(path).slice(0, 20)}`;

/** A value may have a "=", which cnitool refuses. */
function argsOf(text: string): [key: string, value: string][] {
  if (text === "") return [];
  return text.split(";").map((pair) => {
    const at = pair.indexOf("=");
    if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)];
    throw new Explained(`invalid CNI_ARGS pair "${pair}"`, "each is KEY=VALUE, with ; between two");
  });
}

function capabilitiesOf(text: string): Record<string, unknown> | undefined {
  if (text === "") return undefined;
  const value = parsed(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Explained(
    `the capability arguments are no JSON object: ${text}`,
    `as in --cap '{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a file has that --save wrote, or a list of IDs. @throws Explained when it cannot be read */
export function textOf(path: string): string {
  const text = attempt(() => readFile(path, 64 << 20));
  if (text !== undefined) return text;
  throw new Explained(`${path} cannot be read`, "is it there, and may you read it?");
}
