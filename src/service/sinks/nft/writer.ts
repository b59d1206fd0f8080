import { assertErrno, ERESTART, errnoOf, messageOf } from "../../../base/errno.ts";
import type { Client } from "../../../netlink/client.ts";
import { Batch } from "../../../nft/batch.ts";
import { attemptAt, run } from "../../../nft/client.ts";
import { findGeneration } from "../../../nft/find-generation.ts";
import type { IpFamily } from "../../../nft/match-concat.ts";
import { choiceOf, DROP, REJECT } from "./choices.ts";
import { type Difference, differencesOf } from "./compare.ts";
import { differencesIn } from "./differences.ts";
import { Edits, type Known } from "./edits.ts";
import type { Elements } from "./elements.ts";
import { forgetFlows } from "./flows.ts";
import { adoptableOf, emptyFound, type Found, readFound } from "./found.ts";
import { buildLayout, FAMILIES, TABLE } from "./layout.ts";
import { Ledger, newEdits, type Step } from "./ledger.ts";
import { both, NOTHING, type Report, type WriterOptions } from "./protocol.ts";
import { isLayoutThere } from "./there.ts";

/** How many services one transaction has at most: while it lasts, nobody else changes any rule. */
const SERVICES_MAX = 4000;

/** How often others may change the ruleset under a transaction before it is done whatever they do. */
const ROUNDS = 8;

/** Small groups, whose chains are made at once. */
const FIRST_CHOICES = [REJECT, DROP, ...Array.from({ length: 8 }, (_, i) => choiceOf(i + 1, 0))];

/** Keeps the kernel's tables as services are. All calls are synchronous, and may take a second. They throw NetlinkError. */
export class Writer {
  readonly #client: Client;
  readonly #options: WriterOptions;
  #ledger: Ledger;
  /** What has been made besides elements. */
  readonly #known: Record<IpFamily, Known> = { ip: emptyFound("ip"), ip6: emptyFound("ip6") };
  /** What there was when it began, until all services are known; undefined also where nothing was. */
  #found: Readonly<Record<IpFamily, Found>> | undefined;
  /** What those that came would add to nothing, and of what UDP clients are to be led elsewhere. */
  #begun: Step["edits"] = newEdits();
  #udp: Step["udp"][number][] = [];
  /** That of the ruleset after what was done last; others make others. */
  #generation = 0;
  #isSuspect = false;

  constructor(client: Client, options: WriterOptions) {
    this.#client = client;
    this.#options = options;
    this.#ledger = this.#newLedger(undefined);
  }

  get conflicts(): string[] {
    return this.#ledger.conflicts;
  }

  /** Whether others have changed something since the own elements were read. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /**
   * Begins with no service. Those that come (`part`) are made at once where the kernel has none; else what there is of them stays as
   * it is, affinity included, and `finish` makes the rest.
   */
  begin(): void {
    const found = this.#establish();
    const isEmpty = FAMILIES.every((family) => found[family].elements.count === 0);
    this.#found = isEmpty ? undefined : found;
    this.#begun = newEdits();
    this.#udp = [];
    this.#ledger = this.#newLedger(this.#found);
  }

  /** Some services, each a line of port-text.ts. */
  part(lines: readonly string[]): Report {
    if (!this.#found) return this.change(lines);
    this.#udp.push(...this.#ledger.change(lines, this.#begun).udp);
    return NOTHING;
  }

  /** That these were all: the kernel has no others. */
  finish(): Report {
    const [found, begun, udp] = [this.#found, this.#begun, this.#udp];
    this.#ledger.settle();
    this.#found = undefined;
    this.#begun = newEdits();
    this.#udp = [];
    if (!found) return NOTHING;
    // A service that came twice took something back.
    const isAll = FAMILIES.every((family) => begun[family].removed.count === 0);
    const wanted = isAll ? { ip: begun.ip.added, ip6: begun.ip6.added } : this.#ledger.wanted();
    const elements = this.#reconcile(found, wanted);
    // What was read may have been incomplete (listPacked): it is read again when nothing else is to do.
    this.#isSuspect = true;
    return { elements, repaired: false, ...this.#forget(udp) };
  }

  /** The rules are what they are to be, whatever conntrack remembers. */
  #forget(udp: Step["udp"]): Pick<Report, "flows" | "trouble"> {
    try {
      return { flows: forgetFlows(this.#client, udp) };
    } catch (error) {
      assertErrno(error);
      const trouble = `UDP clients that keep their port may go on as before for some minutes: ${messageOf(error)}`;
      return { flows: 0, trouble };
    }
  }

  /** Makes the kernel have these services, each a line of port-text.ts, as they are now. */
  change(lines: readonly string[]): Report {
    if (lines.length > SERVICES_MAX) return this.#changeInParts(lines);
    const { edits, udp } = this.#ledger.change(lines);
    const repaired = this.#try(edits);
    const elements = repaired ? 0 : edits.ip.size + edits.ip6.size;
    return both(repaired ?? NOTHING, { elements, repaired: false, ...this.#forget(udp) });
  }

  #changeInParts(lines: readonly string[]): Report {
    let sum = NOTHING;
    for (let at = 0; at < lines.length; at += SERVICES_MAX)
      sum = both(sum, this.change(lines.slice(at, at + SERVICES_MAX)));
    return sum;
  }

  /** What was put right where that could not be done; undefined when it was done. */
  #try(edits: Step["edits"]): Report | undefined {
    try {
      this.#commit(edits);
      return undefined;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return this.repair();
    }
  }

  /**
   * Asks whether anybody else has changed the ruleset: one short question. Puts the tables back where they are gone, and says what
   * that took; undefined where they are there.
   */
  look(): Report | undefined {
    const generation = findGeneration(this.#client);
    if (generation === this.#generation) return undefined;
    this.#generation = generation;
    this.#isSuspect = true;
    return this.#isEstablished() ? undefined : this.repair();
  }

  /** Reads the own elements and puts them right. */
  repair(): Report {
    const found = this.#establish();
    const elements = this.#reconcile(found, this.#ledger.wanted());
    // Who asked meanwhile is in conntrack as led elsewhere, or nowhere.
    const udp = elements > 0 ? this.#ledger.udp() : [];
    return { elements, repaired: true, ...this.#forget(udp) };
  }

  /** Where the kernel is not as this agent left it. Nothing is changed. */
  compare(): Difference[] {
    const wanted = this.#ledger.wanted();
    return FAMILIES.flatMap((family): Difference[] => {
      if (isLayoutThere(this.#client, family, this.#options))
        return differencesOf(family, readFound(this.#client, family).elements, wanted[family]);
      return [{ family, kind: "layout", element: "it, its rules, or both are gone", frontends: [] }];
    });
  }

  /** The commands that would make of what is there what these services want. Nothing is changed. */
  rehearse(lines: readonly string[]): string {
    const isThere = this.#isEstablished();
    const found = isThere ? this.#read() : { ip: emptyFound("ip"), ip6: emptyFound("ip6") };
    const ledger = this.#newLedger(found);
    ledger.change(lines);
    const edits = differencesIn(found, ledger.wanted());
    const layouts = isThere ? [] : FAMILIES.map((family) => buildLayout(family, this.#options));
    return [...layouts, ...FAMILIES.map((family) => edits[family].batch(found[family]))].join("");
  }

  /** Removes all that there is of it. */
  cleanup(): void {
    run(this.#client, ...FAMILIES.map((family) => new Batch(family, TABLE).destroy({ kind: "table" })));
  }

  #newLedger(found: Readonly<Record<IpFamily, Found>> | undefined): Ledger {
    const { containers, masqueradeAll: always } = this.#options;
    return new Ledger({ always, foreign: containers.length > 0 }, found && adoptableOf(found));
  }

  #isEstablished(): boolean {
    return FAMILIES.every((family) => isLayoutThere(this.#client, family, this.#options));
  }

  /** Sees to it that the tables are there, and of the own layout. Returns what they have. */
  #establish(): Readonly<Record<IpFamily, Found>> {
    const isThere = this.#isEstablished();
    if (!isThere) this.#build();
    this.#generation = findGeneration(this.#client);
    this.#isSuspect = false;
    const found = isThere ? this.#read() : { ip: newlyMade("ip"), ip6: newlyMade("ip6") };
    // Without the elements, which are many.
    for (const family of FAMILIES)
      this.#known[family] = { choices: found[family].choices, lengths: found[family].lengths };
    return found;
  }

  #build(): void {
    const gone = FAMILIES.map((family) => new Batch(family, TABLE).destroy({ kind: "table" }));
    const layouts = FAMILIES.map((family) => buildLayout(family, this.#options));
    const choices = FAMILIES.map((family) => {
      const edits = new Edits(family);
      for (const choice of FIRST_CHOICES) edits.choose(choice);
      return edits.batch(emptyFound(family));
    });
    run(this.#client, ...gone, ...layouts, ...choices);
  }

  #read(): Record<IpFamily, Found> {
    return { ip: readFound(this.#client, "ip"), ip6: readFound(this.#client, "ip6") };
  }

  /** Makes what is wanted of what was found. Returns how many elements that took. */
  #reconcile(found: Readonly<Record<IpFamily, Found>>, wanted: Readonly<Record<IpFamily, Elements>>): number {
    const edits = differencesIn(found, wanted);
    this.#commit(edits);
    return edits.ip.size + edits.ip6.size;
  }

  /** In one transaction. It is refused where others changed the ruleset since it was looked at, so that this is not missed. */
  #commit(edits: Step["edits"]): void {
    const changed = FAMILIES.filter((family) => !edits[family].isEmpty);
    if (changed.length === 0) return;
    const batches = changed.map((family) => edits[family].batch(this.#known[family]));
    for (let left = ROUNDS; ; left--) {
      const [failure] = attemptAt(this.#client, left > 0 ? this.#generation : undefined, ...batches);
      if (!failure) break;
      if (failure.error.errno !== ERESTART || left === 0) throw failure.error;
      this.#generation = findGeneration(this.#client);
      this.#isSuspect = true;
    }
    this.#generation = (this.#generation + 1) >>> 0 || 1;
  }
}

/** What is there when the tables have just been made. */
function newlyMade(family: IpFamily): Found {
  return { ...emptyFound(family), choices: new Set(FIRST_CHOICES) };
}
