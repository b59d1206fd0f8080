/** What STATUS finds before an ADD does. */
import { describe, expect } from "bun:test";
import { cniError } from "../support/cni-error.ts";
import type { Json } from "../support/command.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, can, namespaces, needs } from "../support/needs.ts";
import { openRoom } from "../support/room.ts";

/** Where the module is loaded, each namespace has the setting; elsewhere there is nothing to leave alone. */
const brNetfilter = can("br_netfilter", "test", "-e", "/proc/sys/net/bridge/bridge-nf-call-iptables");
const need = needs(namespaces, built);
const needIptables = needs(namespaces, built, can("root and iptables", "iptables", "-S"));

const NODE = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };

const network = (lab: Lab, over: object = {}) => lab.conf({ cniVersion: "1.1.0", ipMasq: true, ...over });
const status = (lab: Lab, over: object = {}) => lab.call("bridge", "STATUS", { conf: network(lab, over), env: NODE });
const add = (lab: Lab, over: object = {}) =>
  lab.call("bridge", "ADD", { ns: lab.container(), conf: network(lab, over) });
const ip = (lab: Lab, ...args: string[]) => lab.sh(lab.host, "ip", ...args);

/** What it says on stderr, but for what this machine's br_netfilter gives reason to. */
const warnings = ({ stderr }: { stderr: string }) =>
  stderr.split("\n").filter((line) => line && !/br_netfilter/.test(line));

describe("bridge/STATUS says 50, as ADD fails, and is ready when the cause is cured:", () => {
  need(
    "another kind of link has the bridge's name",
    inLab((lab) => {
      ip(lab, "link", "add", "lab0", "type", "veth", "peer", "name", "p0");
      expect(cniError(status(lab), "lab0", "not a bridge", "veth").code).toBe(50);
      cniError(add(lab), "not a bridge");
      ip(lab, "link", "del", "lab0");
      expect(status(lab)).toMatchObject({ status: 0, stdout: "" });
    }),
  );

  const RANGES: [string, Json, string][] = [
    ["of a range", { ranges: [[{ subnet: "10.77.0.0/24" }]] }, "10.77.0.1/24"],
    ["of a subnet", { subnet: "10.77.0.0/24" }, "10.77.0.1/24"],
    ["configured", { ranges: [[{ subnet: "10.77.0.0/24", gateway: "10.77.0.254" }]] }, "10.77.0.254/24"],
    ["of IPv6", { ranges: [[{ subnet: "fd77::/64" }]] }, "fd77::1/64"],
  ];
  need.each(RANGES)("another subnet is on the bridge: the gateway %s", async (_, ranges, gateway) => {
    await inLab((lab) => {
      const over = { ipam: { type: "host-local", ...ranges } };
      ip(lab, "link", "add", "lab0", "type", "bridge");
      const foreign = gateway.includes(":") ? "fd77::9/48" : "192.0.2.1/24";
      ip(lab, "addr", "add", foreign, "dev", "lab0");
      expect(cniError(status(lab, over), gateway, foreign).code).toBe(50);
      cniError(add(lab, over), gateway, foreign);
      for (const cure of [{ forceAddress: true }, { isGateway: false }]) {
        expect(status(lab, { ...over, ...cure })).toMatchObject({ status: 0, stdout: "" });
      }
      ip(lab, "addr", "del", foreign, "dev", "lab0");
      expect(status(lab, over)).toMatchObject({ status: 0, stdout: "" });
      expect(add(lab, over).status).toBe(0);
      expect(status(lab, over)).toMatchObject({ status: 0, stdout: "" });
    })();
  });

  need("the backend is not installed", async () => {
    await inLab(async (lab) => {
      using room = await openRoom(lab, [
        "mount -t tmpfs none /usr/local/sbin",
        `mkdir ${lab.dir}/empty`,
        `mount --bind ${lab.dir}/empty /usr/sbin`,
      ]);
      const conf = JSON.stringify(network(lab, { ipMasqBackend: "iptables" }));
      const env = `CNI_COMMAND=STATUS CNI_PATH=${lab.bin}`;
      const { status, stdout, stderr } = room.run("sh", "-c", `echo '${conf}' | env -i ${env} ${lab.bin}/bridge`);
      const reply = { status, stdout, stderr, json: JSON.parse(stdout) };
      expect(cniError(reply, "iptables-restore", "install iptables").code).toBe(50);
    })();
  });

  need(
    "the backend is unknown",
    inLab((lab) => {
      expect(cniError(status(lab, { ipMasqBackend: "pf" }), "pf").code).toBe(7);
    }),
  );
});

describe("bridge/STATUS is ready, with a line on stderr", () => {
  needIptables(
    "where iptables drops what is forwarded",
    inLab((lab) => {
      expect(warnings(status(lab))).toEqual([]);
      lab.sh(lab.host, "iptables", "-P", "FORWARD", "DROP");
      const reply = status(lab, { ipMasqBackend: "iptables" });
      expect(reply).toMatchObject({ status: 0, stdout: "" });
      expect(warnings(reply)).toEqual([expect.stringContaining("policy DROP of FORWARD")]);
      lab.sh(lab.host, "iptables", "-P", "FORWARD", "ACCEPT");
      expect(warnings(status(lab))).toEqual([]);
    }),
  );

  needs(namespaces, built, brNetfilter).each(["0", "1"])("and ADD leaves br_netfilter as it is: %s", async (value) => {
    await inLab((lab) => {
      const path = "/proc/sys/net/bridge/bridge-nf-call-iptables";
      lab.sh(lab.host, "sh", "-c", `echo ${value} >${path}`);
      expect([add(lab).status, status(lab).status, lab.sh(lab.host, "cat", path)]).toEqual([0, 0, `${value}\n`]);
    })();
  });

  need(
    "where br_netfilter is on, in this namespace",
    inLab((lab) => {
      const set = (value: string) =>
        lab.attempt(lab.host, "sh", "-c", `echo ${value} >/proc/sys/net/bridge/bridge-nf-call-iptables`).status;
      for (const value of ["0", "1"]) {
        const there = set(value) === 0 && value === "1";
        const reply = status(lab);
        expect([reply.status, reply.stderr.includes("br_netfilter")]).toEqual([0, there]);
      }
    }),
  );
});
