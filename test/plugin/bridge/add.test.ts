import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";

const need = needs(namespaces, built);

const linkOf = (lab: Lab, ns: string, name: string) => lab.ipj(ns, "-d", "link", "show", "dev", name)[0];

describe("bridge/ADD", () => {
  need.each([
    [{}, true],
    [{ macFromAddress: true }, true],
    [{ macFromAddress: false }, false],
  ])("with the key %j: the MAC address is that of the IPv4 address is %p", async (berth, derived) => {
    await inLab((lab) => {
      const ns = lab.container();
      const { interfaces } = lab.add({ ns, conf: lab.conf({ berth }) });
      const { address } = linkOf(lab, ns, "eth0");
      expect([interfaces[2].mac, address === "0a:58:0a:4d:00:02"]).toEqual([address, derived]);
    })();
  });

  need.each(["0.1.0", "0.2.0"])("answers in the form of %s", async (cniVersion) => {
    await inLab((lab) => {
      const ns = lab.container();
      const result = lab.add({ ns, conf: lab.conf({ cniVersion, ipam: DUAL_STACK }) });
      expect(result).toEqual({
        cniVersion,
        ip4: { ip: "10.77.0.2/24", gateway: "10.77.0.1", routes: [{ dst: "0.0.0.0/0" }] },
        ip6: { ip: "fd77::2/64", gateway: "fd77::1", routes: [{ dst: "::/0" }] },
        dns: {},
      });
      expect(lab.addrs(ns)).toEqual(["10.77.0.2/24"]);
    })();
  });

  need.each(["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])("answers in the form of %s", async (cniVersion) => {
    await inLab((lab) => {
      const ns = lab.container();
      const result = lab.add({ ns, conf: lab.conf({ cniVersion }) });
      const old = cniVersion.startsWith("0.");
      expect(result).toEqual({
        cniVersion,
        interfaces: [
          { name: "lab0", mac: expect.any(String) },
          { name: expect.stringMatching(/^veth[0-9a-f]{8}$/), mac: expect.any(String) },
          { name: "eth0", mac: expect.any(String), sandbox: `/run/netns/${ns}` },
        ],
        ips: [{ ...(old && { version: "4" }), interface: 2, address: "10.77.0.2/24", gateway: "10.77.0.1" }],
        routes: [{ dst: "0.0.0.0/0" }],
        ...(old && { dns: {} }),
      });
    })();
  });

  need(
    "makes what the result says",
    inLab((lab) => {
      const ns = lab.container();
      const { interfaces } = lab.add({ ns });
      const [bridge, outer, inner] = interfaces;
      expect(linkOf(lab, lab.host, bridge.name)).toMatchObject({ address: bridge.mac, operstate: "UP" });
      expect(linkOf(lab, lab.host, outer.name)).toMatchObject({
        address: outer.mac,
        master: "lab0",
        operstate: "UP",
        ifalias: "berth:labnet/cid-1/eth0",
      });
      expect(linkOf(lab, ns, inner.name)).toMatchObject({ address: inner.mac, operstate: "UP" });
      expect(lab.ports()).toEqual([outer.name]);
      expect(lab.addrs(ns)).toEqual(["10.77.0.2/24"]);
      expect(lab.addrs(lab.host, "lab0")).toEqual(["10.77.0.1/24"]);
      expect(lab.ipj(ns, "route")).toMatchObject([
        { dst: "default", gateway: "10.77.0.1" },
        { dst: "10.77.0.0/24", prefsrc: "10.77.0.2" },
      ]);
      expect(lab.sh(lab.host, "cat", "/proc/sys/net/ipv4/ip_forward")).toBe("1\n");
      expect(lab.leases()).toEqual({ "10.77.0.2": "cid-1\r\neth0" });
    }),
  );

  need(
    "joins two containers that reach each other and the gateway at once, by IPv4 and IPv6",
    inLab((lab) => {
      const conf = lab.conf({ ipam: DUAL_STACK });
      const a = lab.container();
      const b = lab.container();
      lab.add({ ns: a, id: "a", conf });
      for (const gateway of ["10.77.0.1", "fd77::1"])
        expect([gateway, answers(lab, a, gateway)]).toEqual([gateway, true]);
      const { ips } = lab.add({ ns: b, id: "b", conf });
      expect(lab.addrs(b, "eth0", "inet6")).toEqual(["fd77::3/64"]);
      for (const { address } of ips) expect([address, answers(lab, a, address)]).toEqual([address, true]);
      for (const address of ["10.77.0.2", "fd77::2"])
        expect([address, answers(lab, b, address)]).toEqual([address, true]);
      expect(lab.sh(lab.host, "cat", "/proc/sys/net/ipv6/conf/all/forwarding")).toBe("1\n");
    }),
  );

  need(
    "waits for no duplicate address detection: gateway and container are usable at once, where the kernel would probe",
    inLab((lab) => {
      for (const key of ["all", "default"]) lab.sh(lab.host, "sysctl", "-w", `net.ipv6.conf.${key}.accept_dad=1`);
      const ns = lab.container();
      const start = performance.now();
      lab.add({ ns, conf: lab.conf({ ipam: DUAL_STACK }) });
      // One probe alone takes a second.
      expect(performance.now() - start).toBeLessThan(900);
      const tentative = (where: string, dev: string) =>
        lab.ipj(where, "-6", "addr", "show", "dev", dev, "scope", "global", "tentative");
      expect(
        [tentative(ns, "eth0"), tentative(lab.host, "lab0")].map((links) => links.filter(({ ifname }) => ifname)),
      ).toEqual([[], []]);
    }),
  );

  need(
    "takes a namespace as /proc/PID/ns/net",
    inLab(async (lab) => {
      const ns = lab.container();
      await using sleeper = Bun.spawn(["nsenter", `--net=/run/netns/${ns}`, "sleep", "30"]);
      const sandbox = `/proc/${sleeper.pid}/ns/net`;
      // nsenter has entered the namespace once it is sleep.
      while (lab.attempt(lab.host, "cat", `/proc/${sleeper.pid}/comm`).stdout !== "sleep\n") Bun.sleepSync(1);
      expect(lab.add({ ns: sandbox }).interfaces[2].sandbox).toBe(sandbox);
      expect(lab.addrs(ns)).toEqual(["10.77.0.2/24"]);
    }),
  );

  need(
    "makes the interface in the plugin's own namespace only with CNI_NETNS_OVERRIDE",
    inLab((lab) => {
      cniError(lab.call("bridge", "ADD", { ns: lab.host }), "should not be the same");
      lab.add({ ns: lab.host, env: { CNI_NETNS_OVERRIDE: "1" } });
      expect(lab.addrs(lab.host)).toEqual(["10.77.0.2/24"]);
    }),
  );

  need(
    "attaches a second interface of the same container to the same network",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns });
      const conf = lab.conf({ ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }]] } });
      expect(lab.add({ ns, ifname: "eth1", conf }).ips[0].address).toBe("10.77.0.3/24");
      lab.del({ ns, ifname: "eth1", conf });
      expect(lab.addrs(ns)).toEqual(["10.77.0.2/24"]);
      expect(lab.leases()).toEqual({ "10.77.0.2": "cid-1\r\neth0" });
    }),
  );
});
