import * as sys from "#sys";
import { ENOENT, isErrno } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import { type Family, familyOf, formatIp, type Ip, type Prefix } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";
import { iptablesChain } from "../nft/owner.ts";
import { hasReferenceMasquerade, removeReferenceMasquerade } from "../nft/reference.ts";
import { linesOf, nat, removalOf, rulesFor } from "./iptables-rules.ts";
import { findTool, type Kind, missingTool, restore, save } from "./iptables-run.ts";
import { lacksNftables, withNft } from "./nftables.ts";
import { orWithout } from "./without-nftables.ts";

/** Masquerading by iptables, in the reference's own layout. */
export interface Iptables {
  /** Throws Explained where iptables is not installed. */
  assertInstalled(): void;
  /** Throws Explained where iptables, in whatever form, cannot reach its table nat. */
  assertWorks(): void;
  /** Traffic from these addresses to outside of their prefix leaves with the host's address. Throws Explained. */
  add(owner: Owner, addresses: readonly Prefix[]): void;
  /**
   * Removes what this, or the reference by any of its backends (iptables of both kinds, nftables), made for the owner.
   * Absent is success. With `addresses`, iptables keeps the rules of others, which another interface of the container
   * has: the two share a chain.
   */
  remove(owner: Owner, addresses?: readonly Ip[]): void;
  /** What is missing, in words; undefined when all is there. */
  check(owner: Owner, addresses: readonly Prefix[]): string | undefined;
  /** Whether there is anything of the owner's that the reference made, by nftables or iptables on nf_tables; not without nf_tables. */
  isReferences(owner: Owner): boolean;
}

export function iptables(): Iptables {
  return { assertInstalled, assertWorks, add, remove, check, isReferences };
}

function assertInstalled(): void {
  const kind = { family: 4, legacy: false } as const;
  if (findTool(kind, "restore") === undefined) throw missingTool(kind, "restore");
}

function byFamily(addresses: readonly Prefix[]): [family: Family, prefixes: Prefix[]][] {
  const families = ([4, 6] as const).map((family): [Family, Prefix[]] => [
    family,
    addresses.filter(({ ip }) => familyOf(ip) === family),
  ]);
  return families.filter(([, prefixes]) => prefixes.length > 0);
}

/** Runs `fn` with iptables as the machine has it configured; where that fails for want of nf_tables, with the old one. */
function withEither<T>(fn: (legacy: boolean) => T): T {
  try {
    return fn(false);
  } catch (error) {
    if (!(error instanceof Explained) || !lacksNftables()) throw error;
    return fn(true);
  }
}

function assertWorks(): void {
  withEither((legacy) => save({ family: 4, legacy }));
}

function add(owner: Owner, addresses: readonly Prefix[]): void {
  for (const [family, prefixes] of byFamily(addresses)) {
    withEither((legacy) => addTo({ family, legacy }, owner, prefixes));
  }
}

/** One process. Only a chain that is there already, of another interface of the container, takes more. */
function addTo(kind: Kind, owner: Owner, prefixes: readonly Prefix[]): void {
  const chain = iptablesChain(owner);
  const rules = rulesFor(owner, prefixes);
  try {
    restore(kind, nat(`-N ${chain}`, ...rules.map(({ text }) => `-A ${text}`)));
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    const present = linesOf(chain, save(kind));
    if (present.length === 0) throw error;
    const missing = rules.filter(({ is }) => !present.some(is));
    if (missing.length > 0) restore(kind, nat(...missing.map(({ text }) => `-A ${text}`)));
  }
}

function isReferences(owner: Owner): boolean {
  return orWithout(
    () => withNft((client) => hasReferenceMasquerade(client, owner)),
    () => false,
  );
}

function remove(owner: Owner, addresses?: readonly Ip[]): void {
  orWithout(
    () => withNft((client) => removeReferenceMasquerade(client, owner, addresses)),
    () => {},
  );
  for (const [family, names] of [
    [4, "ip_tables_names"],
    [6, "ip6_tables_names"],
  ] as const) {
    if (hasLegacyNat(names)) removeLegacy({ family, legacy: true }, iptablesChain(owner), addresses);
  }
}

/** Whether the old iptables, whose rules are not nf_tables', has a table nat in this namespace. */
function hasLegacyNat(names: string): boolean {
  try {
    return sys.readFile(`/proc/net/${names}`).split("\n").includes("nat");
  } catch (error) {
    if (isErrno(error, ENOENT)) return false;
    throw error;
  }
}

function removeLegacy(kind: Kind, chain: string, addresses: readonly Ip[] | undefined): void {
  const commands = removalOf(chain, save(kind), addresses);
  if (commands.length > 0) restore(kind, nat(...commands));
}

function check(owner: Owner, addresses: readonly Prefix[]): string | undefined {
  for (const [family, prefixes] of byFamily(addresses)) {
    const present = linesOf(
      iptablesChain(owner),
      withEither((legacy) => save({ family, legacy })),
    );
    const missing = rulesFor(owner, prefixes).find(({ is }) => !present.some(is));
    const of = prefixes.map(({ ip }) => formatIp(ip)).join(", ");
    if (missing) return `the rule ${missing.text} for ${of} is missing (iptables-save -t nat)`;
  }
  return undefined;
}
