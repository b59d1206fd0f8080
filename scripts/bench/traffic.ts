/** Packets of a container through the host's NAT to a far machine, each in a namespace. */
import { attempt, ipj, sh } from "../../test/support/command.ts";
import { netnsPath } from "../../test/support/conf.ts";
import type { Driver } from "./driver.ts";
import type { Place } from "./place.ts";

export interface Path {
  /** Runs each kind of traffic once. */
  measure(): Promise<Rates>;
  close(): Promise<void>;
}

export interface Rates {
  /** Gbit/s of one TCP connection. */
  readonly throughput: number;
  /** Thousand packets a second of one flow. */
  readonly packets: number;
  /** Thousand packets a second, each the first of its flow: these pass the NAT rules. */
  readonly flows: number;
}

const FAR = "192.0.2.2";
const PORT = "5201";
const TCP_MS = 1000;
const PACKETS = 150_000;
const FLOWS = 20_000;

/**
 * Connects a far machine to the place's host. It has no route back to containers: what arrives there and is answered was
 * masqueraded.
 */
export async function openPath(driver: Driver, place: Place, container: string, traffic: string): Promise<Path> {
  const far = `${place.host}-far`;
  await driver.netns(far);
  sh(place.host, ..."ip link add far0 type veth peer name eth0 netns".split(" "), far);
  sh(place.host, ..."ip addr add 192.0.2.1/24 dev far0".split(" "));
  sh(place.host, ..."ip link set far0 up".split(" "));
  sh(far, ..."ip addr add 192.0.2.2/24 dev eth0".split(" "));
  sh(far, ..."ip link set eth0 up".split(" "));
  const sink = Bun.spawn(["nsenter", `--net=${netnsPath(far)}`, traffic], {
    env: { TRAFFIC: "sink", PORT },
    stdout: "inherit",
  });
  const close = async () => {
    sink.kill();
    await driver.forget(far);
  };
  try {
    sh(container, "ping", "-c", "3", "-i", "0.2", FAR);
  } catch (error) {
    await close();
    throw error;
  }
  const run = async (role: string, env: Record<string, string>) => {
    const request = { file: traffic, stdin: "", env: { TRAFFIC: role, TO: FAR, PORT, ...env } };
    return (await driver.run(container, request)).stdout.trim().split(" ").map(Number);
  };
  return { measure: () => measure(run, far), close };
}

type Run = (role: string, env: Record<string, string>) => Promise<number[]>;

async function measure(run: Run, far: string): Promise<Rates> {
  const [bytes = 0, ns = 1] = await run("tcp", { MS: `${TCP_MS}` });
  return {
    throughput: (bytes * 8) / ns,
    packets: await packetRate(run, far, "udp", PACKETS),
    flows: await packetRate(run, far, "flows", FLOWS),
  };
}

/** @throws Error when more than 1 % of the packets did not arrive */
async function packetRate(run: Run, far: string, role: string, count: number): Promise<number> {
  const before = received(far);
  const [, ns = 1] = await run(role, { COUNT: `${count}` });
  const arrived = received(far) - before;
  if (arrived < count * 0.99) throw new Error(`${role}: ${arrived} of ${count} packets arrived`);
  return (count / ns) * 1e6;
}

function received(far: string): number {
  return ipj(far, "-s", "link", "show", "dev", "eth0")[0].stats64.rx.packets;
}

/** Rules in all tables of a namespace. */
export function countRules(ns: string): number {
  const { stdout } = attempt(ns, "nft", "-j", "list", "ruleset");
  return JSON.parse(stdout).nftables.filter((row: object) => "rule" in row).length;
}
