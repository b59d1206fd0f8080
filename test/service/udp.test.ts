/** What becomes of UDP clients that keep their port, and so their entry in conntrack, when services change. */
import { expect } from "bun:test";
import { can, namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab } from "../support/port-net.ts";
import { flowsOf } from "../support/service/flows.ts";
import { Agent, HOST, type Member, openNet } from "../support/service/net.ts";
import { serviceObject } from "../support/service/objects.ts";
import { dualSlices } from "../support/service/slices.ts";

const needsAll = needs(namespaces, nftables, can("root and conntrack (Debian package conntrack)", "conntrack", "-L"));

const SERVICE = serviceObject(
  "dns",
  {
    type: "LoadBalancer",
    clusterIP: "10.96.0.1",
    clusterIPs: ["10.96.0.1", "fd96::1"],
    externalIPs: ["198.51.100.1", "fd98::1"],
    ports: [{ name: "dns", port: 53, nodePort: 30_053, protocol: "UDP" }],
  },
  { loadBalancer: { ingress: [{ ip: "198.51.100.2" }, { ip: "fd98::2" }] } },
);
const PORT = [{ name: "dns", port: 5353, protocol: "UDP" }];

const WAYS = [
  ["10.96.0.1", 53],
  ["fd96::1", 53],
  ["198.51.100.1", 53],
  ["fd98::1", 53],
  ["198.51.100.2", 53],
  ["fd98::2", 53],
  [HOST.v4, 30_053],
  [HOST.v6, 30_053],
] as const;

/** A client that keeps its port: the answers to one datagram, and to one more for each line it is given. */
function udpClient(ns: string, address: string, port: number) {
  const words = ["ip", "netns", "exec", ns, "python3", "-uc", UDP_CLIENT, address, `${port}`];
  const child = Bun.spawn(words, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const text = new TextDecoder();
  return {
    async ask() {
      child.stdin.write("\n");
      child.stdin.flush();
      return text
        .decode((await reader.read()).value)
        .trim()
        .split(" ")[0];
    },
    end: () => child.kill("SIGKILL"),
  };
}

const UDP_CLIENT = `
import os, socket, sys
address, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("::" if ":" in address else "0.0.0.0", 0))
s.settimeout(0.5)
for _ in sys.stdin:
    s.sendto(b"?", (address, port))
    try:
        answer = s.recv(100).decode()
    except TimeoutError:
        answer = "nothing"
    # In one piece, as the reader takes it.
    os.write(1, (answer + "\\n").encode())
`;

needsAll(
  "a UDP client that keeps its port is led to the service that comes, to the endpoint that replaces its own, and nowhere afterwards",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const [m0, m1] = members as [Member, Member];
    let agent = new Agent(lab);
    agent.begin();
    const clients = WAYS.map(([address, port]) => udpClient(outside.ns, address, port));
    const ask = () => Promise.all(clients.map(async (client, i) => `${WAYS[i]?.join(" ")}: ${await client.ask()}`));
    const each = (answer: string) => WAYS.map((way) => `${way.join(" ")}: ${answer}`);
    try {
      // What it was before there was a service is forgotten too.
      expect(await ask()).toEqual(each("nothing"));
      agent.become(SERVICE, ...dualSlices("dns", [m0], PORT));
      expect(await ask()).toEqual(each("m0"));
      agent.become(SERVICE, ...dualSlices("dns", [m1], PORT));
      expect(await ask()).toEqual(each("m1"));
      // While no agent was there its endpoint was replaced again.
      agent = new Agent(lab);
      agent.begin(SERVICE, ...dualSlices("dns", [m0], PORT));
      expect(await ask()).toEqual(each("m0"));
      agent.become(SERVICE);
      expect(await ask()).toEqual(each("nothing"));
      agent.become(SERVICE, ...dualSlices("dns", [m0, m1], PORT));
      expect((await ask()).filter((answer) => answer.endsWith("nothing"))).toEqual([]);
      agent.become();
      expect(await ask()).toEqual(each("nothing"));
    } finally {
      for (const client of clients) client.end();
    }
    const flows = [...flowsOf(lab, 4), ...flowsOf(lab, 6)].filter(({ protocol }) => protocol === "udp");
    expect(flows.filter(({ fromPort }) => fromPort === 5353)).toEqual([]);
  }),
);

needsAll(
  "a UDP client that asks while somebody has flushed the rules is led to the service when they are back",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 1);
    const agent = new Agent(lab);
    agent.begin(SERVICE, ...dualSlices("dns", members, PORT));
    // Others' rules have the kernel track connections meanwhile.
    const others = "chain c { type filter hook forward priority 0; ct state new counter; };";
    lab.sh(lab.host, "nft", `flush ruleset; table inet other { ${others} }`);
    const clients = WAYS.map(([address, port]) => udpClient(outside.ns, address, port));
    try {
      const ask = () => Promise.all(clients.map((client) => client.ask()));
      expect(new Set(await ask())).toEqual(new Set(["nothing"]));
      expect(agent.writer.look()?.elements).toBeGreaterThan(0);
      expect(new Set(await ask())).toEqual(new Set(["m0"]));
    } finally {
      for (const client of clients) client.end();
    }
  }),
);
