/** What ptp itself promises: traffic at once, nothing left by a failed ADD, DEL and GC that need nothing, CHECK, STATUS. */
import { describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Conf } from "../../support/conf.ts";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, linkKind, namespaces, needs, nftables } from "../../support/needs.ts";
import { dual, hostEnd, ptpConf, V6 } from "../../support/ptp-net.ts";
import { snapshot } from "../../support/snapshot.ts";

const need = needs(namespaces, built, linkKind("veth"));
const needNft = needs(namespaces, built, linkKind("veth"), nftables);
const pings = (lab: Lab, ns: string, to: string) => lab.attempt(ns, "ping", "-c1", "-W1", to).status === 0;

describe("ptp", () => {
  need(
    "reaches the host and another container at once, in both families",
    inLab((lab) => {
      const [one, two] = [lab.container(), lab.container()];
      const conf = dual(lab);
      lab.add({ ns: one, conf, id: "one" });
      for (const to of ["10.77.0.1", "fd77::1"]) expect([to, pings(lab, one, to)]).toEqual([to, true]);
      for (const to of ["10.77.0.2", "fd77::2"]) expect([to, pings(lab, lab.host, to)]).toEqual([to, true]);
      lab.add({ ns: two, conf, id: "two" });
      for (const to of ["10.77.0.2", "fd77::2"]) expect([to, pings(lab, two, to)]).toEqual([to, true]);
      for (const to of ["10.77.0.3", "fd77::3"]) expect([to, pings(lab, one, to)]).toEqual([to, true]);
    }),
  );

  need(
    "says whose the host's end is",
    inLab((lab) => {
      lab.add({ ns: lab.container(), conf: ptpConf(lab), id: "one" });
      expect(hostEnd(lab).ifalias).toBe("berth:labnet/one/eth0");
    }),
  );

  needNft(
    "masquerades, and DEL without namespace and result takes all down, as often as it is called",
    inLab((lab) => {
      const ns = lab.container();
      const before = lab.ipj(lab.host, "route", "show", "table", "all");
      const conf = dual(lab, { ipMasq: true });
      lab.add({ ns, conf });
      expect(lab.rulesNaming("10.77.0.2").length + lab.rulesNaming("fd77::2").length).toBeGreaterThan(1);
      for (let times = 0; times < 2; times++) lab.del({ conf });
      expect([hostEnd(lab), lab.leases(), lab.rulesNaming("10.77.0.2", "fd77::2")]).toEqual([undefined, {}, []]);
      expect(lab.ipj(lab.host, "route", "show", "table", "all")).toEqual(before);
      lab.add({ ns, conf });
    }),
  );

  needNft.each([
    [{ ipMasq: true }, [UPLINK.v4, UPLINK.v6]],
    [{ ipMasq: true, ipMasqBackend: "iptables" }, [UPLINK.v4, UPLINK.v6]],
    [{ ipMasq: false }, ["10.77.0.2", "fd77::2"]],
  ])("with %p others see the container as %p", async (over, expected) => {
    await inLab((lab) => {
      const far = farHost(lab);
      const ns = lab.container();
      lab.add({ ns, conf: dual(lab, over) });
      for (const address of far.addresses) lab.attempt(ns, "ping", "-c1", "-W0.3", address);
      expect(far.seen()).toEqual(expected);
    })();
  });

  needNft(
    "berth repair puts back its rules",
    inLab((lab) => {
      const ns = lab.container();
      const conf = dual(lab, { ipMasq: true });
      const result = lab.add({ ns, conf });
      const list = JSON.stringify({ cniVersion: conf.cniVersion, name: conf.name, plugins: [conf] });
      const cached = { kind: "cniCacheV1", containerId: "cid-1", ifName: "eth0", networkName: conf.name, result };
      mkdirSync(join(lab.dir, "results"));
      const config = Buffer.from(list).toString("base64");
      writeFileSync(join(lab.dir, "results/labnet-cid-1-eth0"), JSON.stringify({ ...cached, config }));
      lab.sh(lab.host, "nft", "flush", "ruleset");
      const check = () => lab.call("ptp", "CHECK", { ns, conf: { ...conf, prevResult: result } }).json?.msg;
      expect(check()).toContain("masquerading is broken");
      lab.sh(lab.host, join(lab.bin, "berth"), "repair", "labnet", "--cache-dir", lab.dir);
      expect(check()).toBeUndefined();
    }),
  );

  const IN_THE_WAY: [what: string, prepare: (lab: Lab, ns: string) => void, conf: (lab: Lab) => Conf, code: number][] =
    [
      [
        "the container's interface",
        (lab, ns) => void lab.sh(ns, ..."ip link add eth0 type dummy".replace("dummy", "veth").split(" ")),
        dual,
        999,
      ],
      ["a route to its own subnet", () => {}, (lab) => ptpConf(lab, {}, { routes: [{ dst: "10.77.0.0/24" }] }), 7],
      [
        "no gateway",
        () => {},
        (lab) => ptpConf(lab, {}, { type: "static", addresses: [{ address: "10.77.0.9/24" }] }),
        7,
      ],
      ["an mtu that IPv6 has not", () => {}, (lab) => ({ ...dual(lab), mtu: 1000 }), 7],
      ["no ipam", () => {}, (lab) => ({ ...ptpConf(lab), ipam: {} }), 7],
    ];
  need.each(IN_THE_WAY)("leaves nothing when its ADD fails: %s", async (_, prepare, conf, code) => {
    await inLab((lab) => {
      const ns = lab.container();
      lab.sh(
        lab.host,
        "sh",
        "-c",
        "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
      );
      prepare(lab, ns);
      const before = { ...snapshot(lab, [ns], { cursor: false }), files: {} };
      const { status, json } = lab.call("ptp", "ADD", { ns, conf: conf(lab) });
      expect([status, json.code, json.details.length > 0]).toEqual([1, code, true]);
      expect({ ...snapshot(lab, [ns], { cursor: false }), files: {} }).toEqual(before);
      expect(lab.leases()).toEqual({});
    })();
  });

  need(
    "switches IPv6 on where new interfaces have it off",
    inLab((lab) => {
      lab.sh(lab.host, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
      const ns = lab.container();
      lab.add({ ns, conf: dual(lab) });
      expect(pings(lab, ns, "fd77::1")).toBe(true);
    }),
  );

  const BROKEN: [what: string, how: (lab: Lab, ns: string) => void, message: RegExp][] = [
    [
      "the container's route",
      (lab, ns) => void lab.sh(ns, "ip", "route", "del", "default"),
      /Expected Route 0\.0\.0\.0\/0/,
    ],
    [
      "the host's route",
      (lab) => void lab.sh(lab.host, "ip", "route", "del", "10.77.0.2"),
      /Expected Route 10\.77\.0\.2\/32/,
    ],
    [
      "the gateway's address",
      (lab) => void lab.sh(lab.host, "ip", "addr", "del", "10.77.0.1/32", "dev", hostEnd(lab).ifname),
      /Failed to match addr 10\.77\.0\.1/,
    ],
    ["the interface", (lab, ns) => void lab.sh(ns, "ip", "link", "del", "eth0"), /Interface eth0 not found/],
  ];
  need.each(BROKEN)("its CHECK finds %s missing", async (_, how, message) => {
    await inLab((lab) => {
      const ns = lab.container();
      const conf = ptpConf(lab);
      const prevResult = lab.add({ ns, conf });
      const check = () => lab.call("ptp", "CHECK", { ns, conf: { ...conf, prevResult } });
      expect(check().status).toBe(0);
      how(lab, ns);
      expect(check().json.msg).toMatch(message);
    })();
  });

  needNft(
    "its GC frees what is not valid any more, and nothing else",
    inLab((lab) => {
      const conf = ptpConf(lab, { ipMasq: true });
      const [one, two] = [lab.container(), lab.container()];
      lab.add({ ns: one, conf, id: "one" });
      lab.add({ ns: two, conf, id: "two" });
      const valid = { "cni.dev/valid-attachments": [{ containerID: "two", ifname: "eth0" }] };
      expect(lab.call("ptp", "GC", { conf: { ...conf, ...valid } }).status).toBe(0);
      expect([Object.keys(lab.leases()), hostEnd(lab).ifalias]).toEqual([["10.77.0.3"], "berth:labnet/two/eth0"]);
      expect([lab.rulesNaming("10.77.0.2"), lab.rulesNaming("10.77.0.3").length]).toEqual([[], 1]);
      expect(pings(lab, two, "10.77.0.1")).toBe(true);
    }),
  );

  need(
    "its STATUS says what no ADD can do",
    inLab((lab) => {
      const status = (conf: Conf) => {
        const { status, json } = lab.call("ptp", "STATUS", { conf });
        return [status, json?.code];
      };
      expect(status(dual(lab))).toEqual([0, undefined]);
      expect(status(ptpConf(lab, { mtu: 1000 }, { ranges: [V6] }))).toEqual([1, 7]);
      expect(status(ptpConf(lab, {}, { type: "static", addresses: [{ address: "10.77.0.9/24" }] }))).toEqual([1, 7]);
      expect(status({ ...ptpConf(lab), ipam: {} })).toEqual([1, 7]);
    }),
  );
});
