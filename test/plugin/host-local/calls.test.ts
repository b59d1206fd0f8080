import { describe, expect } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import { built, needs, REFERENCE, reference } from "../../support/needs.ts";
import { pool } from "./pool.ts";

const test = needs(built);
const testMixed = needs(built, reference);

describe("host-local", () => {
  test("ADD, CHECK and DEL, in the newest and the oldest version", () => {
    using net = pool();
    const routes = [{ dst: "0.0.0.0/0" }, { dst: "10.0.0.0/8", gw: "10.1.2.9", mtu: 1400 }];
    const added = net.call("ADD", "a", { ipam: { routes } });
    expect(added.json).toEqual({ cniVersion: "1.1.0", ips: [{ address: "10.1.2.2/24", gateway: "10.1.2.1" }], routes });
    expect(net.call("CHECK", "a", { conf: { prevResult: added.json } }).status).toBe(0);
    // Keys of others are none of its business, whatever is in them.
    const foreign = { type: 5, capabilities: [], dns: "none", prevResult: added.json };
    expect(net.call("CHECK", "a", { conf: foreign }).status).toBe(0);
    const old = net.call("ADD", "b", { conf: { cniVersion: "0.1.0" }, ipam: { routes: routes.slice(0, 1) } });
    expect(old.json).toEqual({
      cniVersion: "0.1.0",
      ip4: { ip: "10.1.2.3/24", gateway: "10.1.2.1", routes: [{ dst: "0.0.0.0/0" }] },
      dns: {},
    });
    for (const id of ["a", "b", "a"]) expect(net.call("DEL", id)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(net.leases()).toEqual({});
    cniError(net.call("CHECK", "a"), "Failed to find address added by container a");
  });

  test("answers GC and STATUS", () => {
    using net = pool();
    expect(net.call("STATUS", "").status).toBe(0);
    for (const id of ["live", "dead"]) net.add(id);
    // A lease's time is rounded up to the millisecond: GC spares one that was made in the same.
    Bun.sleepSync(2);
    const conf = { "cni.dev/valid-attachments": [{ containerID: "live", ifname: "eth0" }] };
    expect(net.call("GC", "", { conf })).toMatchObject({ status: 0, stderr: "" });
    expect(net.leases()).toEqual({ "10.1.2.2": "live\r\neth0" });
    const range = { subnet: "10.1.2.0/24", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.2" };
    const full = { ipam: { ranges: [[range]] } };
    cniError(net.call("ADD", "third", full), "1 of 1 addresses are leased");
    expect(net.call("STATUS", "", full)).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  test("gives 64 containers that start at once an address each, and frees them at once", async () => {
    using net = pool();
    const ids = Array.from({ length: 64 }, (_, i) => `c${i}`);
    const added = await Promise.all(ids.map((id) => net.start("ADD", id)));
    const addresses = added.map(({ json, stdout }) => json?.ips?.[0].address ?? stdout);
    expect(new Set(addresses).size).toBe(64);
    expect(Object.keys(net.leases()).map((ip) => `${ip}/24`)).toEqual(addresses.toSorted());
    const deleted = await Promise.all(ids.map((id) => net.start("DEL", id)));
    expect(deleted.filter(({ status }) => status !== 0)).toEqual([]);
    expect(net.leases()).toEqual({});
  });

  test("GC that races ADDs takes no lease of a running or finished one", async () => {
    using net = pool();
    const conf = { "cni.dev/valid-attachments": [] };
    for (let round = 0; round < 5; round++) {
      const ids = Array.from({ length: 10 }, (_, i) => `c${round}-${i}`);
      const gc = net.start("GC", "", { conf });
      const added = ids.map((id) => net.start("ADD", id));
      expect(await gc).toMatchObject({ status: 0 });
      for (const { status } of await Promise.all(added)) expect(status).toBe(0);
      const held = new Set(Object.values(net.leases()));
      // One that came before the GC began may be taken: nobody vouched for it.
      expect(ids.filter((id) => held.has(`${id}\r\neth0`)).length).toBeGreaterThan(0);
    }
  });

  testMixed(
    "shares a directory with the reference, both at once",
    async () => {
      using net = pool();
      const bins = [REFERENCE, undefined];
      const bin = (i: number) => (bins[i % 2] === undefined ? {} : { bin: REFERENCE });
      for (let round = 0; round < 6; round++) {
        const ids = Array.from({ length: 20 }, (_, i) => `c${round}-${i}`);
        const added = await Promise.all(ids.map((id, i) => net.start("ADD", id, bin(i))));
        const addresses = added.map(({ json, stdout }) => json?.ips?.[0].address ?? stdout);
        expect(Object.keys(net.leases()).map((ip) => `${ip}/24`)).toEqual(addresses.toSorted());
        for (const id of ids) expect(net.call("CHECK", id, bin(round)).status).toBe(0);
        const again = await Promise.all(ids.map((id, i) => net.start("ADD", id, bin(i + round))));
        for (const reply of again) cniError(reply, "duplicate allocation is not allowed");
        const deleted = await Promise.all(ids.map((id, i) => net.start("DEL", id, bin(i + 1))));
        expect(deleted.filter(({ status }) => status !== 0)).toEqual([]);
        expect(net.leases()).toEqual({});
      }
    },
    60_000,
  );

  const TOP = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff";
  testMixed.each([
    { subnet: "0.0.0.0/30" },
    { subnet: "0.0.0.0/30", rangeStart: "0.0.0.0", rangeEnd: "0.0.0.3" },
    { subnet: "0.0.0.0/30", rangeStart: "0.0.0.3" },
    { subnet: "255.255.255.252/30" },
    { subnet: "255.255.255.252/30", gateway: "255.255.255.252", rangeEnd: "255.255.255.255" },
    { subnet: "255.255.255.252/30", rangeStart: "255.255.255.255", gateway: "255.255.255.255" },
    { subnet: "::/126" },
    { subnet: "::/126", rangeStart: "::", rangeEnd: "::1", gateway: "::3" },
    { subnet: `${TOP}fc/126` },
    { subnet: `${TOP}fc/126`, rangeStart: `${TOP}ff`, gateway: `${TOP}fc` },
    { subnet: "10.1.2.0/24", gateway: "10.1.3.1" },
    { subnet: "10.1.2.0/24", gateway: "fd00::1" },
    { subnet: "10.1.2.0/24", gateway: "10.1.2.255", rangeStart: "10.1.3.1" },
    { subnet: "fd00::/64", gateway: "10.1.2.1" },
    { subnet: "10.1.2.0/24", rangeStart: "10.1.2.255" },
    { subnet: "10.1.2.0/24", rangeStart: "10.1.2.9", rangeEnd: "10.1.2.8" },
    { subnet: "10.1.2.0/24", rangeEnd: "10.1.2.0" },
  ])("answers as the reference to the range %j", (range) => {
    const answers = [{}, { bin: REFERENCE }].map((bin) => {
      using net = pool();
      return ["a", "b", "c", "d"].map((id) => {
        const { json, stderr } = net.call("ADD", id, { ipam: { ranges: [[range]] }, ...bin });
        return json?.ips ?? json?.msg ?? stderr;
      });
    });
    expect(answers[0]).toEqual(answers[1]);
  });

  testMixed("writes what the reference writes", () => {
    using ours = pool();
    using theirs = pool();
    const options = {
      ipam: { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:DB8:0::/64" }]] },
      args: "IP=10.1.2.77",
    };
    expect(ours.call("ADD", "a", options).json).toEqual(theirs.call("ADD", "a", { ...options, bin: REFERENCE }).json);
    expect(ours.leases()).toEqual(theirs.leases());
    const facts = (dir: string) =>
      [".", "lock", "10.1.2.77", "2001:db8::2", "last_reserved_ip.0", "last_reserved_ip.1"].map((name) => {
        const { mode, size, uid } = statSync(join(dir, name));
        return [name, mode, name === "." ? 0 : size, uid];
      });
    expect(facts(ours.dir)).toEqual(facts(theirs.dir));
  });
});

describe("the lock of host-local", () => {
  const conf = { berth: { lockTimeout: 1 } };

  test("is waited for so long, then its holder is named", async () => {
    using net = pool();
    net.add("a");
    const holder = Bun.spawn(["flock", "--no-fork", join(net.dir, "lock"), "sleep", "30"], {
      env: { ...process.env, CNI_COMMAND: "ADD", CNI_CONTAINERID: "slow-one" },
    });
    try {
      while (Bun.spawnSync(["flock", "-n", join(net.dir, "lock"), "true"]).exitCode === 0) await Bun.sleep(10);
      expect(net.call("STATUS", "", { conf })).toMatchObject({ status: 0, stdout: "", stderr: "" });
      for (const verb of ["ADD", "DEL", "CHECK"] as const) {
        const start = performance.now();
        const error = cniError(net.call(verb, "b", { conf }), `pid ${holder.pid}`, "sleep 30", "ADD of slow-one");
        expect(error).toMatchObject({ code: 11, msg: 'waited 1 s for the lock of network "pool"' });
        expect(performance.now() - start).toBeWithin(900, 5000);
      }
    } finally {
      holder.kill("SIGKILL");
      await holder.exited;
    }
  });

  test("of a dead holder blocks nobody", async () => {
    using net = pool();
    mkdirSync(net.dir, { recursive: true });
    writeFileSync(join(net.dir, "lock"), "");
    const holder = Bun.spawn(["flock", "--no-fork", join(net.dir, "lock"), "sleep", "30"]);
    while (Bun.spawnSync(["flock", "-n", join(net.dir, "lock"), "true"]).exitCode === 0) await Bun.sleep(10);
    const waiting = net.start("ADD", "a");
    await Bun.sleep(50);
    holder.kill("SIGKILL");
    expect((await waiting).status).toBe(0);
  });
});
