/** The verbs of rtnl/route.ts against the kernel, looked at with `ip`. */
import { expect } from "bun:test";
import { ESRCH, isErrno } from "../../../src/base/errno.ts";
import { addAddr } from "../../../src/rtnl/addr.ts";
import { setUp } from "../../../src/rtnl/link.ts";
import { addRoute, deleteRoute, listRoutes, TABLE_LOCAL } from "../../../src/rtnl/route.ts";
import type { Json } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { change, indexOf, ip, needsLinks, pair, prefix, refused, using } from "./links.ts";

/** An interface that is up, with 10.1.2.3/24 and 2001:db8::3/64: namespace and index. */
function routed(lab: Lab): [ns: string, oif: number] {
  const ns = pair(lab);
  const oif = indexOf(lab, ns, "eth0");
  change(lab, lab.host, setUp("br0"), setUp("v0"));
  change(lab, ns, addAddr(oif, prefix("10.1.2.3/24")), setUp(oif));
  lab.sh(ns, "ip", "addr", "add", "2001:db8::3/64", "dev", "eth0", "nodad");
  return [ns, oif];
}

needsLinks(
  "addRoute() leads to the link or to a gateway, in the main table, with scope and metric",
  inLab((lab) => {
    const [ns, oif] = routed(lab);
    change(
      lab,
      ns,
      addRoute({ dst: prefix("0.0.0.0/0"), gateway: ip("10.1.2.1"), oif }),
      addRoute({ dst: prefix("10.8.0.0/16"), oif, scope: 253 }),
      addRoute({ dst: prefix("10.9.0.0/16"), gateway: ip("10.1.2.9"), oif, priority: 77 }),
    );
    const routes = lab.ipj(ns, "-d", "route", "show").filter(({ protocol }) => protocol === "boot");
    expect(routes).toEqual([
      expect.objectContaining({ dst: "default", gateway: "10.1.2.1", dev: "eth0", scope: "global" }),
      expect.objectContaining({ dst: "10.8.0.0/16", dev: "eth0", scope: "link" }),
      expect.objectContaining({ dst: "10.9.0.0/16", gateway: "10.1.2.9", dev: "eth0", metric: 77 }),
    ]);
  }),
);

needsLinks(
  "addRoute() takes IPv6",
  inLab((lab) => {
    const [ns, oif] = routed(lab);
    change(
      lab,
      ns,
      addRoute({ dst: prefix("::/0"), gateway: ip("2001:db8::1"), oif }),
      addRoute({ dst: prefix("2001:db8:9::/48"), oif, priority: 5 }),
    );
    expect(lab.ipj(ns, "-6", "route", "show", "proto", "boot")).toEqual([
      expect.objectContaining({ dst: "2001:db8:9::/48", dev: "eth0", metric: 5 }),
      expect.objectContaining({ dst: "default", gateway: "2001:db8::1", dev: "eth0" }),
    ]);
  }),
);

needsLinks.each([[100], [255], [256], [100_000]])("addRoute() puts it into table %d", (table) =>
  inLab((lab) => {
    const [ns, oif] = routed(lab);
    change(
      lab,
      ns,
      addRoute({ dst: prefix("10.8.0.0/16"), oif, table }),
      addRoute({ dst: prefix("2001:db8:8::/48"), oif, table }),
    );
    const dsts = (family: string) =>
      lab.ipj(ns, family, "route", "show", "table", String(table), "proto", "boot").map(({ dst }) => dst);
    expect([...dsts("-4"), ...dsts("-6")]).toEqual(["10.8.0.0/16", "2001:db8:8::/48"]);
    expect(lab.ipj(ns, "route", "show", "10.8.0.0/16")).toEqual([]);
  })(),
);

needsLinks(
  "addRoute() puts a second IPv4 route before the first, and joins a second IPv6 one",
  inLab((lab) => {
    const [ns, oif] = routed(lab);
    for (const [text, gateways] of [
      ["10.9.0.0/16", ["10.1.2.1", "10.1.2.2"]],
      ["2001:db8:9::/48", ["2001:db8::1", "2001:db8::2"]],
    ] as const) {
      change(lab, ns, ...gateways.map((gateway) => addRoute({ dst: prefix(text), gateway: ip(gateway), oif })));
    }
    expect(lab.ipj(ns, "route", "show", "10.9.0.0/16").map(({ gateway }) => gateway)).toEqual(["10.1.2.2", "10.1.2.1"]);
    const six = lab.ipj(ns, "-6", "route", "show", "2001:db8:9::/48");
    const [read] = using(lab, ns, (client) => listRoutes(client, 10)).filter(({ hops }) => hops);
    expect(read).toMatchObject({ dst: prefix("2001:db8:9::/48"), hops: ["2001:db8::1", "2001:db8::2"].map(ip) });
    expect(six.flatMap(({ gateway, nexthops }) => nexthops?.map((hop: Json) => hop.gateway) ?? gateway)).toEqual([
      "2001:db8::1",
      "2001:db8::2",
    ]);
  }),
);

needsLinks(
  "addRoute() fails for an exact duplicate",
  inLab((lab) => {
    const [ns, oif] = routed(lab);
    for (const [dst, gateway] of [
      ["10.9.0.0/16", "10.1.2.1"],
      ["2001:db8:9::/48", "2001:db8::1"],
    ] as const) {
      const request = addRoute({ dst: prefix(dst), gateway: ip(gateway), oif });
      change(lab, ns, request);
      expect(isErrno(refused(lab, ns, request), 17)).toBe(true);
    }
  }),
);

needsLinks(
  "listRoutes() sees what `ip` sees in all tables",
  inLab((lab) => {
    const [ns, oif] = routed(lab);
    lab.sh(ns, ..."ip route add 10.8.0.0/16 dev eth0 table 1000 metric 7".split(" "));
    lab.sh(ns, ..."ip route add default via 10.1.2.1".split(" "));
    const routes = using(lab, ns, (client) => listRoutes(client, 2));
    expect(routes).toContainEqual({
      dst: prefix("10.8.0.0/16"),
      gateway: undefined,
      oif,
      table: 1000,
      scope: 253,
      priority: 7,
    });
    expect(routes).toContainEqual({
      dst: prefix("0.0.0.0/0"),
      gateway: ip("10.1.2.1"),
      oif,
      table: 254,
      scope: 0,
      priority: undefined,
    });
    expect(routes).toHaveLength(lab.ipj(ns, "-4", "route", "show", "table", "all").length);
    const six = using(lab, ns, (client) => listRoutes(client, 10));
    expect(six).toHaveLength(lab.ipj(ns, "-6", "route", "show", "table", "all").length);
  }),
);

needsLinks(
  "deleteRoute() removes a link's route from its table, and fails where there is none",
  inLab((lab) => {
    const [ns, oif] = routed(lab);
    const request = deleteRoute({ dst: prefix("ff00::/8"), oif, table: TABLE_LOCAL });
    const multicast = () => lab.ipj(ns, "-6", "route", "show", "table", "local", "type", "multicast");
    expect(multicast().map(({ dst, dev }) => [dst, dev])).toEqual([["ff00::/8", "eth0"]]);
    change(lab, ns, request);
    expect(multicast()).toEqual([]);
    expect(refused(lab, ns, request)).toMatchObject({ errno: ESRCH });
    const main = deleteRoute({ dst: prefix("10.1.0.0/16"), oif });
    change(lab, ns, addRoute({ dst: prefix("10.1.0.0/16"), oif }), main);
    expect(lab.ipj(ns, "route", "show", "10.1.0.0/16")).toEqual([]);
  }),
);
