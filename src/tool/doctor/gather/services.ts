import { readdir, readFile, realtime, sleep, stat } from "#sys";
import { attempt } from "../../../base/attempt.ts";
import { EAGAIN, ECONNREFUSED, ECONNRESET, ENOENT, EPIPE, errnoOf, messageOf } from "../../../base/errno.ts";
import { Explained } from "../../../base/explained.ts";
import type { Client } from "../../../netlink/client.ts";
import { findTableComment } from "../../../nft/find-table.ts";
import type { NamedDifference } from "../../../service/operate/compare.ts";
import { TABLE } from "../../../service/sinks/nft/table.ts";
import { ask } from "../../svc/berthd.ts";
import type { Berthd, BerthdStatus, ServiceFacts, StaleSource } from "../facts.ts";

/** Milliseconds that berthd may be silent: many services that come at once take it some seconds. */
const PATIENCE = 5000;

/** What berthd and the kernel say of services; undefined where there is neither berthd nor a table of its. */
export function servicesOf(
  socket: string,
  client: () => Client,
  unseen: (line: string) => void,
): ServiceFacts | undefined {
  const berthd = berthdAt(socket, unseen);
  const families = ["ip", "ip6"] as const;
  const isThere = (family: "ip" | "ip6") => attempt(() => findTableComment(client(), family, TABLE)) !== undefined;
  const tables = families.filter(isThere);
  return berthd.is === "absent" && tables.length === 0 ? undefined : { socket, tables, berthd };
}

/** One that ends while it is asked is asked once more. */
function berthdAt(socket: string, unseen: (line: string) => void): Berthd {
  const first = askedAt(socket, unseen);
  if (first) return first;
  sleep(SOON);
  return askedAt(socket, unseen) ?? { is: "dead" };
}

/** Undefined: the answer did not come to its end. */
function askedAt(socket: string, unseen: (line: string) => void): Berthd | undefined {
  const pid = attempt(() => readFile(`${socket}.pid`))?.trim() ?? "";
  if (isStopped(pid)) return { is: "stopped", pid };
  try {
    const status = get<BerthdStatus>(socket, "/status");
    return { is: "answering", status, differences: differencesAt(socket, unseen), stale: staleAt(socket, status) };
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    const errno = errnoOf(error.cause);
    if (errno === ENOENT) return { is: "absent" };
    if (errno === ECONNREFUSED) return { is: "dead" };
    if (errno === EAGAIN) return { is: "hanging", pid };
    if (errno === undefined || errno === ECONNRESET || errno === EPIPE) return undefined;
    unseen(`berthd: ${messageOf(error)}`);
    return { is: "unseen" };
  }
}

/** proc_pid_stat(5): the third word, behind the name in brackets. */
function isStopped(pid: string): boolean {
  const text = pid === "" ? undefined : attempt(() => readFile(`/proc/${pid}/stat`));
  return text !== undefined && /^\d+ \(.*\) [Tt] /.test(text);
}

function get<T>(socket: string, target: string): T {
  return JSON.parse(ask(socket, { method: "GET", target }, PATIENCE)) as T;
}

function differencesAt(socket: string, unseen: (line: string) => void): readonly NamedDifference[] | undefined {
  try {
    return get<{ differences: NamedDifference[] }>(socket, "/compare").differences;
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    unseen(`whether services are in the kernel as berthd has them: ${messageOf(error)}`);
    return undefined;
  }
}

/** Milliseconds within which berthd takes what is written. */
const SOON = 300;

/** Sources that have not taken what there is, also when they are given time for it. */
function staleAt(socket: string, status: BerthdStatus): StaleSource[] {
  if (staleOf(status).length === 0) return [];
  sleep(SOON);
  return staleOf(get<BerthdStatus>(socket, "/status"));
}

function staleOf({ sources }: BerthdStatus): StaleSource[] {
  return Object.entries(sources).flatMap(([name, { path, id, listed, names: pattern, files }]) => {
    const found = filesIn(path, new RegExp(pattern));
    const names = new Set([...Object.keys(files), ...found.keys()]);
    const other = [...names].filter((file) => stampOf(files[file]) !== found.get(file)).sort();
    const isElsewhere = (attempt(() => stat(path).id) ?? "") !== id;
    if (!isElsewhere && other.length === 0) return [];
    return [{ name, path, age: Math.round((realtime() - listed) / 1000), isElsewhere, files: other }];
  });
}

/** Of the files that a source reads, inode, size and the millisecond of their last change. */
function filesIn(path: string, names: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of attempt(() => readdir(path)) ?? []) {
    if (!names.test(name)) continue;
    const { id, size, mtimeSec, mtimeNsec } = attempt(() => stat(`${path}/${name}`)) ?? {};
    if (id !== undefined)
      found.set(
        name,
        `${id.replace(/^.*-/, "")} ${size} ${1000 * (mtimeSec ?? 0) + Math.floor((mtimeNsec ?? 0) / 1e6)}`,
      );
  }
  return found;
}

/** The same of what berthd has noted. */
function stampOf(noted: string | undefined): string | undefined {
  const [inode, size, changed] = noted?.split(" ") ?? [];
  return noted === undefined ? undefined : `${inode} ${size} ${Math.floor(Number(changed))}`;
}
