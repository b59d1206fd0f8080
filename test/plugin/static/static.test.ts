import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import type { CallOptions } from "../../support/conf.ts";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs, nftables } from "../../support/needs.ts";
import { snapshot } from "../../support/snapshot.ts";
import { efforts, strace, systemCalls } from "../../support/traced.ts";
import { ADDRESSES, CONF, IPAM } from "./conf.ts";

const need = needs(namespaces, built);

const conf = (over: object): Partial<CallOptions> => ({ conf: { ...CONF, ...over } });
const _ipam = (...addresses: object[]) => conf({ ipam: { type: "static", addresses } });

/** A bridge whose containers get the addresses of IPAM. */
const network = (lab: Lab, over: object = {}) => lab.conf({ ipam: IPAM, ...over });

/** Of the attachment: its host's end, its rules, the container's links. */
const remains = (lab: Lab, ns: string) => ({
  ports: lab.ports(),
  rules: lab.rulesNaming("cid-1", "10.77.0.9", "fd77::9"),
  links: lab.ipj(ns, "link").map(({ ifname }) => ifname),
});

describe("bridge with static", () => {
  need.each([
    ["", {}],
    [" and ipMasq", { ipMasq: true }],
    [" and ipMasq by iptables", { ipMasq: true, ipMasqBackend: "iptables" }],
    [" and macspoofchk", { macspoofchk: true }],
  ] as [string, object][])("attaches, checks, and leaves nothing, without prevResult%s", async (_, over) => {
    await inLab((lab) => {
      const ns = lab.container();
      const [options, first] = [{ ns, conf: network(lab, over) }, lab.container()];
      lab.add({
        ns: first,
        id: "first",
        conf: network(lab, { ...over, ipam: { type: "static", addresses: [{ address: "10.77.0.3/24" }] } }),
      });
      const before = snapshot(lab, [ns, first]);
      for (const gone of [false, true]) {
        const result = lab.add(options);
        const { ips } = result;
        expect(ips.map(({ address, gateway }: Json) => [address, gateway])).toEqual([
          ["10.77.0.9/24", "10.77.0.1"],
          ["fd77::9/64", "fd77::1"],
        ]);
        expect([lab.addrs(ns), lab.addrs(ns, "eth0", "inet6")]).toEqual([["10.77.0.9/24"], ["fd77::9/64"]]);
        expect(answers(lab, ns, "10.77.0.1")).toBe(true);
        const check = lab.call("bridge", "CHECK", { ns, conf: { ...options.conf, prevResult: result } });
        expect(check).toMatchObject({ status: 0, stdout: "" });
        for (let again = 0; again < 2; again++) lab.del(gone ? { conf: options.conf } : options);
        expect(remains(lab, ns)).toEqual({ ports: [expect.any(String)], rules: [], links: ["lo"] });
      }
      const { rules, namespaces: links } = snapshot(lab, [ns, first]);
      if (!("ipMasq" in over)) expect(rules).toEqual(before.rules);
      expect(links[ns]).toEqual(before.namespaces[ns]);
    })();
  });

  need(
    "DEL finds the rules of a configuration that asks for none any more",
    inLab((lab) => {
      const ns = lab.container();
      for (const over of [{ ipMasq: true }, { ipMasq: true, ipMasqBackend: "iptables" }, { macspoofchk: true }]) {
        lab.add({ ns, conf: network(lab, over) });
        lab.del({ conf: network(lab) });
        expect(remains(lab, ns)).toEqual({ ports: [], rules: [], links: ["lo"] });
      }
    }),
  );

  needs(
    namespaces,
    built,
    nftables,
  )(
    "masquerades",
    inLab((lab) => {
      const far = farHost(lab);
      const ns = lab.container();
      const routes = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];
      lab.add({ ns, conf: network(lab, { ipMasq: true, ipam: { type: "static", addresses: ADDRESSES, routes } }) });
      for (const address of far.addresses) expect([address, answers(lab, ns, address)]).toEqual([address, true]);
      expect(far.seen()).toEqual([UPLINK.v4, UPLINK.v6]);
    }),
  );

  need(
    "gives the addresses that the runtime asks for",
    inLab((lab) => {
      const ns = lab.container();
      const runtimeConfig = { ips: ["10.77.0.40/24"] };
      lab.add({ ns, conf: network(lab, { capabilities: { ips: true }, runtimeConfig, ipam: { type: "static" } }) });
      expect(lab.addrs(ns)).toEqual(["10.77.0.40/24"]);
    }),
  );

  need.each([
    ["no address", { addresses: [] }, "static"],
    ["what is no address", { addresses: [{ address: "10.77.0.9" }] }, "ipam.addresses[0].address"],
    ["a route that cannot be", { addresses: ADDRESSES, routes: [{ dst: "10.9.0.7/16" }] }, "10.9.0.7/16"],
    ["one address twice", { addresses: [{ address: "10.77.0.9/24" }, { address: "10.77.0.9/24" }] }, "10.77.0.9/24"],
  ])("refuses %s, and leaves nothing", async (_, of, word) => {
    await inLab((lab) => {
      const [ns, first] = [lab.container(), lab.container()];
      lab.add({ ns: first, id: "first", conf: network(lab) });
      const before = snapshot(lab, [ns, first]);
      cniError(
        lab.call("bridge", "ADD", { ns, conf: network(lab, { ipMasq: true, ipam: { type: "static", ...of } }) }),
        word,
      );
      const { rules: _, ...after } = snapshot(lab, [ns, first]);
      expect(after).toEqual({ namespaces: before.namespaces, files: before.files });
    })();
  });

  need(
    "GC with nobody alive leaves nothing, and STATUS says what every ADD would fail with",
    inLab((lab) => {
      const ns = lab.container();
      const over = { cniVersion: "1.1.0", ipMasq: true };
      lab.add({ ns, conf: network(lab, over) });
      const gc = lab.call("bridge", "GC", { conf: network(lab, { ...over, "cni.dev/valid-attachments": [] }) });
      expect(gc).toMatchObject({ status: 0, stdout: "", stderr: "" });
      expect(remains(lab, ns)).toEqual({ ports: [], rules: [], links: ["lo"] });
      const status = (of: object) => lab.call("bridge", "STATUS", { conf: network(lab, { ...over, ...of }) });
      expect(status({})).toMatchObject({ status: 0, stdout: "", stderr: "" });
      cniError(status({ ipam: { type: "static", addresses: [{ address: "none" }] } }), "ipam.addresses[0].address");
      lab.sh(lab.host, "ip", "link", "del", "lab0");
      lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
      lab.sh(lab.host, "ip", "addr", "add", "192.0.2.1/24", "dev", "lab0");
      expect(cniError(status({}), "10.77.0.1/24", "192.0.2.1/24").code).toBe(50);
    }),
  );

  needs(namespaces, built, strace).each(["ADD", "CHECK", "DEL"] as const)("%s is one process", async (verb) => {
    await inLab((lab) => {
      const ns = lab.container();
      const options = { ns, conf: network(lab) };
      const prevResult = verb === "ADD" ? undefined : lab.add(options);
      const calls = systemCalls(lab, "bridge", verb, {
        ns,
        conf: { ...options.conf, ...(prevResult && { prevResult }) },
      });
      expect(efforts(calls)).toMatchObject({ execs: 1, forks: 0 });
    })();
  });
});
