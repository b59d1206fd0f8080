/** Whether a container that answers with HTTP on its port 8080 is reached. */
import { UPLINK } from "../support/far-host.ts";
import type { Tell } from "./flow.ts";
import type { Machine } from "./machine.ts";

/** What busybox's httpd in the test's image says. */
const PAGE = "berth\n";

/** Asks each address from the machine itself, and with `hostPort` the machine's own addresses from another. */
export async function reach(machine: Machine, addresses: readonly string[], tell: Tell, hostPort?: number) {
  for (const address of addresses)
    tell(`asks the container's ${family(address)} address`, await ask(machine, machine.lab.host, address, 8080));
  if (hostPort === undefined) return;
  const own = [UPLINK.v4, UPLINK.v6].filter((one) => addresses.some((address) => family(one) === family(address)));
  for (const address of own)
    tell(`another machine asks its ${family(address)} port`, await ask(machine, machine.far.ns, address, hostPort));
}

const family = (address: string) => (address.includes(":") ? "IPv6" : "IPv4");

/** "ok", or what went wrong last: the server and IPv6 take a moment. */
async function ask({ lab }: Machine, ns: string, address: string, port: number): Promise<string> {
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}/`;
  for (let left = 10; ; left--) {
    const { stdout, stderr } = lab.attempt(ns, "curl", "--silent", "--show-error", "--max-time", "1", url);
    if (stdout === PAGE) return "ok";
    if (left === 0) return stderr.trim() || `the answer is ${JSON.stringify(stdout)}`;
    await Bun.sleep(100);
  }
}
