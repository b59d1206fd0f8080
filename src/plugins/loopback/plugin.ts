import { formatIp, type Ip } from "../../base/ip.ts";
import { Undo } from "../../base/undo.ts";
import { onMachine, onMachineAdd } from "../../features/machine.ts";
import type { Host } from "../../host/host.ts";
import type { Sandbox } from "../../host/sandbox.ts";
import { IFF_UP, setDown, setUp } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { commonKeys } from "../../spec/config.ts";
import { decode, goObject } from "../../spec/decode.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { AddOutcome, Call, Handlers } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";

/** The only interface that it is about, whatever CNI_IFNAME says. */
const LO = "lo";

const schema = goObject(commonKeys);

/** Sets a container's loopback interface up; the kernel then gives it its addresses. */
export const plugin = {
  ADD: (call) => onMachineAdd((machine) => add(call, machine)),
  DEL: (call) => onMachine((machine) => del(call, machine)),
  CHECK: (call) => onMachine((machine) => check(call, machine)),
} satisfies Handlers;

function add({ env, config, version }: Call, host: Host): AddOutcome {
  const { prevResult } = decode(schema, config);
  const passed = prevResult && parsePrevResult(prevResult, version);
  const sandbox = host.openSandbox(env.netns);
  const link = findLo(sandbox);
  const undo = new Undo();
  const rollback = () => void undo.rollback();
  try {
    if (!isUp(link)) {
      sandbox.change(setUp(link));
      undo.push(() => sandbox.change(setDown(link)));
    }
    const own = describe(sandbox, link);
    return { result: passed ?? own, rollback };
  } catch (error) {
    rollback();
    throw error;
  }
}

/** The interface and its first address of each family. @throws CniError when it has one that is not for loopback */
function describe(sandbox: Sandbox, link: Link): Result {
  const prefixes = sandbox.listAddrs(link.index).map((addr) => addr.prefix);
  const foreign = prefixes.find(({ ip }) => !isLoopback(ip));
  if (foreign) {
    const message = `loopback interface found with non-loopback address "${formatIp(foreign.ip)}"`;
    throw new CniError(INTERNAL, message, `ip -n NETNS addr show dev lo lists it; CNI_NETNS is ${sandbox.path}`);
  }
  const firsts = [4, 16].flatMap((size) => prefixes.find(({ ip }) => ip.length === size) ?? []);
  return {
    interfaces: [{ name: LO, mac: "00:00:00:00:00:00", sandbox: sandbox.path }],
    ips: firsts.map((address) => ({ interface: 0, address })),
    routes: [],
    dns: {},
  };
}

function del({ env, warn }: Call, host: Host): void {
  host.openSandboxIfThere(env.netns, warn)?.change(setDown(LO));
}

function check({ env }: Call, host: Host): void {
  if (isUp(findLo(host.openSandbox(env.netns)))) return;
  throw new CniError(INTERNAL, "loopback interface is down", `in the namespace ${env.netns}: ip link set lo up`);
}

function findLo(sandbox: Sandbox): Link {
  const link = sandbox.findLink(LO);
  if (link) return link;
  throw new CniError(INTERNAL, `failed to find "${LO}": Link not found`, `CNI_NETNS is ${sandbox.path}`);
}

function isUp(link: Link): boolean {
  return (link.flags & IFF_UP) !== 0;
}

/** 127.0.0.0/8 (RFC 1122) and ::1 (RFC 4291). */
function isLoopback(ip: Ip): boolean {
  if (ip.length === 4) return ip[0] === 127;
  return ip[15] === 1 && ip.subarray(0, 15).every((byte) => byte === 0);
}
