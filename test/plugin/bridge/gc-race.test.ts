/** GC while containers start: each GC knows of those that began before it, and of no other. */
import { expect } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strace } from "../../reliability/system-calls.ts";
import { answers } from "../../support/answers.ts";
import type { Json } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs, nftables } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";

const CONTAINERS = 50;
const AT_ONCE = 4;
const STALE = 10;

const NOBODY = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };

const network = (lab: Lab, over: object = {}) =>
  lab.conf({ cniVersion: "1.1.0", ipMasq: true, ipam: DUAL_STACK, ...over });
const elements = (lab: Lab) => lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []).length;
const owners = (lab: Lab) => Object.values(lab.leases()).map((text) => text.split("\r\n")[0] ?? "");

/** When a GC ran, and of whom it was told. */
interface Collected {
  readonly from: number;
  readonly to: number;
  readonly valid: ReadonlySet<string>;
}

/** A directory with a bridge that takes its time: `ms` more at each netlink request, look into a directory and removal. */
function slowBin(lab: Lab, ms: number): string {
  const bin = join(lab.dir, "slow");
  mkdirSync(bin);
  const calls = "sendto,getdents64,unlink,unlinkat";
  const slowly = `strace -f -qq -o "$TRACE" -e trace=open,openat,${calls} -e inject=${calls}:delay_exit=${ms * 1000}`;
  writeFileSync(join(bin, "bridge"), `#!/bin/sh\nexec ${slowly} ${lab.bin}/bridge\n`);
  chmodSync(join(bin, "bridge"), 0o755);
  return bin;
}

/** One slow GC. `begun` is called when it has noted its start, by which it tells older leases from younger ones. */
async function collect(lab: Lab, bin: string, valid: ReadonlySet<string>, begun: () => void): Promise<Collected> {
  const trace = join(lab.dir, `trace-${crypto.randomUUID()}`);
  const attachments = [...valid].map((containerID) => ({ containerID, ifname: "eth0" }));
  const conf = network(lab, { "cni.dev/valid-attachments": attachments });
  const env = { ...NOBODY, TRACE: trace };
  const { reply } = lab.start("bridge", "GC", { conf, env, bin, path: lab.bin });
  let ended = false;
  void reply.then(() => {
    ended = true;
  });
  while (!ended && !hasNotedStart(trace)) await Bun.sleep(2);
  const from = performance.now();
  begun();
  expect(await reply).toMatchObject({ status: 0, stdout: "" });
  return { from, to: performance.now(), valid };
}

/** By then it has made the unnamed file that tells it what time the file system has. */
const hasNotedStart = (trace: string) => existsSync(trace) && /O_TMPFILE.*= \d/.test(readFileSync(trace, "utf8"));

/** What attachments left whose runtime forgot them. */
function leaveStale(lab: Lab): void {
  const ns = lab.container();
  for (let i = 0; i < STALE; i++) {
    const conf = network(lab, { ipam: { ...DUAL_STACK, routes: [] } });
    lab.add({ ns, id: `stale${i}`, ifname: `eth${i}`, conf });
  }
}

const need = needs(namespaces, built, nftables, strace);

need(
  `bridge/GC, one after another, while ${CONTAINERS} ADDs run that each began after it: nothing of theirs is lost`,
  inLab(async (lab) => {
    const guests = Array.from({ length: CONTAINERS }, (_, i) => ({ ns: lab.container(), id: `live${i}` }));
    const bin = slowBin(lab, 5);
    leaveStale(lab);
    expect([owners(lab).length, lab.ports().length, elements(lab)]).toEqual([2 * STALE, STALE, 2 * STALE]);

    const known = new Set<string>();
    const added: { id: string; at: number; result: Json }[] = [];
    const waiting = [...guests];
    // An ADD that begins after a GC was told who is valid, and before that GC began, nobody vouches for: there is none.
    let begun = Promise.withResolvers<void>();
    const worker = async () => {
      for (let guest = waiting.shift(); guest; guest = waiting.shift()) {
        await begun.promise;
        const at = performance.now();
        known.add(guest.id);
        const { status, stdout, json } = await lab.start("bridge", "ADD", { ...guest, conf: network(lab) }).reply;
        expect([status, status === 0 ? "" : stdout]).toEqual([0, ""]);
        added.push({ id: guest.id, at, result: json });
        await Bun.sleep(80);
      }
    };
    const adding = Promise.all(Array.from({ length: AT_ONCE }, worker));
    const collected: Collected[] = [];
    while (added.length < CONTAINERS) {
      collected.push(await collect(lab, bin, new Set(known), begun.resolve));
      begun = Promise.withResolvers<void>();
    }
    await adding;

    const raced = added.filter(({ id, at }) =>
      collected.some(({ from, to, valid }) => !valid.has(id) && from <= at && at < to),
    );
    console.log(`gc-race: ${raced.length} of ${CONTAINERS} ADDs began while one of ${collected.length} GCs ran`);
    expect(raced.length).toBeGreaterThan(CONTAINERS / 2);

    const leased = added.flatMap(({ result }) => result.ips.map(({ address }: Json) => address.replace(/\/.*/, "")));
    expect(Object.keys(lab.leases()).toSorted()).toEqual(leased.toSorted());
    expect([lab.ports().length, elements(lab)]).toEqual([CONTAINERS, 2 * CONTAINERS]);
    for (const { ns, id } of guests) {
      const prevResult = added.find((one) => one.id === id)?.result;
      expect([id, answers(lab, ns, "10.77.0.1"), answers(lab, ns, "fd77::1")]).toEqual([id, true, true]);
      const check = lab.call("bridge", "CHECK", { ns, id, conf: network(lab, { prevResult }) });
      expect([id, check.status, check.stdout]).toEqual([id, 0, ""]);
    }
    const deleted = guests.map((guest) => lab.call("bridge", "DEL", { ...guest, conf: network(lab) }));
    expect(deleted.filter(({ status, stdout }) => status !== 0 || stdout !== "")).toEqual([]);
    expect([lab.leases(), lab.ports(), elements(lab)]).toEqual([{}, [], 0]);
  }),
  60_000,
);

/** Whether nobody holds the lock of the leases, for which GC would wait. */
const isUnlocked = (lab: Lab) =>
  lab.attempt(lab.host, "flock", "-n", join(lab.store, "labnet/lock"), "true").status === 0;

need.each<[string, (lab: Lab) => boolean]>([
  ["a lease", (lab) => owners(lab).length === 2 && isUnlocked(lab)],
  ["a port", (lab) => lab.ipj(lab.host, "link").some(({ ifalias }) => ifalias === "berth:labnet/slow/eth0")],
  ["rules", (lab) => elements(lab) === 2],
])("bridge/GC spares an ADD that began before it and has %s so far", async (_, reached) => {
  await inLab(async (lab) => {
    const guest = { ns: lab.container(), id: "slow" };
    const slow = { bin: slowBin(lab, 50), path: lab.bin, env: { TRACE: join(lab.dir, "trace") } };
    const adding = lab.start("bridge", "ADD", { ...guest, conf: network(lab), ...slow });
    while (!reached(lab)) await Bun.sleep(1);
    // Its tracer stands still, and with that its next system call.
    adding.kill("SIGSTOP");
    const gc = network(lab, { "cni.dev/valid-attachments": [] });
    const { status, stdout } = lab.call("bridge", "GC", { conf: gc, env: NOBODY });
    adding.kill("SIGCONT");
    expect([status, stdout]).toEqual([0, ""]);
    const added = await adding.reply;
    expect([added.status, added.json?.ips?.length]).toEqual([0, 2]);
    expect([owners(lab), lab.ports().length, elements(lab)]).toEqual([["slow", "slow"], 1, 2]);
    const check = lab.call("bridge", "CHECK", { ...guest, conf: network(lab, { prevResult: added.json }) });
    expect([check.status, check.stdout, answers(lab, guest.ns, "10.77.0.1")]).toEqual([0, "", true]);
  })();
});
