/** `berth explain --port`: a published port, followed from outside and from the host. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Hop } from "../../src/tool/explain/hop.ts";
import type { Finding } from "../../src/tool/finding.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { built, can, isMet, namespaces, nftables } from "../support/needs.ts";
import { addMember, addUplink, explain, UPLINK } from "./explain-net.ts";

const tun = can("root and TUN devices", "ip", "tuntap", "add", "dev", "probe0", "mode", "tun");
const canRun = [namespaces, nftables, built, tun].every(isMet);

let lab: Lab;
let ns: string;
let server: ReturnType<typeof Bun.spawn> | undefined;

const serve = (port: number) => {
  const program = `${import.meta.dir}/../support/port-server.ts`;
  return Bun.spawn(["ip", "netns", "exec", ns, process.execPath, program, "web", String(port), ""], { stdout: "pipe" });
};

beforeAll(async () => {
  if (!canRun) return;
  lab = openLab();
  addUplink(lab);
  ns = lab.container();
  addMember(lab, { id: "web-1", ns, ports: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] });
  server = serve(80);
  await (server.stdout as ReadableStream<Uint8Array>).getReader().read();
});

afterAll(() => {
  server?.kill();
  lab?.close();
});

interface Answer {
  code: number;
  hops: Hop[];
  bad: (Hop & { finding: Finding }) | undefined;
}

function follow(...args: string[]): Answer {
  const { code, stdout } = explain(lab, "web-1", "--port", "8080", "-o", "json", ...args);
  const hops: Hop[] = JSON.parse(stdout).explanations[0].hops;
  return { code, hops, bad: hops.find(({ state }) => state === "broken") as Answer["bad"] };
}

const host = (...words: string[]) => lab.sh(lab.host, ...words);

/** What the mend of a mapping would bring: a rule in place of portmap's. */
function publish(hook: "prerouting" | "output", to = "10.77.0.2:80", priority = -100, table = `to-${hook}`): void {
  host("nft", "add", "table", "ip", table);
  host("nft", `add chain ip ${table} nat { type nat hook ${hook} priority ${priority} ; }`);
  host("nft", `add rule ip ${table} nat fib daddr type local tcp dport 8080 dnat to ${to}`);
}

describe.skipIf(!canRun)("explain --port", () => {
  test("names a port that nothing leads to the container", () => {
    const { code, bad } = follow();
    expect(bad?.name).toBe("published port");
    expect(bad?.finding.what).toBe("nothing leads port 8080/tcp of the host to the container");
    expect(bad?.finding.mend).toEqual(["berth repair labnet"]);
    expect(code).toBe(1);
  });

  for (const [from, hook] of [
    ["outside", "prerouting"],
    ["host", "output"],
  ] as const) {
    test(`says that every hop works from ${from}, and takes its interface and table away`, () => {
      publish(hook);
      const before = [host("nft", "list", "ruleset"), host("ip", "-br", "link"), host("ip", "route")];
      const { code, hops } = follow("--from", from);
      expect(hops.filter(({ state }) => state !== "ok")).toEqual([]);
      expect(code).toBe(0);
      const port = hops.find(({ name }) => name === "published port");
      expect(port?.evidence[0]).toContain(`destination ${UPLINK}:8080 becomes 10.77.0.2:80: table ip to-${hook}`);
      expect([host("nft", "list", "ruleset"), host("ip", "-br", "link"), host("ip", "route")]).toEqual(before);
    });
  }

  test("comes in where rp_filter is strict", () => {
    host("sysctl", "-w", "net.ipv4.conf.all.rp_filter=1");
    expect(follow().bad).toBeUndefined();
    host("sysctl", "-w", "net.ipv4.conf.all.rp_filter=0");
  });

  test("names a rule that leads the port elsewhere, and the mend cures it", () => {
    publish("prerouting", "10.77.0.9:80", -101, "thief");
    const { code, bad } = follow();
    expect(bad?.name).toBe("published port");
    expect(bad?.finding.what).toBe("port 8080/tcp of the host leads to 10.77.0.9:80, which is not this container");
    expect(bad?.finding.evidence).toMatch(/table ip thief, chain nat, rule handle \d+$/);
    expect(code).toBe(1);
    for (const command of bad?.finding.mend ?? []) host("sh", "-c", command);
    expect(follow().bad).toBeUndefined();
    host("nft", "delete", "table", "ip", "thief");
  });

  test("names a policy that lets nothing new in, and the mend cures it", () => {
    host("iptables-nft", "-P", "FORWARD", "DROP");
    const { bad } = follow();
    expect(bad?.name).toBe("rules");
    expect(bad?.finding.what).toBe("the policy of chain FORWARD, table ip filter, drops what comes for the container");
    for (const command of bad?.finding.mend ?? []) host("sh", "-c", command);
    expect(follow().bad).toBeUndefined();
    host("iptables-nft", "-P", "FORWARD", "ACCEPT");
  });

  test("names a container in which nobody listens", async () => {
    server?.kill();
    await server?.exited;
    const { bad } = follow();
    expect(bad?.name).toBe("listener");
    expect(bad?.finding.what).toBe("no program of the container waits on port 80/tcp");
  });
});
