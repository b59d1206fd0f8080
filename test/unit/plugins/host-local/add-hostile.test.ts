/** Verbs of host-local where something else lies in its directory, or the directory is a link. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refusal } from "../../../support/refusal.ts";
import { network, ownedAddresses } from "./network.ts";

describe("add() in a hostile directory", () => {
  test("passes over what is no lease, without hanging or following it", () => {
    using net = network();
    net.write("lock", "");
    writeFileSync(join(net.root, "outside"), "a\r\neth0");
    symlinkSync(join(net.root, "outside"), net.path("10.1.2.2"));
    mkdirSync(net.path("10.1.2.3"));
    Bun.spawnSync(["mkfifo", net.path("10.1.2.4")]);
    net.write("10.1.2.5", "x".repeat(1 << 20));
    net.write("10.1.2.6", new Uint8Array([0xff, 0xfe, 0]));
    expect(net.add("a")).toEqual(["10.1.2.7/24"]);
    net.check("a");
    net.gc(["a/eth0"]);
    net.del("a");
    const left = readdirSync(net.dir).filter((name) => name.startsWith("10."));
    expect(left.sort()).toEqual([2, 3, 4, 5, 6].map((n) => `10.1.2.${n}`));
  });

  test("writes through no link: neither lock, nor round robin", () => {
    for (const name of ["lock", "last_reserved_ip.0"]) {
      using net = network();
      net.write("x", "");
      symlinkSync(join(net.root, "outside"), net.path(name));
      expect(refusal(() => net.add("a")).code).toBe(5);
      expect(existsSync(join(net.root, "outside"))).toBe(false);
      expect(Object.keys(net.leases())).toEqual(["x"]);
      net.del("a");
    }
  });

  test("works where dataDir itself is a link", () => {
    using net = network();
    mkdirSync(join(net.root, "elsewhere"));
    symlinkSync(join(net.root, "elsewhere"), net.dataDir);
    expect(net.add("a")).toEqual(["10.1.2.2/24"]);
    net.status();
  });

  test("works where the network's directory is a link, as all other verbs do", () => {
    using net = network();
    const elsewhere = join(net.root, "elsewhere");
    for (const dir of [net.dataDir, elsewhere]) mkdirSync(dir);
    symlinkSync(elsewhere, net.dir);
    net.status();
    for (const id of ["a", "b", "c"]) net.add(id);
    net.check("a");
    expect(ownedAddresses(net.owned("a"))).toEqual(["10.1.2.2"]);
    net.del("a");
    net.gc(["b/eth0"]);
    net.status();
    expect(readdirSync(elsewhere).sort()).toEqual(["10.1.2.3", "last_reserved_ip.0", "lock"]);
    // The index is the directory's, whatever the way to it.
    expect(readdirSync(net.indexDir)).toEqual([`${statSync(elsewhere).dev}-${statSync(elsewhere).ino}`]);
  });

  test.each(["nowhere", "net"])("is refused by all verbs where that link leads nowhere (%s)", (target) => {
    using net = network();
    mkdirSync(net.dataDir);
    symlinkSync(target, net.dir);
    const verbs = [() => net.add("a"), () => net.check("a"), () => net.del("a"), () => net.gc([]), () => net.status()];
    const errors = verbs.map(refusal);
    expect(errors.map(({ code }) => code)).toEqual([5, 5, 5, 5, 50]);
    for (const { message } of errors) expect(message).toContain(`${net.dir} is a link that leads nowhere`);
    expect(readdirSync(net.dataDir)).toEqual(["net"]);
  });
});
