/** A process that may open few files: what does not fit must say so, and leave all to the next call. */
import { expect } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../support/cni-error.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { BIN, built, type Need, namespaces, needs } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

const prlimit: Need = { what: "prlimit", met: () => Bun.which("prlimit") !== null };
const test = needs(namespaces, built, prlimit);

/** A directory with a bridge that may have `count` files open. */
function limited(lab: Lab, count: number): string {
  const bin = join(lab.dir, `limit-${count}`);
  mkdirSync(bin);
  const file = join(bin, "bridge");
  writeFileSync(file, `#!/bin/sh\nexec prlimit --nofile=${count} ${join(BIN, "bridge")}\n`);
  chmodSync(file, 0o755);
  return bin;
}

test(
  "bridge lives and goes with 16 open files",
  inLab((lab) => {
    const bin = limited(lab, 16);
    const ns = lab.container();
    const conf = lab.conf({ ipMasq: true, ipam: DUAL_STACK });
    for (const verb of ["ADD", "DEL"] as const) {
      expect(lab.call("bridge", verb, { bin, path: BIN, ns, conf })).toMatchObject({ status: 0, stderr: "" });
    }
    expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
  }),
);

test(
  "bridge/DEL with fewer does all or says that it did not, takes nothing for gone, and can be repeated",
  inLab((lab) => {
    for (const count of [4, 5, 6, 7, 8, 9]) {
      const ns = lab.container();
      const conf = lab.conf({ ipMasq: true, ipam: DUAL_STACK });
      lab.add({ ns, conf });
      const reply = lab.call("bridge", "DEL", { bin: limited(lab, count), path: BIN, ns, conf });
      if (reply.status === 0) expect(lab.leases()).toEqual({});
      else expect(cniError(reply).details).toMatch(/limit of open files|cannot be seen: repeat|can be repeated/);
      expect(reply.stderr).toBe("");
      lab.del({ ns, conf });
      expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    }
  }),
);
