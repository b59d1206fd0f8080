/** Everything that reads netlink, on replies that no kernel sends: captured ones, damaged, and noise. */
import { EAGAIN } from "../../src/base/errno.ts";
import { Client } from "../../src/netlink/client.ts";
import type { Socket } from "../../src/netlink/socket.ts";
import { findChain, hasTable, listRules } from "../../src/nft/find.ts";
import { hasSet, listElements, listSets } from "../../src/nft/find-set.ts";
import { listAddrs } from "../../src/rtnl/addr.ts";
import { findLink, listLinks } from "../../src/rtnl/find-link.ts";
import { setUp } from "../../src/rtnl/link.ts";
import { listRoutes } from "../../src/rtnl/route.ts";
import { sysError } from "../../src/sys/bun/errors.ts";
import { fieldsOf } from "../support/link-fields.ts";
import { bytesOf, CAPTURED, type Captured } from "../unit/rtnl/captured.ts";
import { type Random, random } from "./fuzz-random.ts";
import { newTally, note, type Tally } from "./tally.ts";

const READERS: Record<string, (client: Client) => unknown> = {
  findLink: (client) => [findLink(client, "eth0")].map((link) => link && fieldsOf(link)),
  listLinks: (client) => listLinks(client).map(fieldsOf),
  listAddrs: (client) => listAddrs(client, 1),
  listRoutes: (client) => listRoutes(client, 2),
  hasTable: (client) => hasTable(client, "ip", "t"),
  findChain: (client) => findChain(client, "ip", "t", "c"),
  listRules: (client) => listRules(client, "ip", "t", "c"),
  listSets: (client) => listSets(client, "ip", "t"),
  hasSet: (client) => hasSet(client, "ip", "t", "s"),
  listElements: (client) => listElements(client, "ip", "t", { name: "s", type: "ipv4_addr" }),
  change: (client) => client.change(setUp("eth0")),
};

/** More than any reader may wait for: then it would do so for ever. */
const PATIENCE = 500;
const LIMIT_MS = 2000;

/** Runs `count` readers. Wrong is: no end, another end than a value or an Error, or one that took longer than 2 s. */
export function fuzzNetlink(count: number, seed: number): Tally {
  const tally = newTally();
  const names = Object.keys(READERS);
  for (let i = 0; i < count; i++) {
    const r = random(seed + i * 104_729);
    const name = r.pick(names);
    const start = performance.now();
    let fault: string | undefined;
    try {
      READERS[name]?.(new Client(noisy(r)));
    } catch (error) {
      if (!(error instanceof Error)) fault = `threw ${error}`;
      else if (error.message === "endless") fault = "waits for ever";
    }
    const took = performance.now() - start;
    if (took > LIMIT_MS) fault ??= `took ${Math.round(took)} ms`;
    note(tally, `${name}, input ${i} of seed ${seed}`, fault ? [fault] : []);
  }
  return tally;
}

/** A socket that answers each request with some datagrams, and then with EAGAIN. */
function noisy(r: Random): Socket {
  const queue: Uint8Array[] = [];
  let received = 0;
  return {
    send(request) {
      const seq = request.length >= 12 ? new DataView(request.buffer, request.byteOffset).getUint32(8, true) : 0;
      for (let n = r.int(4); n >= 0; n--) queue.push(reply(r, seq));
    },
    receive() {
      if (++received > PATIENCE) throw new Error("endless");
      const next = queue.shift();
      if (next) return next;
      throw sysError("recvfrom", EAGAIN);
    },
    cookie: () => undefined,
    close() {},
  };
}

const NAMES = Object.keys(CAPTURED) as Captured[];
const BYTES = new Map(NAMES.map((name) => [name, bytesOf(name)]));

function reply(r: Random, seq: number): Uint8Array {
  if (r.chance(0.05)) return Uint8Array.from({ length: r.int(200) }, () => r.int(256));
  const bytes = Uint8Array.from(BYTES.get(r.pick(NAMES)) ?? []);
  const view = new DataView(bytes.buffer);
  // Otherwise it would not be taken for an answer, mostly.
  if (bytes.length >= 16 && r.chance(0.9)) view.setUint32(8, seq, true);
  if (bytes.length >= 16 && r.chance(0.3)) view.setUint16(4, r.pick([2, 3, 16, 20, 24, r.int(65_536)]), true);
  for (let n = r.int(6); n > 0 && bytes.length > 0; n--)
    bytes[r.int(bytes.length)] = r.pick([0, 1, 4, 255, r.int(256)]);
  return r.chance(0.2) ? bytes.subarray(0, r.int(bytes.length + 1)) : bytes;
}
