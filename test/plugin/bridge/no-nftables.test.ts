/** Without nfnetlink, as a filter makes it seem; test/vm/lean.test.ts has kernels that really lack it. */
import { expect } from "bun:test";
import { EPERM, EPROTONOSUPPORT } from "../../../src/base/errno.ts";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, type Need, namespaces, needs } from "../../support/needs.ts";
import { filtered } from "../../support/seccomp.ts";

const python: Need = { what: "python3", met: () => Bun.which("python3") !== null };
const needsAll = needs(namespaces, built, python);
const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;

/** Calls of the bridge plugin, to which the socket is refused. */
function caller(lab: Lab, errno: number) {
  const bin = filtered(lab.dir, ["bridge"], {
    call: "socket",
    when: { 0: AF_NETLINK, 2: NETLINK_NETFILTER },
    errno,
  });
  const ns = lab.container();
  return (verb: "ADD" | "DEL" | "CHECK" | "GC" | "STATUS", over = {}) =>
    lab.call("bridge", verb, { bin, path: BIN, ns, conf: lab.conf({ cniVersion: "1.1.0", ...over }) });
}

needsAll(
  "bridge lives and goes without nfnetlink, and refuses what needs it",
  inLab((lab) => {
    const call = caller(lab, EPROTONOSUPPORT);
    expect(call("STATUS")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    const { status, json: prevResult } = call("ADD");
    expect(status).toBe(0);
    expect(call("CHECK", { prevResult })).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(call("DEL")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(lab.leases()).toEqual({});
    expect(call("ADD").status).toBe(0);
    expect(call("GC", { "cni.dev/valid-attachments": [] })).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    cniError(call("ADD", { macspoofchk: true }), "failed to setup spoof-check", "modprobe nf_tables");
    expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
  }),
);

needsAll(
  "bridge/DEL and GC conclude nothing where nfnetlink is refused to them",
  inLab((lab) => {
    const call = caller(lab, EPERM);
    expect(call("ADD").status).toBe(0);
    cniError(call("DEL"), "EPERM");
    cniError(call("GC", { "cni.dev/valid-attachments": [] }), "EPERM");
    expect(Object.keys(lab.leases())).toEqual(["10.77.0.2"]);
  }),
);
