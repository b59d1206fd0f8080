/** What bandwidth itself promises: the rate, nothing left by a failed ADD, DEL and GC that need nothing, CHECK. */
import { describe, expect } from "bun:test";
import type { Conf } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, linkKind, namespaces, needs } from "../../support/needs.ts";
import { guest, IFB, LIMITS, redirections, shaping, shapingConf, UNSHAPED } from "../../support/shaped.ts";

const need = needs(namespaces, built, linkKind("veth"), linkKind("ifb"));

/** Bits a second that 250,000 bytes of UDP take from one namespace to the other, the first 10,000 of the burst aside. */
async function rate(lab: Lab, from: string, to: string, address: string): Promise<number> {
  const ended = Promise.withResolvers<number>();
  let [received, begin] = [0, 0];
  const server = await lab.within(to, () =>
    Bun.udpSocket({
      hostname: address,
      socket: {
        data(_, data) {
          received += data.byteLength;
          if (received > 20_000 && begin === 0) [begin, received] = [performance.now(), 0];
          if (received >= 100_000) ended.resolve((8000 * received) / (performance.now() - begin));
        },
      },
    }),
  );
  const client = await lab.within(from, () => Bun.udpSocket({ connect: { hostname: address, port: server.port } }));
  const timer = setInterval(() => {
    try {
      for (let i = 0; i < 10; i++) client.send(new Uint8Array(1000));
    } catch {
      // ENOBUFS: the bucket has no room for more.
    }
  }, 2);
  const late = setTimeout(() => ended.resolve(0), 5000);
  const bits = await ended.promise;
  clearInterval(timer);
  clearTimeout(late);
  client.close();
  server.close();
  return bits;
}

describe("bandwidth", () => {
  need(
    "limits what the container receives and what it sends",
    inLab(async (lab) => {
      const ns = guest(lab);
      lab.sh(lab.host, "ip", "addr", "add", "10.1.2.1/24", "dev", "vport0");
      lab.sh(ns, "ip", "addr", "add", "10.1.2.3/24", "dev", "eth0");
      lab.sh(ns, "ping", "-c1", "-W2", "10.1.2.1");
      lab.add({ ns, conf: shapingConf(LIMITS) });
      const received = await rate(lab, lab.host, ns, "10.1.2.3");
      const sent = await rate(lab, ns, lab.host, "10.1.2.1");
      for (const [bits, limit] of [
        [received, LIMITS.ingressRate],
        [sent, LIMITS.egressRate],
      ] as const) {
        // Of what tbf counts, 42 bytes of 1,042 are headers.
        expect([limit, bits / limit > 0.7, bits / limit < 1.1]).toEqual([limit, true, true]);
      }
    }),
    20_000,
  );

  const IN_THE_WAY: [what: string, how: string, code: number][] = [
    ["a qdisc of somebody's", "tc qdisc add dev vport0 root handle 5: tbf rate 3mbit burst 9000 limit 30000", 999],
    ["an ingress qdisc of somebody's", "tc qdisc add dev vport0 ingress", 999],
    ["a clsact qdisc of somebody's", "tc qdisc add dev vport0 clsact", 999],
    ["a link of the device's name", `ip link add ${IFB} type bridge`, 999],
  ];
  need.each(IN_THE_WAY)("leaves nothing when its ADD fails: %s", async (_, how, code) => {
    await inLab((lab) => {
      const ns = guest(lab);
      lab.sh(lab.host, ...how.split(" "));
      const before = [shaping(lab), lab.ipj(lab.host, "link", "show").length];
      const { status, json } = lab.call("bandwidth", "ADD", { ns, conf: shapingConf(LIMITS) });
      expect([status, json.code]).toEqual([1, code]);
      expect(json.details).toContain("tc qdisc show dev vport0");
      expect([shaping(lab), lab.ipj(lab.host, "link", "show").length]).toEqual(before);
    })();
  });

  need(
    "refuses what cannot be, and says which key it is",
    inLab((lab) => {
      const ns = guest(lab);
      for (const [over, code, text] of [
        [{ ingressRate: 8_000_000 }, 7, "ingressRate is 8000000, ingressBurst 0"],
        [{ runtimeConfig: { bandwidth: { egressBurst: 8 } } }, 7, "runtimeConfig.bandwidth.egressRate is 0"],
        [{ egressRate: 7, egressBurst: 80 }, 7, "invalid egressRate 7"],
        [{ ingressRate: -8, ingressBurst: 8 }, 7, "invalid ingressRate -8"],
        [{ ingressRate: "8M", ingressBurst: 8 }, 6, 'ingressRate: "8M" is not an integer'],
        [{ ingressRate: 8_000_000, ingressBurst: 8 }, 7, "raise ingressBurst"],
        [{ ...LIMITS, prevResult: undefined }, 7, "chained"],
      ] as const) {
        const { status, json } = lab.call("bandwidth", "ADD", { ns, conf: shapingConf(over) });
        expect([over, status, json.code]).toEqual([over, 1, code]);
        expect(`${json.msg} ${json.details}`).toContain(text);
      }
      expect(shaping(lab)).toEqual(UNSHAPED);
    }),
  );

  need(
    "DEL needs no namespace, no result and no configuration, and can be repeated",
    inLab((lab) => {
      const ns = guest(lab);
      lab.add({ ns, conf: shapingConf(LIMITS) });
      const { cniVersion, name, type } = shapingConf();
      for (let times = 0; times < 2; times++) lab.del({ conf: { cniVersion, name, type, ingressRate: "x" } });
      expect(shaping(lab).ifbs).toEqual([]);
      lab.sh(lab.host, "ip", "link", "add", IFB, "type", "bridge");
      lab.del({ conf: { cniVersion, name, type } });
      expect(lab.attempt(lab.host, "ip", "link", "show", IFB).status).toBe(0);
    }),
  );

  const BROKEN: [what: string, how: string, message: RegExp][] = [
    ["the bucket of what it receives", "tc qdisc del dev vport0 root", /the qdisc of vport0 is no tbf, but noqueue/],
    [
      "the rate of what it receives",
      "tc qdisc change dev vport0 root tbf rate 3mbit burst 9000 limit 35000",
      /the rate of vport0 is 375000, not 1000000/,
    ],
    ["the device", `ip link del ${IFB}`, /there is no device bwp/],
    ["the bucket of what it sends", `tc qdisc del dev ${IFB} root`, /the qdisc of bwp.* is no tbf/],
    ["the ingress qdisc", "tc qdisc del dev vport0 ingress", /vport0 has no ingress qdisc/],
    ["the filter", "tc filter del dev vport0 parent ffff:", /what comes in to vport0 is not redirected/],
  ];
  need.each(BROKEN)("its CHECK finds %s missing", async (_, how, message) => {
    await inLab((lab) => {
      const ns = guest(lab);
      const prevResult = lab.add({ ns, conf: shapingConf(LIMITS) });
      const check = () => lab.call("bandwidth", "CHECK", { ns, conf: shapingConf({ ...LIMITS, prevResult }) });
      expect([check().status, redirections(lab)]).toEqual([0, [IFB]]);
      lab.sh(lab.host, ...how.split(" "));
      expect(check().json.msg).toMatch(message);
    })();
  });

  need(
    "its GC removes the devices of what is not valid any more, and nothing else; its STATUS reads the configuration",
    inLab((lab) => {
      const ns = guest(lab);
      lab.add({ ns, conf: shapingConf(LIMITS) });
      lab.sh(lab.host, "ip", "link", "add", "bwp0123456789ab", "type", "ifb");
      const conf = (valid: unknown): Conf => ({
        cniVersion: "1.1.0",
        name: "net",
        type: "bandwidth",
        ...(valid !== undefined && { "cni.dev/valid-attachments": valid }),
      });
      const left = (valid: unknown) => {
        expect(lab.call("bandwidth", "GC", { conf: conf(valid) }).status).toBe(0);
        return shaping(lab).ifbs.map(({ ifname }) => ifname);
      };
      const other = "bwp0123456789ab";
      expect(left(undefined).sort()).toEqual([other, IFB].sort());
      expect(left([{ containerID: "cid-1", ifname: "eth0" }]).sort()).toEqual([other, IFB].sort());
      expect(left([])).toEqual([other]);
      expect(lab.call("bandwidth", "STATUS", { conf: conf(undefined) }).status).toBe(0);
      expect(lab.call("bandwidth", "STATUS", { conf: { ...conf(undefined), ingressRate: 8 } }).json.code).toBe(7);
    }),
  );
});
