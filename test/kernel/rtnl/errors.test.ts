/** How the kernel refuses what rtnl asks for. */
import { expect } from "bun:test";
import { errnoText } from "../../../src/base/errno.ts";
import { addAddr, deleteAddr } from "../../../src/rtnl/addr.ts";
import { addBridge, deleteLink, setAlias, setUp } from "../../../src/rtnl/link.ts";
import { addRoute } from "../../../src/rtnl/route.ts";
import { inLab } from "../../support/lab.ts";
import { BRIDGE, change, indexOf, ip, look, needsLinks, pair, prefix, refused, using } from "./links.ts";

needsLinks(
  "carry the kernel's own text where it gives one",
  inLab((lab) => {
    const ns = pair(lab);
    const index = indexOf(lab, ns, "eth0");
    change(lab, ns, addAddr(index, prefix("10.1.2.3/24")), setUp(index));
    const error = refused(lab, ns, addRoute({ dst: prefix("10.9.0.0/16"), gateway: ip("192.0.2.1"), oif: index }));
    expect(error.kernelText).toBe("Nexthop has invalid gateway");
    expect(error.message).toBe(`${error.operation}: ${errnoText(101)} (Nexthop has invalid gateway)`);
  }),
);

needsLinks(
  "name the operation, and the errno in words",
  inLab((lab) => {
    expect(refused(lab, lab.host, setUp("nope")).message).toBe("ip link set nope up: no such device");
    expect(refused(lab, lab.host, deleteLink(9999)).message).toBe("ip link del if9999: no such device");
    change(lab, lab.host, addBridge(BRIDGE));
    const again = refused(lab, lab.host, addBridge(BRIDGE));
    expect(again.message).toBe("ip link add br0 address 02:00:00:00:00:01 type bridge: file exists");
  }),
);

needsLinks(
  "call an interface by its name where the name is known, and by its index elsewhere",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    const index = indexOf(lab, lab.host, "br0");
    const message = (dev: number | { index: number; name: string }) => [
      refused(lab, lab.host, deleteAddr(dev, prefix("10.1.2.3/24"))).operation,
      refused(lab, lab.host, addRoute({ dst: prefix("10.9.0.0/16"), oif: dev })).operation,
    ];
    expect(message({ index, name: "br0" })).toEqual([
      "ip addr del 10.1.2.3/24 dev br0",
      "ip route add 10.9.0.0/16 dev br0",
    ]);
    expect(message(index)).toEqual([
      `ip addr del 10.1.2.3/24 dev if${index}`,
      `ip route add 10.9.0.0/16 dev if${index}`,
    ]);
  }),
);

needsLinks(
  "of one request in the middle do not keep the others from being done",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    const outcome = using(lab, lab.host, (client) =>
      client.attempt([setAlias("br0", "first"), setUp("nope"), deleteAddr(9999, prefix("10.0.0.1/8")), setUp("br0")]),
    );
    expect(outcome.map((error) => error?.operation)).toEqual([
      undefined,
      "ip link set nope up",
      "ip addr del 10.0.0.1/8 dev if9999",
      undefined,
    ]);
    expect(look(lab, lab.host, "br0")).toMatchObject({ ifalias: "first", flags: expect.arrayContaining(["UP"]) });
  }),
);
