import * as sys from "#sys";
import { attempt } from "../../../base/attempt.ts";
import { assertErrno, messageOf } from "../../../base/errno.ts";
import { Explained } from "../../../base/explained.ts";
import type { Machine } from "../../../features/machine.ts";
import { listAllAddrs } from "../../../rtnl/addr.ts";
import { listNeighs } from "../../../rtnl/neighbours.ts";
import { AF_INET, AF_INET6 } from "../../../rtnl/tables.ts";
import { CniError } from "../../../spec/errors.ts";
import type { Plugin } from "../../../spec/plugin.ts";
import { type Places, readNode } from "../../node/node.ts";
import type { Facts } from "../facts.ts";
import { attachmentsOf } from "./attachments.ts";
import { directoriesOf, executablesOf } from "./executables.ts";
import { chainsOf, kernelOf, NOT_READ } from "./kernel.ts";
import { legacyChains } from "./legacy.ts";
import { Onlooker } from "./machine.ts";
import { networksOf, refusalsOf } from "./networks.ts";
import { servicesOf } from "./services.ts";

export interface Wanted {
  readonly places: Places;
  readonly path: readonly string[];
  /** Undefined: all networks. */
  readonly network: string | undefined;
  readonly plugins: readonly Plugin[];
  /** Of berthd. */
  readonly socket: string;
}

/** Looks at all of the node once. What cannot be looked at is in `unseen`; nothing is changed. */
export function gather(wanted: Wanted): Facts {
  using machine = new Onlooker();
  return gatherOn(machine, wanted);
}

function gatherOn(machine: Machine, { places, path, network, plugins, socket }: Wanted): Facts {
  const notes: string[] = [];
  const unseen = (line: string) => void (notes.includes(line) || notes.push(line));
  const seen = <T>(what: string, look: () => T, otherwise: T): T => {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof Explained || error instanceof CniError)) assertErrno(error);
      unseen(`${what}: ${messageOf(error)}`);
      return otherwise;
    }
  };
  const { files, cached, leases, links, attachments } = readNode(places, network, unseen, machine);
  const known = networksOf(files, cached, network);
  const configured = known.filter(({ file }) => file);
  const types = configured.flatMap((one) => one.types);
  const executables = executablesOf(types, path);
  const networks = known.map((one) =>
    seen(
      `STATUS of ${one.name}`,
      () => ({ ...one, ...(one.file && refusalsOf(one, executables, path, plugins)) }),
      one,
    ),
  );
  return {
    places: { ...places, path, self: attempt(() => sys.readlink("/proc/self/exe")) ?? "berth" },
    files,
    networks,
    directories: directoriesOf(path),
    executables,
    kernel: kernelOf(machine, links),
    links,
    addrs: machine.ask((rtnl) => listAllAddrs(rtnl)),
    routes: [...machine.listRoutes(AF_INET), ...machine.listRoutes(AF_INET6)],
    neighs: machine.ask((rtnl) => listNeighs(rtnl, 0)),
    chains: [
      ...seen("nft list ruleset", () => chainsOf(machine.nft.client(), unseen), []),
      ...legacyChains((name) => NOT_READ.test(name), unseen),
    ],
    leases,
    attachments: attachmentsOf(attachments, { machine, plugins, networks, links, unseen, seen }),
    mounts: mountPoints(),
    booted: bootTime(),
    services: network === undefined ? servicesOf(socket, () => machine.nft.client(), unseen) : undefined,
    unseen: notes,
  };
}

function bootTime(): number {
  const found = /^btime (\d+)$/m.exec(attempt(() => sys.readFile("/proc/stat")) ?? "");
  return Number(found?.[1] ?? 0);
}

/** Column 5 of proc_pid_mountinfo(5). */
function mountPoints(): string[] {
  const lines = (attempt(() => sys.readFile("/proc/self/mountinfo")) ?? "").split("\n");
  return lines.flatMap((line) => line.split(" ")[4] ?? []);
}
