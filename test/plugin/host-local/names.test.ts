/** Network names as long as the reference takes them. */
import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import { inLab } from "../../support/lab.ts";
import { built, type Need, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";
import { pool } from "./pool.ts";

const strace: Need = { what: "strace", met: () => Bun.which("strace") !== null };
const LENGTHS = [201, 247, 248, 255];
const nameOf = (length: number) => "net-".padEnd(length, "x");

describe("a network name", () => {
  needs(built, reference).each(LENGTHS)("of %d characters leases as in the reference", (length) => {
    const conf = { name: nameOf(length) };
    for (const bin of [{}, { bin: REFERENCE }]) {
      using net = pool();
      expect(net.add("a", { conf, ...bin })).toEqual(["10.1.2.2"]);
      for (const verb of ["CHECK", "DEL"] as const) expect(net.call(verb, "a", { conf, ...bin }).status).toBe(0);
      expect(readdirSync(join(net.dataDir, conf.name)).sort()).toEqual(["last_reserved_ip.0", "lock"]);
    }
  });

  needs(built)("of 256 characters is refused by ADD, and its DEL finds nothing to do", () => {
    using net = pool();
    const conf = { name: nameOf(256) };
    expect(cniError(net.call("ADD", "a", { conf }), "network name is too long").code).toBe(7);
    expect(net.call("DEL", "a", { conf })).toMatchObject({ status: 0, stdout: "" });
    expect(cniError(net.call("STATUS", "", { conf }), "name too long").code).toBe(50);
    expect(existsSync(net.dataDir) ? readdirSync(net.dataDir) : []).toEqual([]);
  });

  needs(namespaces, built).each(LENGTHS)(
    "of %d characters masquerades and watches, and DEL leaves nothing",
    (length) => {
      return inLab((lab) => {
        const name = nameOf(length);
        const conf = lab.conf({ name, cniVersion: "1.1.0", ipMasq: true, macspoofchk: true, ipam: DUAL_STACK });
        const guests = ["a", "b"].map((letter) => ({ ns: lab.container(), id: letter.repeat(64), conf }));
        for (const guest of guests) {
          const prevResult = lab.add(guest);
          expect(lab.call("bridge", "CHECK", { ...guest, conf: { ...conf, prevResult } }).status).toBe(0);
        }
        const elements = () => lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []).length;
        expect([Object.keys(lab.leases(name)).length, lab.ports().length, elements()]).toEqual([4, 2, 4]);
        // Without the namespace the host's end is found by its name and alias.
        for (const guest of guests) lab.del({ ...guest, env: { CNI_NETNS: "" } });
        expect([Object.keys(lab.leases(name)).length, lab.ports().length, elements()]).toEqual([0, 0, 0]);
        expect(lab.rulesNaming("macspoofchk")).toEqual([]);
      })();
    },
  );
});

needs(built, strace)(
  "a network name of 255 characters leases where O_TMPFILE is refused, and leaves no temporary file",
  () => {
    using net = pool();
    const conf = { name: nameOf(255) };
    const log = join(net.root, "trace");
    const by = ["strace", "-qq", "-o", log, "-P", join(net.dataDir, conf.name)];
    net.call("ADD", "first", { conf });
    const reply = net.call("ADD", "a", { conf, by: [...by, "-e", "inject=open,openat:error=EOPNOTSUPP"] });
    expect(reply.json?.ips?.[0].address ?? reply.stdout).toBe("10.1.2.3/24");
    expect(readFileSync(log, "utf8")).toMatch(/O_TMPFILE.*INJECTED/);
    expect(readdirSync(net.dataDir)).toEqual([conf.name]);
  },
);
