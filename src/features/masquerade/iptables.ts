import { Explained } from "../../base/explained.ts";
import { type Family, familyOf, formatIp, type Ip, type Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Nftables } from "../../host/nft.ts";
import { hasLegacyTable } from "../../iptables/legacy.ts";
import { linesOf, nat, removalOf, rulesFor } from "../../iptables/rules.ts";
import { findTool, type Kind, missingTool, restore, save } from "../../iptables/run.ts";
import { iptablesChain } from "../owner.ts";
import { hasReferenceMasquerade, removeReferenceMasquerade } from "./reference.ts";

/** Masquerading by iptables, in the reference's own layout. */
export class Iptables {
  readonly #nft: Nftables;

  constructor(nft: Nftables) {
    this.#nft = nft;
  }

  /** Throws Explained where iptables is not installed. */
  assertInstalled(): void {
    const kind = { family: 4, legacy: false } as const;
    if (findTool(kind, "restore") === undefined) throw missingTool(kind, "restore");
  }

  /** Throws Explained where iptables, in whatever form, cannot reach its table nat. */
  assertWorks(): void {
    withEither(this.#nft, (legacy) => save({ family: 4, legacy }));
  }

  /** Traffic from these addresses to outside of their prefix leaves with the host's address. Throws Explained. */
  add(owner: Owner, addresses: readonly Prefix[]): void {
    for (const [family, prefixes] of byFamily(addresses)) {
      withEither(this.#nft, (legacy) => addTo({ family, legacy }, owner, prefixes));
    }
  }

  /**
   * Removes what this, or the reference by any of its backends (iptables of both kinds, nftables), made for the owner.
   * Absent is success. With `addresses`, iptables keeps the rules of others, which another interface of the container
   * has: the two share a chain. Throws NetlinkError, SysError, Explained.
   */
  remove(owner: Owner, addresses?: readonly Ip[]): void {
    this.#nft.orWithout(
      (client) => removeReferenceMasquerade(client, owner, addresses),
      () => {},
    );
    for (const family of FAMILIES) {
      if (hasLegacyTable(family, "nat")) removeLegacy({ family, legacy: true }, iptablesChain(owner), addresses);
    }
  }

  /** What is missing, in words; undefined when all is there. Throws Explained. */
  check(owner: Owner, addresses: readonly Prefix[]): string | undefined {
    const chain = iptablesChain(owner);
    for (const [family, prefixes] of byFamily(addresses)) {
      const saved = withEither(this.#nft, (legacy) => save({ family, legacy }));
      const present = linesOf(chain, saved);
      const missing = rulesFor(chain, owner, prefixes).find(({ is }) => !present.some(is));
      const of = prefixes.map(({ ip }) => formatIp(ip)).join(", ");
      if (missing) return `the rule ${missing.text} for ${of} is missing (iptables-save -t nat)`;
    }
    return undefined;
  }

  /** Puts back what is missing, and says what that was; undefined when all was there. Throws Explained. */
  restore(owner: Owner, addresses: readonly Prefix[]): string | undefined {
    const missing = this.check(owner, addresses);
    if (missing !== undefined) this.add(owner, addresses);
    return missing;
  }

  /** Whether there is anything of the owner's that the reference made, by nftables or iptables on nf_tables; not without nf_tables. */
  isReferences(owner: Owner): boolean {
    return this.#nft.orWithout(
      (client) => hasReferenceMasquerade(client, owner),
      () => false,
    );
  }
}

const FAMILIES = [4, 6] as const;

function byFamily(addresses: readonly Prefix[]): [family: Family, prefixes: Prefix[]][] {
  const families = FAMILIES.map((family): [Family, Prefix[]] => [
    family,
    addresses.filter(({ ip }) => familyOf(ip) === family),
  ]);
  return families.filter(([, prefixes]) => prefixes.length > 0);
}

/** Runs `fn` with iptables as the machine has it configured; where that fails for want of nf_tables, with the old one. */
function withEither<T>(nft: Nftables, fn: (legacy: boolean) => T): T {
  try {
    return fn(false);
  } catch (error) {
    if (!(error instanceof Explained) || !nft.isLacking()) throw error;
    return fn(true);
  }
}

/** One process. Only a chain that is there already, of another interface of the container, takes more. */
function addTo(kind: Kind, owner: Owner, prefixes: readonly Prefix[]): void {
  const chain = iptablesChain(owner);
  const rules = rulesFor(chain, owner, prefixes);
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

function removeLegacy(kind: Kind, chain: string, addresses: readonly Ip[] | undefined): void {
  const commands = removalOf(chain, save(kind), addresses);
  if (commands.length > 0) restore(kind, nat(...commands));
}
