/** The verbs of rtnl/link.ts against the kernel, looked at with `ip`. */
import { expect } from "bun:test";
import { EEXIST } from "../../../src/base/errno.ts";
import { formatMac } from "../../../src/base/mac.ts";
import { findLink, listLinks } from "../../../src/rtnl/find-link.ts";
import { addBridge, addVeth, deleteLink, setAlias, setPort, setUp } from "../../../src/rtnl/link.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { netnsPath } from "../../support/conf.ts";
import { inLab } from "../../support/lab.ts";
import { fieldsOf } from "../../support/link-fields.ts";
import { BRIDGE, change, INNER, indexOf, look, needsLinks, OUTER, pair, refused, using } from "./links.ts";

needsLinks(
  "addBridge() makes a bridge with its address and MTU, down",
  inLab((lab) => {
    change(lab, lab.host, addBridge({ ...BRIDGE, mtu: 1400 }));
    const found = look(lab, lab.host, "br0");
    expect(found).toMatchObject({ address: "02:00:00:00:00:01", mtu: 1400, linkinfo: { info_kind: "bridge" } });
    expect(found.flags).not.toContain("UP");
  }),
);

needsLinks(
  "addBridge() leaves the MTU to the kernel, and its address is not that of its ports",
  inLab((lab) => {
    pair(lab);
    expect(look(lab, lab.host, "br0")).toMatchObject({ address: "02:00:00:00:00:01", mtu: 1500 });
  }),
);

needsLinks(
  "addVeth() makes each end where it belongs, the outer a port of the bridge",
  inLab((lab) => {
    const ns = lab.container();
    const fd = sys.open(netnsPath(ns), 0);
    change(lab, lab.host, addBridge(BRIDGE));
    const master = indexOf(lab, lab.host, "br0");
    change(
      lab,
      lab.host,
      addVeth({ ...OUTER, mtu: 1300, master }, { ...INNER, mtu: 1300, netns: { fd, path: netnsPath(ns) } }),
    );
    sys.close(fd);
    const outer = look(lab, lab.host, "v0");
    const inner = look(lab, ns, "eth0");
    expect(outer).toMatchObject({ address: "02:00:00:00:00:02", mtu: 1300, master: "br0", operstate: "DOWN" });
    expect(inner).toMatchObject({ address: "02:00:00:00:00:03", mtu: 1300, operstate: "DOWN" });
    expect([outer.link_index, inner.link_index]).toEqual([inner.ifindex, outer.ifindex]);
    expect(look(lab, lab.host, "eth0")).toBeUndefined();
  }),
);

needsLinks(
  "addVeth() without a namespace makes both ends in its own",
  inLab((lab) => {
    change(lab, lab.host, addVeth(OUTER, INNER));
    expect([look(lab, lab.host, "v0")?.link, look(lab, lab.host, "eth0")?.link]).toEqual(["eth0", "v0"]);
  }),
);

needsLinks(
  "addVeth() makes neither end when one name is taken",
  inLab((lab) => {
    const ns = pair(lab);
    const fd = sys.open(netnsPath(ns), 0);
    const inner = refused(
      lab,
      lab.host,
      addVeth({ ...OUTER, name: "v1" }, { ...INNER, netns: { fd, path: netnsPath(ns) } }),
    );
    const outer = refused(
      lab,
      lab.host,
      addVeth(OUTER, { ...INNER, name: "eth1", netns: { fd, path: netnsPath(ns) } }),
    );
    sys.close(fd);
    expect([inner.errno, outer.errno]).toEqual([EEXIST, EEXIST]);
    expect(inner.message).toMatch(/^ip link add v1 .*type veth peer name eth0 address .*: file exists/);
    expect([look(lab, lab.host, "v1"), look(lab, ns, "eth1")]).toEqual([undefined, undefined]);
  }),
);

needsLinks(
  "deleteLink() of one end removes both",
  inLab((lab) => {
    const ns = pair(lab);
    change(lab, ns, deleteLink("eth0"));
    expect(look(lab, lab.host, "v0")).toBeUndefined();
    change(lab, lab.host, deleteLink(indexOf(lab, lab.host, "br0")));
    expect(look(lab, lab.host, "br0")).toBeUndefined();
  }),
);

needsLinks(
  "findLink() sees what `ip` sees, and undefined where there is nothing",
  inLab((lab) => {
    const ns = pair(lab);
    change(
      lab,
      lab.host,
      setAlias("v0", "somebody's"),
      setPort("v0", { hairpin: true, isolated: false }),
      setUp("br0"),
    );
    const seen = look(lab, lab.host, "v0");
    const { mac, flags, ...link } = fieldsOf(
      using(lab, lab.host, (client) => findLink(client, "v0")) ?? expect.unreachable(),
    );
    expect(link).toEqual({
      index: seen.ifindex,
      name: "v0",
      kind: "veth",
      mtu: seen.mtu,
      txqlen: seen.txqlen,
      operstate: "down",
      master: indexOf(lab, lab.host, "br0"),
      peer: indexOf(lab, ns, "eth0"),
      alias: "somebody's",
      promiscuity: seen.promiscuity,
      acceptRa: Number(lab.sh(lab.host, "cat", "/proc/sys/net/ipv6/conf/v0/accept_ra")),
      addrGenMode: Number(lab.sh(lab.host, "cat", "/proc/sys/net/ipv6/conf/v0/addr_gen_mode")),
      vlanFiltering: false,
      port: { hairpin: true, isolated: false, number: 1 },
    });
    expect([formatMac(mac), flags & 1]).toEqual([seen.address, 0]);
    expect(using(lab, lab.host, (client) => [findLink(client, "eth0"), findLink(client, 9999)])).toEqual([
      undefined,
      undefined,
    ]);
  }),
);

needsLinks(
  "listLinks() sees every link",
  inLab((lab) => {
    pair(lab);
    const names = using(lab, lab.host, listLinks).map(({ index, name }) => [index, name]);
    expect(names).toEqual(lab.ipj(lab.host, "link", "show").map(({ ifindex, ifname }) => [ifindex, ifname]));
    expect(names).toHaveLength(3);
  }),
);
