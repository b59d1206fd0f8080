import { deferSignals } from "#sys";
import { attempt } from "../../base/attempt.ts";
import {
  assertErrno,
  EACCES,
  EADDRNOTAVAIL,
  EBUSY,
  EINVAL,
  EISDIR,
  ENODEV,
  ENOENT,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
  EROFS,
  errnoOf,
  errnoText,
  isErrno,
  messageOf,
} from "../../base/errno.ts";
import { formatMac } from "../../base/mac.ts";
import { Undo } from "../../base/undo.ts";
import type { Machine } from "../../features/machine.ts";
import type { Sandbox } from "../../host/sandbox.ts";
import { CniError, INTERNAL, INVALID_CONFIG } from "../../spec/errors.ts";
import type { AddOutcome, Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { assertAllowed } from "./allowlist.ts";
import { type Attributes, attributesOf, requestsFor, toSet } from "./attributes.ts";
import { readPrevResult, readTuning, type Setting } from "./config.ts";
import { readState, removeState, stateName, stateText, writeState } from "./state.ts";

/** Sets what is configured. A call that fails leaves all as it was. @throws CniError */
export function add(call: Call, machine: Machine): AddOutcome {
  const { settings, attributes, dataDir } = readTuning(call);
  assertAllowed(settings);
  const before = readPrevResult(call);
  const undo = new Undo();
  const rollback = () => {
    for (const failure of deferSignals(() => undo.rollback())) call.warn(`could not take back: ${messageOf(failure)}`);
  };
  try {
    const sandbox = machine.openSandbox(call.env.netns);
    const wanted = toSet(attributes);
    const changes = Object.keys(wanted).length > 0;
    const old = changes ? attributesOf(findInterface(sandbox, call), wanted) : {};
    if (settings.length > 0) set(sandbox, settings, undo);
    if (changes) tune({ call, sandbox, dataDir, undo }, old, wanted);
    return { result: withMac(before, call.env.ifname, wanted), rollback };
  } catch (error) {
    rollback();
    throw error;
  }
}

/** The container's interface. @throws CniError when it has none of that name */
export function findInterface(sandbox: Sandbox, { env }: Call) {
  const link = sandbox.findLink(env.ifname);
  if (link) return link;
  const details = `${env.netns} has no such interface: does a plugin before tuning make it?`;
  throw new CniError(INTERNAL, `failed to get "${env.ifname}": Link not found`, details);
}

function set(sandbox: Sandbox, settings: readonly Setting[], undo: Undo): void {
  sandbox.enter((sysctls) => {
    for (const { name, path, value } of settings) {
      // Some can only be written.
      const before = attempt(() => sysctls.read(path));
      if (before !== undefined) undo.push(() => sandbox.enter((again) => again.put(path, before)));
      try {
        sysctls.put(path, value);
      } catch (error) {
        throw unset(name, path, value, error);
      }
    }
  });
}

const WRONG_SYSCTL = [ENOENT, ENOTDIR, EISDIR, EINVAL, ERANGE];

function unset(name: string, path: string, value: string, error: unknown): CniError {
  assertErrno(error);
  const code = isErrno(error, ...WRONG_SYSCTL) ? INVALID_CONFIG : INTERNAL;
  const reason = errnoText(errnoOf(error) ?? 0);
  return new CniError(code, `cannot set sysctl ${name} to "${value}": ${reason}`, remedyFor(error, path), error);
}

function remedyFor(error: unknown, path: string): string {
  if (isErrno(error, ENOENT, ENOTDIR, EISDIR)) {
    return `the container's network namespace has no /proc/sys/${path}: correct the name in "sysctl", or load the module that makes it`;
  }
  if (isErrno(error, EINVAL, ERANGE)) return `the kernel does not take that value: correct it in "sysctl"`;
  if (!isErrno(error, EACCES, EPERM, EROFS)) return "";
  return "either the whole machine has only one of it, or the plugin needs root and a writable /proc/sys";
}

interface Context {
  readonly call: Call;
  readonly sandbox: Sandbox;
  readonly dataDir: string;
  readonly undo: Undo;
}

/** Notes the attributes as they are, then changes them. */
function tune({ call, sandbox, dataDir, undo }: Context, old: Attributes, wanted: Attributes): void {
  const { containerId, ifname } = call.env;
  const name = stateName(containerId, ifname);
  const earlier = readState(dataDir, name);
  undo.push(() => {
    if (earlier === undefined) removeState(dataDir, name);
    else writeState(dataDir, name, earlier, call.name);
  });
  writeState(dataDir, name, stateText(old), call.name);
  undo.push(() => sandbox.change(...requestsFor(ifname, old).map((request) => ({ ...request, tolerate: [ENODEV] }))));
  const [failure] = sandbox.attempt(requestsFor(ifname, wanted)).filter((one) => one !== undefined);
  if (failure) throw untuned(ifname, sandbox.path, failure);
}

/** What a request to change a link is refused with where its device is not made for it. */
export const WRONG_ATTRIBUTE = [EINVAL, EADDRNOTAVAIL, EOPNOTSUPP, ERANGE, EBUSY];

function untuned(ifname: string, netns: string, error: unknown): CniError {
  const code = isErrno(error, ...WRONG_ATTRIBUTE) ? INVALID_CONFIG : INTERNAL;
  return new CniError(code, `failed to tune "${ifname}": ${messageOf(error)}`, remedyForLink(error, netns), error);
}

function remedyForLink(error: unknown, netns: string): string {
  if (isErrno(error, ENODEV)) return `it vanished from ${netns}: has the container ended?`;
  if (isErrno(error, EBUSY)) return "a device of this kind takes that only while it is down";
  if (isErrno(error, EPERM)) return "the plugin needs root, or CAP_NET_ADMIN in the container's network namespace";
  return "ip -d link show says what the interface can have (minmtu, maxmtu)";
}

/** The result as the interface is now: whoever checks it later compares. */
function withMac(result: Result, ifname: string, { mac }: Attributes): Result {
  if (!mac) return result;
  const interfaces = result.interfaces.map((one) => (one.name === ifname ? { ...one, mac: formatMac(mac) } : one));
  return { ...result, interfaces };
}
