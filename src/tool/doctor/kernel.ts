/** What the host's kernel must do for containers: forward, and not drop. */
import type { Finding } from "../finding.ts";
import type { Facts, NetworkFacts } from "./facts.ts";
import { checkForward } from "./forward.ts";
import { command } from "./text/shell.ts";
import { uplinksOf } from "./uplinks.ts";

export function checkKernel(facts: Facts): Finding[] {
  return [...checkForwarding(facts), ...checkForward(facts), ...checkBridgeNf(facts), ...checkReversePath(facts)];
}

/** Networks whose containers are to reach more than each other. */
export const routed = ({ networks }: Facts): NetworkFacts[] =>
  networks.filter(({ veth, bridge }) => veth && (!bridge || bridge.isGateway));

/** Whether a network gives addresses of a family: 4 or 6 bytes' worth; unknown ranges count as IPv4. */
export function hasFamily({ pool }: NetworkFacts, bytes: 4 | 16): boolean {
  return pool.length === 0 ? bytes === 4 : pool.some((set) => set[0]?.start.length === bytes);
}

/** Of networks that have containers: the first ADD switches it on. */
function checkForwarding(facts: Facts): Finding[] {
  const used = new Set(facts.attachments.map(({ owner }) => owner.network));
  const networks = routed(facts).filter(({ name }) => used.has(name));
  const { forwards4, forwards6 } = facts.kernel;
  const four = networks.filter((network) => hasFamily(network, 4));
  const six = networks.filter((network) => hasFamily(network, 16));
  return [
    ...(forwards4 ? [] : forwardingOff("IPv4", "net.ipv4.ip_forward", four)),
    ...(forwards6 ? [] : forwardingOff("IPv6", "net.ipv6.conf.all.forwarding", six)),
  ];
}

function forwardingOff(family: string, sysctl: string, networks: readonly NetworkFacts[]): Finding[] {
  if (networks.length === 0) return [];
  return [
    {
      severity: "error",
      what: `the kernel does not forward ${family}`,
      evidence: `${sysctl} = 0 (sysctl ${sysctl})`,
      consequence: `containers of ${networks.map(({ name }) => name).join(", ")} reach this machine and each other, and nothing beyond`,
      mend: [command("sysctl", "-w", `${sysctl}=1`)],
    },
  ];
}

/** kube-proxy's rules see what goes from port to port of a bridge only with br_netfilter. */
function checkBridgeNf({ kernel, networks }: Facts): Finding[] {
  const bridges = networks.filter(({ bridge }) => bridge);
  if (!kernel.hasKubeProxy || kernel.bridgeNf === true || bridges.length === 0) return [];
  const isLoaded = kernel.bridgeNf !== undefined;
  return [
    {
      severity: "error",
      what: "br_netfilter is off, and services of Kubernetes are translated by iptables",
      evidence: isLoaded
        ? "net.bridge.bridge-nf-call-iptables = 0; table nat has kube-proxy's chain KUBE-SERVICES"
        : "/proc/sys/net/bridge is missing; table nat has kube-proxy's chain KUBE-SERVICES",
      consequence:
        "a service whose backend is on this node does not answer its pods: the answer goes past the translation",
      mend: [
        ...(isLoaded ? [] : [command("modprobe", "br_netfilter")]),
        command("sysctl", "-w", "net.bridge.bridge-nf-call-iptables=1"),
      ],
    },
  ];
}

const STRICT = 1;

/** Of several ways out, answers come in by those that are not the best, and strict filtering drops them. */
function checkReversePath(facts: Facts): Finding[] {
  if (routed(facts).length === 0) return [];
  const [, ...others] = uplinksOf(facts);
  const strict = others.filter(({ name }) => facts.kernel.rpFilter.get(name) === STRICT);
  return strict.map(({ name }) => ({
    severity: "error" as const,
    what: `${name} drops what comes in by it from elsewhere: reverse path filtering is strict`,
    evidence: `net.ipv4.conf.${name}.rp_filter or that of "all" = 1, and the best default route leads elsewhere (ip route show default)`,
    consequence: `whoever reaches a published port by ${name} gets no answer, nor do containers that a rule sends out by it`,
    // Of "all" and its own the larger counts.
    mend: [command("sysctl", "-w", `net.ipv4.conf.${name}.rp_filter=2`)],
  }));
}
