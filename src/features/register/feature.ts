import { messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import { bootId } from "../../sys/boot.ts";
import type { Attached } from "../attached.ts";
import type { Feature } from "../feature.ts";
import type { Machine } from "../machine.ts";
import { obstacleIn, readRecord, recordName, recordsOf, removeRecord, sweepRecords, writeRecord } from "./file.ts";
import { recordText } from "./record.ts";
import { type RegisterWish, registerLeft } from "./wish.ts";

/** The container is an endpoint of services, by a record that berthd reads (`berth.register`). */
export const register: Feature<RegisterWish> = {
  what: "the registration",
  binds: "service",
  letters: {},
  possible(_, { dir, services, ports }, quickly) {
    if (quickly) return services.length > 0 && ports.length === 0 ? noPorts(services) : undefined;
    const obstacle = obstacleIn(dir);
    if (obstacle === undefined) return undefined;
    const what = `no endpoint record can be written to ${dir}: ${messageOf(obstacle)}`;
    return new Explained(what, `"berth.register.dir" must be a directory that can be written`, obstacle);
  },
  add(machine, wish, attached) {
    if (wish.services.length > 0) writeRecord(wish.dir, attached.owner, textOf(machine, wish, attached));
    else removeRecord(wish.dir, attached.owner);
    return "";
  },
  drop: (_, { dir }, owner) => removeRecord(dir, owner),
  remove: (_, wish, { owner }) => removeRecord((wish ?? NOTHING).dir, owner),
  check(machine, wish, attached) {
    if (wish.services.length === 0) return undefined;
    const { dir } = wish;
    const found = readRecord(dir, attached.owner);
    if (found === textOf(machine, wish, attached)) return undefined;
    const path = `${dir}/${recordName(attached.owner)}`;
    return found === undefined ? `there is no ${path}` : `${path} says something else`;
  },
  restore(machine, wish, attached) {
    const missing = register.check(machine, wish, attached);
    if (missing !== undefined) register.add(machine, wish, attached);
    return missing;
  },
  gc(_, wish, { network, alive }) {
    const { dir } = wish ?? NOTHING;
    const names = recordsOf(dir, network);
    if (names.length > 0) sweepRecords(dir, names, alive());
  },
};

const NO_BOOT =
  "nobody could tell later that the record is of an earlier boot: is /proc/sys/kernel/random/boot_id readable?";

const NOTHING = registerLeft();

function noPorts([service]: readonly string[]): Explained {
  const what = `the container is to be an endpoint of the service ${service}, and has no ports`;
  const remedy = `say "ports" in berth.register or runtimeConfig.register, BERTH_PORTS in CNI_ARGS, or the pod's annotation berth/ports`;
  return new Explained(what, remedy, new CniError(INVALID_CONFIG, what, remedy));
}

function textOf(machine: Machine, wish: RegisterWish, { owner, port, addresses }: Attached): string {
  const index = port.index ?? machine.findLink(port.name)?.index;
  if (index === undefined)
    throw new Explained(`interface ${port.name} vanished before it was registered`, "has the container ended?");
  const boot = bootId();
  if (boot === "") throw new Explained("cannot register: the kernel does not say which boot this is", NO_BOOT);
  const veth = { name: port.name, index };
  return recordText({ owner, addresses, boot, host: machine.cookie(), veth }, wish);
}
