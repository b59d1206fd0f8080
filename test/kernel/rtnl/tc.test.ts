/** The verbs of rtnl/qdisc.ts, filter.ts, kinds/ifb.ts and sole-route.ts against the kernel, looked at with `tc` and `ip`. */
import { expect } from "bun:test";
import { EEXIST, ENOENT, ESRCH } from "../../../src/base/errno.ts";
import { addAddr } from "../../../src/rtnl/addr.ts";
import { addRedirection, listRedirections } from "../../../src/rtnl/filter.ts";
import { addIfb } from "../../../src/rtnl/kinds/ifb.ts";
import { setUp } from "../../../src/rtnl/link.ts";
import { addIngress, addTbf, deleteQdisc, listQdiscs } from "../../../src/rtnl/qdisc.ts";
import { addSoleRoute, deleteSubnetRoute, isOwn } from "../../../src/rtnl/sole-route.ts";
import { INGRESS, ROOT } from "../../../src/rtnl/tc.ts";
import type { Json } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { linkKind, needs } from "../../support/needs.ts";
import { change, indexOf, ip, look, NEEDS, needsLinks, pair, prefix, refused, using } from "./links.ts";

const needsIfb = needs(...NEEDS, linkKind("ifb"));
const TBF = { rate: 1_000_000, limit: 35_000, buffer: 156_250 };
const qdiscs = (lab: Lab, dev: string): Json[] =>
  JSON.parse(lab.sh(lab.host, "tc", "-j", "qdisc", "show", "dev", dev)).map(({ refcnt: _, ...one }: Json) => one);

needsIfb(
  "addTbf(), addIngress(), deleteQdisc() and listQdiscs() are as tc's",
  inLab((lab) => {
    pair(lab);
    const v0 = indexOf(lab, lab.host, "v0");
    change(lab, lab.host, addTbf(v0, TBF), addIngress(v0));
    expect(qdiscs(lab, "v0")).toEqual([
      { kind: "tbf", handle: "1:", root: true, options: { rate: 1_000_000, burst: 10_000, lat: 25_000 } },
      { kind: "ingress", handle: "ffff:", parent: "ffff:fff1", options: {} },
    ]);
    const found = using(lab, lab.host, listQdiscs).filter(({ index }) => index === v0);
    expect(found).toEqual([
      { index: v0, parent: ROOT, kind: "tbf", tbf: TBF },
      { index: v0, parent: INGRESS, kind: "ingress" },
    ]);
    expect(refused(lab, lab.host, addTbf(v0, TBF)).errno).toBe(EEXIST);
    expect(refused(lab, lab.host, addIngress(v0)).errno).toBe(EEXIST);
    change(lab, lab.host, deleteQdisc({ dev: v0, parent: ROOT }), deleteQdisc({ dev: v0, parent: INGRESS }));
    expect(qdiscs(lab, "v0").filter(({ kind }) => kind !== "noqueue")).toEqual([]);
    expect(refused(lab, lab.host, deleteQdisc({ dev: v0, parent: ROOT })).errno).toBe(ENOENT);
  }),
);

needsIfb(
  "addTbf() and listQdiscs() know rates that 32 bits do not hold",
  inLab((lab) => {
    pair(lab);
    const v0 = indexOf(lab, lab.host, "v0");
    const tbf = { rate: 1e10, limit: 251_000_000, buffer: 1562 };
    change(lab, lab.host, addTbf(v0, tbf));
    expect(qdiscs(lab, "v0")[0].options.rate).toBe(1e10);
    expect(using(lab, lab.host, listQdiscs).find(({ index }) => index === v0)?.tbf).toEqual(tbf);
  }),
);

needsIfb(
  "addIfb() and addRedirection() are as ip's and tc's",
  inLab((lab) => {
    pair(lab);
    const v0 = indexOf(lab, lab.host, "v0");
    change(lab, lab.host, addIfb({ name: "bwp0", mtu: 1400 }), addIngress(v0));
    const ifb = look(lab, lab.host, "bwp0");
    expect([ifb.linkinfo.info_kind, ifb.mtu, ifb.txqlen, ifb.flags.includes("UP")]).toEqual([
      "ifb",
      1400,
      undefined,
      true,
    ]);
    expect(using(lab, lab.host, (client) => listRedirections(client, v0))).toEqual([]);
    change(lab, lab.host, addRedirection(v0, ifb.ifindex));
    const filters = JSON.parse(lab.sh(lab.host, "tc", "-j", "filter", "show", "dev", "v0", "parent", "ffff:"));
    expect(filters[2]).toMatchObject({ protocol: "all", pref: 1, kind: "u32", options: { flowid: "1:1" } });
    expect(filters[2].options.match).toMatchObject({ value: "0", mask: "0", off: 0 });
    expect(filters[2].options.actions).toEqual([
      expect.objectContaining({ kind: "mirred", mirred_action: "redirect", direction: "egress", to_dev: "bwp0" }),
    ]);
    expect(using(lab, lab.host, (client) => listRedirections(client, v0))).toEqual([ifb.ifindex]);
    expect(refused(lab, lab.host, addIfb({ name: "bwp0", mtu: 1400 })).errno).toBe(EEXIST);
  }),
);

needsLinks(
  "deleteSubnetRoute() takes the kernel's route and no other, addSoleRoute() tolerates none to its destination",
  inLab((lab) => {
    const ns = pair(lab);
    const oif = indexOf(lab, ns, "eth0");
    const [v4, v6] = [prefix("10.1.2.0/24"), prefix("2001:db8::/64")];
    change(lab, lab.host, setUp("br0"), setUp("v0"));
    change(lab, ns, addAddr(oif, prefix("10.1.2.3/24")), addAddr(oif, prefix("2001:db8::3/64"), 2), setUp(oif));
    lab.sh(ns, "ip", "route", "add", "10.1.2.0/24", "dev", "eth0", "metric", "5");
    change(lab, ns, deleteSubnetRoute({ dst: v4, oif }), deleteSubnetRoute({ dst: v6, oif }));
    const left = [...lab.ipj(ns, "route"), ...lab.ipj(ns, "-6", "route")].filter(({ dst }) => dst !== "fe80::/64");
    expect(left.map(({ dst, metric }) => [dst, metric])).toEqual([["10.1.2.0/24", 5]]);
    expect(refused(lab, ns, deleteSubnetRoute({ dst: v4, oif })).errno).toBe(ESRCH);
    const to = (text: string, src: string) => addSoleRoute({ dst: prefix(text), oif, scope: 253, src: ip(src) });
    change(lab, ns, to("10.1.2.1/32", "10.1.2.3"), to("2001:db8::1/128", "2001:db8::3"));
    const own = [...lab.ipj(ns, "route"), ...lab.ipj(ns, "-6", "route")].filter(({ prefsrc }) => prefsrc);
    expect(own.map(({ dst, prefsrc }) => [dst, prefsrc])).toEqual([
      ["10.1.2.1", "10.1.2.3"],
      ["2001:db8::1", "2001:db8::3"],
    ]);
    expect(refused(lab, ns, to("10.1.2.1/32", "10.1.2.3")).errno).toBe(EEXIST);
  }),
);

needsLinks(
  "isOwn() says of which device an address is",
  inLab((lab) => {
    const ns = pair(lab);
    const oif = indexOf(lab, ns, "eth0");
    change(lab, lab.host, setUp("br0"), setUp("v0"));
    change(
      lab,
      ns,
      setUp("lo"),
      setUp(oif),
      addAddr(oif, prefix("10.1.2.3/24")),
      addAddr(oif, prefix("fd00::3/64"), 2),
    );
    lab.sh(ns, "sh", "-c", "until ip -6 route show table local | grep -q '^local fd00::3'; do sleep 0.01; done");
    const own = (dev: number, text: string) => using(lab, ns, (client) => isOwn(client, { dev, ip: ip(text) }));
    expect([own(oif, "fd00::3"), own(oif, "fd00::4"), own(1, "fd00::3"), own(oif, "2001:db8::1")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  }),
);
