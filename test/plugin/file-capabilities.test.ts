/** Run by another user than root, with the capabilities of the file: what such a user may not look at is no reason to fail. */
import { expect } from "bun:test";
import { chmodSync, chownSync, copyFileSync, linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, sh } from "../support/command.ts";
import { inLab } from "../support/lab.ts";
import { BIN, built, type Need, namespaces, needs, nftables } from "../support/needs.ts";

const USER = 12345;
const AS_USER = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

const users: Need = { what: "setpriv, as root", met: () => attempt(undefined, ...AS_USER, "true").status === 0 };
const setcap: Need = { what: "setcap", met: () => Bun.which("setcap", { PATH }) !== null };

/** The plugins in `dir`, and a directory of scripts that call them as the user. */
function installed(dir: string): { own: string; scripts: string } {
  const [own, scripts] = [join(dir, "own"), join(dir, "scripts")];
  for (const one of [own, scripts]) mkdirSync(one);
  copyFileSync(join(BIN, "berth"), join(own, "bridge"));
  chmodSync(join(own, "bridge"), 0o755);
  sh(undefined, Bun.which("setcap", { PATH }) ?? "", "cap_net_admin,cap_sys_admin=ep", join(own, "bridge"));
  linkSync(join(own, "bridge"), join(own, "host-local"));
  writeFileSync(join(scripts, "bridge"), `#!/bin/sh\nexec ${AS_USER.join(" ")} ${join(own, "bridge")}\n`);
  chmodSync(join(scripts, "bridge"), 0o755);
  return { own, scripts };
}

needs(
  namespaces,
  built,
  nftables,
  users,
  setcap,
)(
  "bridge with capabilities of its file lives and goes, whatever became of its rules",
  inLab((lab) => {
    const { own, scripts } = installed(lab.dir);
    chmodSync(lab.dir, 0o755);
    mkdirSync(lab.store);
    chownSync(lab.store, USER, USER);
    const ns = lab.container();
    const conf = lab.conf({ cniVersion: "1.1.0", ipMasq: true });
    const call = (verb: "ADD" | "CHECK" | "DEL" | "STATUS" | "GC", over = {}) =>
      lab.call("bridge", verb, { bin: scripts, path: own, ns, conf: { ...conf, ...over } });
    expect(call("STATUS").status).toBe(0);
    const { status, json: prevResult } = call("ADD");
    expect(status).toBe(0);
    expect(call("CHECK", { prevResult }).status).toBe(0);
    lab.sh(lab.host, "nft", "flush", "ruleset");
    expect(call("DEL", { prevResult })).toMatchObject({ status: 0, stdout: "" });
    expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    expect(call("ADD").status).toBe(0);
    expect(call("GC", { "cni.dev/valid-attachments": [] }).status).toBe(0);
    expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
  }),
);
