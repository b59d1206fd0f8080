/** Containers as endpoints: the plugins write records, berthd carries traffic there. Nobody else is told of anything. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { netnsPath } from "../support/conf.ts";
import type { Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab, serve } from "../support/port-net.ts";
import { Berthd } from "../support/service/berthd.ts";
import { ask, askInVain, names } from "../support/service/net.ts";
import { serviceObject } from "../support/service/objects.ts";

const test = needs(namespaces, nftables, built);
const V4 = ["tcp", "10.96.0.1", 80] as const;
const V6 = ["tcp", "fd96::1", 80] as const;
const WEB = serviceObject("web", { clusterIPs: ["10.96.0.1", "fd96::1"] });

function confOf(lab: Lab, { records }: Berthd) {
  return lab.conf({
    cniVersion: "1.1.0",
    isDefaultGateway: true,
    ipMasq: true,
    ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd77::/64" }]] },
    berth: {
      indexDir: join(lab.dir, "index"),
      register: { dir: records, service: "web", ports: [{ name: "http", port: 8080 }] },
    },
  });
}

/** A container that answers with its name, and is registered. */
async function container(lab: Lab, site: Berthd, id: string): Promise<string> {
  const ns = lab.container();
  await serve(lab, ns, id, [8080], []);
  lab.add({ ns, id, conf: confOf(lab, site) });
  return ns;
}

/** A test's body with the service web and berthd, which is not started yet and ends with the test. */
function inNode(body: (lab: Lab, site: Berthd) => Promise<void>, config: object = {}): () => Promise<void> {
  return inPortLab(async (lab) => {
    const site = new Berthd(lab, config);
    site.write("web.json", WEB);
    try {
      await body(lab, site);
    } finally {
      site.end();
    }
  });
}

/** The host has no way to anywhere, and so not to services: their addresses are nobody's. */
const openWay = (lab: Lab) => lab.sh(lab.host, "ip", "route", "add", "10.96.0.0/16", "dev", "lab0");

/** Until the service leads to these containers, and to no other; fails after `patience` milliseconds. */
async function until(site: Berthd, addresses: number, patience = 5000): Promise<void> {
  const since = performance.now();
  for (;;) {
    const { text } = await site.get("/services/default/web");
    const [port] = JSON.parse(text).ports;
    if (port?.all.length === addresses) return;
    if (performance.now() - since > patience) throw new Error(`still not ${addresses}: ${JSON.stringify(port?.all)}`);
    await Bun.sleep(5);
  }
}

/** What berthd has told its thread is in the kernel soon after. */
const settled = () => Bun.sleep(100);

test(
  "from ADD to DEL a container is an endpoint, in both families, and one whose namespace ends is none any more",
  inNode(async (lab, site) => {
    await site.begin();
    const client = lab.container();
    lab.add({ ns: client, id: "client", conf: { ...confOf(lab, site), berth: {} } });
    const ends: string[] = [];
    for (const id of ["c0", "c1", "c2"]) ends.push(await container(lab, site, id));
    openWay(lab);
    await until(site, 3);
    await settled();
    expect(names(await ask(client, 40, V4, V6))).toEqual(["c0", "c1", "c2"]);
    expect(names(await ask(lab.host, 20, V4))).toEqual(["c0", "c1", "c2"]);
    lab.del({ ns: ends[0] as string, id: "c0", conf: confOf(lab, site) });
    await until(site, 2);
    await settled();
    expect(names(await ask(client, 20, V4))).toEqual(["c1", "c2"]);
    // As when a container is killed and nobody calls DEL: the link goes, the record stays.
    lab.sh(lab.host, "ip", "link", "del", linkOf(site, "c1"));
    await until(site, 1, 1000);
    await settled();
    expect([names(await ask(client, 10, V4)), readdirSync(site.records).length]).toEqual([["c2"], 2]);
  }),
);

function linkOf({ records }: Berthd, id: string): string {
  const { items } = JSON.parse(readFileSync(join(records, `labnet:${id}:eth0.json`), "utf8"));
  return items[0].metadata.annotations["berth/veth"];
}

test(
  "what changed while berthd was away, and records of an earlier boot, leave no ghost",
  inNode(async (lab, site) => {
    const conf = confOf(lab, site);
    const [gone, rebooted, there] = [
      await container(lab, site, "gone"),
      await container(lab, site, "rebooted"),
      await container(lab, site, "there"),
    ];
    openWay(lab);
    const first = await site.begin();
    await until(site, 3);
    first.kill("SIGKILL");
    await first.exited;
    lab.del({ ns: gone, id: "gone", conf });
    // As the file of a machine that was switched off, on a disk that lasts.
    const path = join(site.records, "labnet:rebooted:eth0.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll(/("berth\/boot": ?)"\w+"/g, '$1"000000000000"'));
    expect(existsSync(`/run/netns/${rebooted}`)).toBe(true);
    await site.begin();
    expect(names(await ask(lab.host, 12, V4))).toEqual(["there"]);
    // A DEL for it comes at any time, and so does the ADD of the same container.
    lab.del({ ns: rebooted, id: "rebooted", conf });
    lab.add({ ns: rebooted, id: "rebooted", conf });
    await until(site, 2);
    lab.del({ ns: there, id: "there", conf });
    lab.del({ ns: rebooted, id: "rebooted", conf });
    await until(site, 0);
    await settled();
    expect(await askInVain(lab.host, V4)).toEqual(["refused"]);
  }),
);

/** Takes a connection and resets it, as an application does that is killed. */
const RESETTING = `
import socket, struct
s = socket.create_server(("0.0.0.0", 8080))
c, _ = s.accept()
c.recv(1)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
c.close()
`;

/** Asks from port 40000, and says what came of it. */
const FROM_ONE_PORT = `
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 40000))
s.settimeout(0.8)
try:
    s.connect(("10.96.0.1", 80))
    s.send(b"?")
    s.recv(1)
    print("answered")
except OSError as error:
    print(type(error).__name__)
`;

test(
  "a client that was reset by a container that is gone is not led there again, though it uses the same port",
  inNode(async (lab, site) => {
    await site.begin();
    const client = lab.container();
    lab.add({ ns: client, id: "client", conf: { ...confOf(lab, site), berth: {} } });
    const connect = () => lab.sh(client, "python3", "-c", FROM_ONE_PORT).trim();
    const flows = () => lab.sh(lab.host, "conntrack", "-L", "-p", "tcp", "--orig-port-src", "40000");
    const ns = lab.container();
    const words = ["nsenter", `--net=${netnsPath(ns)}`, "python3", "-c", RESETTING];
    Bun.spawn(words);
    while (!lab.sh(ns, "ss", "-ltn").includes(":8080")) await Bun.sleep(5);
    lab.add({ ns, id: "c0", conf: confOf(lab, site) });
    await until(site, 1);
    await settled();
    expect(connect()).toBe("ConnectionResetError");
    expect(flows()).toContain(" CLOSE ");
    lab.del({ ns, id: "c0", conf: confOf(lab, site) });
    await container(lab, site, "c1");
    await until(site, 1);
    await settled();
    expect(connect()).toBe("answered");
  }),
);

const PROBED = {
  readinessProbes: {
    "default/web": { httpGet: { port: 8081, path: "/ready" }, periodSeconds: 1, failureThreshold: 1 },
  },
};

/** Answers GET with 200 where there is a file `ready`. */
const APPLICATION = `
const [port, file] = process.argv.slice(1);
Bun.serve({ port: Number(port), hostname: "0.0.0.0", fetch: async () => new Response("", { status: (await Bun.file(file).exists()) ? 200 : 503 }) });
console.log("ready");
`;

test(
  "a container of a service with a readiness probe counts while that passes",
  inNode(async (lab, site) => {
    await site.begin();
    const conf = { ...confOf(lab, site), ipam: { type: "host-local", dataDir: lab.store, subnet: "10.77.0.0/24" } };
    const ns = lab.container();
    const file = join(lab.dir, "is-ready");
    await serve(lab, ns, "c0", [8080], []);
    const words = ["nsenter", `--net=${netnsPath(ns)}`, process.execPath, "-e", APPLICATION, "8081", file];
    const application = Bun.spawn(words, { stdout: "pipe" });
    for await (const _ of application.stdout) break;
    try {
      lab.add({ ns, id: "c0", conf });
      openWay(lab);
      await Bun.sleep(1200);
      await until(site, 0);
      expect(await askInVain(lab.host, V4)).toEqual(["refused"]);
      writeFileSync(file, "");
      await until(site, 1);
      await settled();
      expect(names(await ask(lab.host, 2, V4))).toEqual(["c0"]);
      application.kill("SIGKILL");
      await until(site, 0);
      await settled();
      expect(await askInVain(lab.host, V4)).toEqual(["refused"]);
    } finally {
      application.kill("SIGKILL");
    }
  }, PROBED),
);
