/** The place of a rehearsal: namespaces of this process's own that look like the machine and the container, and end with it. */
import { close, mount, open, readFile, stat, unshare, writeFile } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { ThisHost } from "../../host/host.ts";
import { openSandbox } from "../../host/sandbox.ts";
import { type Addr, ensureAddr } from "../../rtnl/addr.ts";
import { addBridge, IFF_UP, setAlias, setUp } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { CLONE_NEWNET, CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC, O } from "../../sys/flags.ts";
import { namesIn } from "../node/files.ts";

/** What of the machine a call may find there already, and would not make again. */
interface Scene {
  readonly bridges: readonly { readonly link: Link; readonly addrs: readonly Addr[] }[];
  /** Values by their keys under /proc/sys. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Whether the container has an interface of that name. */
  readonly isTaken: boolean;
  /** Files by directory and name. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const FORWARDING = ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"];

/** What the container's namespace is called there, as long as its own path cannot be made. */
export const STAND_IN = "/run/netns/berth-dry-run";

/** Whose files are hidden and copied: leases. */
export interface Props {
  readonly netns: string;
  readonly ifname: string;
  /** Directories of leases: what is in them is copied, unless `empty`. */
  readonly directories: readonly string[];
  readonly empty: boolean;
}

/**
 * Moves this process, for the rest of its life, to a place where nothing that it does is seen elsewhere: other network and mount
 * namespaces, with the bridges, the forwarding and the leases that the machine has, and an empty /run. Returns the path of
 * the container's namespace there. Throws SysError, NetlinkError; Explained for a netns that is none.
 */
export function enterStage(props: Props): string {
  const scene = look(props);
  unshare(CLONE_NEWNET);
  const container = open("/proc/self/ns/net", O.RDONLY);
  if (scene.isTaken) makeTaken(props.ifname);
  unshare(CLONE_NEWNET | CLONE_NEWNS);
  mount("none", "/", "", MS_REC | MS_PRIVATE);
  for (const [directory, files] of scene.files) lay(directory, files);
  mount("none", "/run", "tmpfs", 0);
  const netns = STAND_IN;
  makeDirectories("/run/netns", 0o755);
  writeFile(netns, "", O.CREAT, 0o600);
  mount(`/proc/self/fd/${container}`, netns, "", MS_BIND);
  close(container);
  furnish(scene);
  return netns;
}

function look({ netns, ifname, directories, empty }: Props): Scene {
  using host = new ThisHost();
  using sandbox = netns === "" ? undefined : openSandbox(netns);
  const bridges = host.listLinks().filter(({ kind }) => kind === "bridge");
  const read = (key: string): [string, string] => [key, attempt(() => readFile(`/proc/sys/${key}`).trim()) ?? "0"];
  return {
    bridges: bridges.map((link) => ({ link, addrs: host.listAddrs(link.index) })),
    sysctls: new Map(FORWARDING.map(read)),
    isTaken: sandbox?.findLink(ifname) !== undefined,
    files: new Map(directories.map((directory) => [directory, empty ? new Map() : filesIn(directory)])),
  };
}

function filesIn(directory: string): Map<string, string> {
  const texts = namesIn(directory).map(
    (name) => [name, attempt(() => readFile(`${directory}/${name}`)) ?? ""] as const,
  );
  return new Map(texts);
}

/** Hides what is at a directory, or at the nearest above it that is there, and puts copies of the files into it. */
function lay(directory: string, files: ReadonlyMap<string, string>): void {
  mount("none", nearest(directory), "tmpfs", 0);
  makeDirectories(directory, 0o755);
  for (const [name, text] of files) writeFile(`${directory}/${name}`, text, O.CREAT, 0o600);
}

function nearest(directory: string): string {
  if (attempt(() => stat(directory)) !== undefined) return directory;
  return nearest(directory.slice(0, directory.lastIndexOf("/")) || "/");
}

/** So that the call finds the name taken, as it would. */
function makeTaken(ifname: string): void {
  using host = new ThisHost();
  host.change(addBridge({ name: ifname, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) }));
}

function furnish({ bridges, sysctls }: Scene): void {
  for (const [key, value] of sysctls) attempt(() => writeFile(`/proc/sys/${key}`, value));
  using host = new ThisHost();
  host.attempt([setUp("lo")]);
  for (const { link, addrs } of bridges) {
    const { name, mac, mtu, vlanFiltering } = link;
    host.change(addBridge({ name, mac, mtu, vlanFiltering }));
    const index = host.findLink(name)?.index;
    if (index === undefined) continue;
    const dev = { index, name };
    host.attempt([
      ...(link.alias ? [setAlias(dev, link.alias)] : []),
      ...(link.flags & IFF_UP ? [setUp(dev)] : []),
      ...addrs.map(({ prefix }) => ensureAddr(dev, prefix)),
    ]);
  }
}
