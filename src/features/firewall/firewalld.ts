import { errnoOf, messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { formatIp, type Ip } from "../../base/ip.ts";
import { settle } from "../../base/undo.ts";
import { Bus, BusError } from "./dbus.ts";

/** Containers' addresses as sources of a zone of firewalld, over D-Bus: what runs now, not what is configured to last. */

const NAME = "org.fedoraproject.FirewallD1";

/** What firewalld says of a source that the zone has already. */
const ALREADY_SET = "ZONE_ALREADY_SET";

/** What says that there is no such source any more: its zone has none, there is no such zone, firewalld has just ended. */
const ABSENT = /UNKNOWN_SOURCE|INVALID_ZONE|NameHasNoOwner|ServiceUnknown/;

type Method = "addSource" | "removeSource" | "querySource";

/** Whether firewalld runs. */
export function isFirewalldRunning(): boolean {
  return ifRunning(() => {});
}

/** Why firewalld cannot be asked; undefined when it can. */
export function lackOfFirewalld(): Explained | undefined {
  try {
    onBus(() => {});
    return undefined;
  } catch (error) {
    if (error instanceof Explained) return error;
    if (errnoOf(error) === undefined) throw error;
    return withoutBus(error);
  }
}

/** Puts the addresses into the zone, all or none. Returns those that were not in it. Throws Explained. */
export function addSources(zone: string, addresses: readonly Ip[]): Ip[] {
  return asking((bus) => {
    const added: Ip[] = [];
    for (const ip of addresses) {
      try {
        if (ask(bus, "addSource", zone, sourceOf(ip)) !== undefined) added.push(ip);
      } catch (error) {
        settle(added.map((one) => () => ask(bus, "removeSource", zone, sourceOf(one))));
        if (!(error instanceof BusError)) throw error;
        throw new Explained(
          `failed to add the address ${sourceOf(ip)} to ${zone} zone: ${error.message}`,
          `firewall-cmd --get-active-zones says which zones there are, and whose ${sourceOf(ip)} is`,
          error,
        );
      }
    }
    return added;
  });
}

/** Takes the addresses out of the zone. Absent is success, and firewalld forgets them when it ends. Throws Explained. */
export function removeSources(zone: string, addresses: readonly Ip[]): void {
  if (addresses.length === 0) return;
  ifRunning((bus) => {
    for (const source of addresses.map(sourceOf)) {
      try {
        ask(bus, "removeSource", zone, source);
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        if (ABSENT.test(`${error.kind} ${error.message}`)) continue;
        const message = `failed to remove the address ${source} from ${zone} zone: ${error.message}`;
        throw new Explained(message, "DEL can be repeated", error);
      }
    }
  });
}

/** The first address that is not in the zone, in words. Throws Explained. */
export function missingSource(zone: string, addresses: readonly Ip[]): string | undefined {
  return asking((bus) => {
    const missing = addresses.map(sourceOf).find((source) => !isThere(bus, zone, source));
    return missing && `the address ${missing} is not in ${zone} zone (firewall-cmd --zone=${zone} --list-sources)`;
  });
}

function isThere(bus: Bus, zone: string, source: string): boolean {
  try {
    return ask(bus, "querySource", zone, source) === true;
  } catch (error) {
    if (error instanceof BusError) return false;
    throw error;
  }
}

function sourceOf(ip: Ip): string {
  return `${formatIp(ip)}/${8 * ip.length}`;
}

/** Undefined where there was nothing to do. @throws BusError */
function ask(bus: Bus, member: Method, zone: string, source: string): string | boolean | undefined {
  const place = { destination: NAME, path: "/org/fedoraproject/FirewallD1", interface: `${NAME}.zone` };
  try {
    return bus.call({ ...place, member, args: [zone, source] }) ?? "";
  } catch (error) {
    if (error instanceof BusError && error.message.includes(ALREADY_SET)) return undefined;
    throw error;
  }
}

/** Does `work` if firewalld runs, and says whether it does. Where the bus cannot be asked it does not. Throws as `work`. */
function ifRunning(work: (bus: Bus) => void): boolean {
  let bus: Bus | undefined;
  try {
    bus = openIfThere();
    if (!bus?.hasOwner(NAME)) return false;
    work(bus);
    return true;
  } finally {
    bus?.close();
  }
}

function openIfThere(): Bus | undefined {
  try {
    return Bus.open();
  } catch (error) {
    if (error instanceof Explained || error instanceof BusError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

function asking<T>(work: (bus: Bus) => T): T {
  try {
    return onBus(work);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw withoutBus(error);
  }
}

function onBus<T>(work: (bus: Bus) => T): T {
  const bus = Bus.open();
  try {
    return work(bus);
  } finally {
    bus.close();
  }
}

function withoutBus(cause: unknown): Explained {
  const message = `firewalld cannot be asked: ${messageOf(cause)}`;
  return new Explained(message, 'start firewalld and D-Bus, or take backend "firewalld" out', cause);
}
