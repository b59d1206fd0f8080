import { compareIp, formatIp } from "../../base/ip.ts";
import type { Range, RangeSet } from "../../plugins/host-local/ranges.ts";
import type { Finding } from "../finding.ts";
import type { Facts, NetworkFacts } from "./facts.ts";
import { putAside } from "./text/json-edit.ts";

/** Networks of this node that give out the same addresses: host-local keeps those of each network apart from all others. */
export function checkOverlaps({ networks }: Facts): Finding[] {
  const configured = networks.filter(({ file, pool }) => file && pool.length > 0);
  return configured.flatMap((one, i) =>
    configured.slice(i + 1).flatMap((other) => {
      const shared = sharedBy(one.pool, other.pool);
      return shared ? findingOf(one, other, shared) : [];
    }),
  );
}

type Shared = readonly [Range, Range];

function sharedBy(a: readonly RangeSet[], b: readonly RangeSet[]): Shared | undefined {
  for (const one of a.flat()) for (const other of b.flat()) if (overlaps(one, other)) return [one, other];
  return undefined;
}

const overlaps = (a: Range, b: Range): boolean =>
  a.start.length === b.start.length && compareIp(a.start, b.end) <= 0 && compareIp(b.start, a.end) <= 0;

const rangeText = ({ start, end }: Range): string => `${formatIp(start)}-${formatIp(end)}`;

function findingOf(one: NetworkFacts, other: NetworkFacts, [a, b]: Shared): Finding {
  const path = other.file?.path ?? "";
  return {
    severity: "error",
    what: `networks ${one.name} and ${other.name} give out the same addresses`,
    evidence: `${one.file?.path}: ${rangeText(a)}; ${path}: ${rangeText(b)}`,
    consequence: "two containers get one address, and the packets of one go to the other",
    mend: [`# give ${other.name} a subnet of its own (\${EDITOR:-vi} ${path}), or take it out of use:`, putAside(path)],
  };
}
