import type { Explained } from "../base/explained.ts";
import type { Ip } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";
import type { Attached, Collecting, Leaving } from "./attached.ts";
import type { Machine } from "./machine.ts";

/**
 * What a network may ask of a machine, and of which something stays there for each attachment: rules. `Wish` is what its
 * configuration asks for. What is made carries its owner's name, or its letter stands in the owner's leases.
 */
export interface Feature<Wish> {
  /** In messages: "masquerading is broken". */
  readonly what: string;
  /**
   * What its rules are about. Those about the link are made before the container can send, and go after the link; those about
   * addresses are made when the container has them, and go before it. What leads others to the container is made last of all, and
   * goes first.
   */
  readonly binds: "link" | "addresses" | "service";
  /**
   * The letters by which leases tell of rules that DEL and GC do not look for unless asked (AttachedLink.rules), each with
   * the wish that it stands for.
   */
  readonly letters: Readonly<Record<string, Wish>>;
  /**
   * Why this machine cannot do it; undefined when it can. With `quickly`, as an ADD asks, only what is seen at no cost.
   * Throws SysError.
   */
  possible(machine: Machine, wish: Wish, quickly: boolean): Explained | undefined;
  /** Makes the rules. Returns their letter, "" without one. Throws CniError, Explained. */
  add(machine: Machine, wish: Wish, attached: Attached): string;
  /** Removes what `add` makes for the wish. Absent is success. Throws NetlinkError, SysError, Explained. */
  drop(machine: Machine, wish: Wish, owner: Owner, addresses: readonly Ip[]): void;
  /**
   * Removes all that there may be, made by whom and as whatever: the configuration, whose `wish` undefined is none, may have
   * changed. Absent is success. Throws as drop.
   */
  remove(machine: Machine, wish: Wish | undefined, leaving: Leaving): void;
  /** What is missing, in words; undefined when all is there. */
  check(machine: Machine, wish: Wish, attached: Attached): string | undefined;
  /** Puts back what is missing, and says what that was; undefined when all was there. Throws as add. */
  restore(machine: Machine, wish: Wish, attached: Attached): string | undefined;
  /** Removes the rules of the network's owners that are not alive. Throws as drop. */
  gc(machine: Machine, wish: Wish | undefined, collecting: Collecting): void;
}
