/** Networks of thousands of routes: each costs what one does. */
import { expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";

const need = needs(namespaces, built);

/** `count` routes of each family. */
function network(lab: Lab, count: number, gateways = ["10.77.0.1", "fd77::1"]) {
  const [gw4, gw6] = gateways;
  const routes = Array.from({ length: count }, (_, i) => [
    { dst: `20.${i >> 8}.${i & 255}.0/24`, gw: gw4 },
    { dst: `2001:db8:${i.toString(16)}::/48`, gw: gw6 },
  ]).flat();
  return lab.conf({ ipam: { ...DUAL_STACK, routes } });
}

need(
  "ADD makes 5,000 routes, CHECK finds them, DEL removes them, none in more than the kernel's time",
  inLab((lab) => {
    const ns = lab.container();
    const conf = network(lab, 2500);
    const prevResult = lab.add({ ns, conf });
    const count = (family: string) => lab.ipj(ns, family, "route").filter(({ gateway }) => gateway).length;
    expect([count("-4"), count("-6")]).toEqual([2500, 2500]);
    const start = performance.now();
    expect(lab.call("bridge", "CHECK", { ns, conf: { ...conf, prevResult } })).toMatchObject({ status: 0, stdout: "" });
    // When each was looked for among all, this took a minute.
    expect(performance.now() - start).toBeLessThan(3000);
    lab.sh(ns, "ip", "-6", "route", "del", "2001:db8:9c3::/48");
    cniError(lab.call("bridge", "CHECK", { ns, conf: { ...conf, prevResult } }), "2001:db8:9c3::/48 via fd77::1");
    lab.del({ ns, conf });
    expect(lab.ports()).toEqual([]);
  }),
);

need(
  "ADD names the first route of many that all fail",
  inLab((lab) => {
    const ns = lab.container();
    cniError(
      lab.call("bridge", "ADD", { ns, conf: network(lab, 200, ["10.66.0.1", "fd66::1"]) }),
      "20.0.0.0/24 via 10.66.0.1",
    );
    expect([lab.ports(), lab.leases()]).toEqual([[], {}]);
  }),
);
