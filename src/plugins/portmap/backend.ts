import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import { quote } from "../../spec/quote.ts";

/** What keeps the mappings. */
export type Backend = "nftables" | "iptables";

export interface BackendKeys {
  readonly backend?: string | undefined;
  readonly externalSetMarkChain?: string | undefined;
  readonly conditionsV4?: readonly string[] | undefined;
  readonly conditionsV6?: readonly string[] | undefined;
}

/**
 * The backend that is asked for, or that the other keys need; nftables when nothing says.
 * @throws CniError 7 for an unknown one, and for keys that another one needs
 */
export function readBackend(keys: BackendKeys): Backend {
  const needing: Record<Backend, string[]> = { nftables: [], iptables: [] };
  if (keys.externalSetMarkChain !== undefined) needing.iptables.push("externalSetMarkChain");
  for (const key of ["conditionsV4", "conditionsV6"] as const) {
    const syntax = syntaxOf(keys[key]);
    if (syntax) needing[syntax].push(key);
  }
  const wanted = keys.backend ?? (needing.iptables.length > 0 ? "iptables" : "nftables");
  if (wanted !== "nftables" && wanted !== "iptables") {
    throw new CniError(
      INVALID_CONFIG,
      `unrecognized backend ${quote(wanted)}`,
      'backend is "nftables", which is also meant when it is absent, or "iptables"',
    );
  }
  const other = wanted === "nftables" ? "iptables" : "nftables";
  if (needing[other].length === 0) return wanted;
  throw new CniError(
    INVALID_CONFIG,
    `${wanted} backend was requested but configuration contains ${other}-specific options [${needing[other].join(" ")}]`,
    `conditions are in the words of one backend: those of iptables begin with "-" or "!"`,
  );
}

/** In whose words conditions are; undefined: there are none. */
function syntaxOf(conditions: readonly string[] | undefined): Backend | undefined {
  const first = conditions?.[0];
  if (!first) return undefined;
  return first.startsWith("-") || first.startsWith("!") ? "iptables" : "nftables";
}
