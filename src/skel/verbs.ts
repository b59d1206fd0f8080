import type { Variable } from "../spec/env.ts";
import { CniError, INCOMPATIBLE_VERSION } from "../spec/errors.ts";
import type { Verb } from "../spec/plugin.ts";
import { quote, quoteAll } from "../spec/quote.ts";
import { compareVersions, type Version } from "../spec/versions.ts";

export interface VerbSpec {
  /** The variables that must be set; CNI_COMMAND always. */
  readonly needs: readonly Variable[];
  /** The first spec version whose configurations allow it; absent: all. */
  readonly since?: Version;
  /** What the caller's own network namespace as CNI_NETNS leads to; absent: nobody looks. */
  readonly ownNetns?: "refuse" | "ignore";
}

/** The commands as the reference requires them (it asks for CNI_PATH where the spec makes it optional). */
export const VERBS = {
  ADD: { needs: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"], ownNetns: "refuse" },
  DEL: { needs: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"], ownNetns: "ignore" },
  CHECK: { needs: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"], since: "0.4.0", ownNetns: "refuse" },
  GC: { needs: ["CNI_PATH"], since: "1.1.0" },
  STATUS: { needs: ["CNI_PATH"], since: "1.1.0" },
} as const satisfies Record<Verb, VerbSpec>;

export function isVerb(command: string): command is Verb {
  return Object.hasOwn(VERBS, command);
}

/**
 * Whether a configuration of `configured` may be used for `verb` with a plugin that speaks `supported`.
 * @throws CniError 1 when not, 6 when `configured` is no version
 */
export function assertVersion(
  verb: Verb,
  configured: string,
  supported: readonly Version[],
): asserts configured is Version {
  const { since }: VerbSpec = VERBS[verb];
  if (since !== undefined) {
    if (compareVersions(configured, since) < 0) {
      // The reference's text to the letter, which callers in Go compare with message and details in one.
      throw new CniError(INCOMPATIBLE_VERSION, `config version does not allow ${verb}`);
    }
    if (!supported.some((version) => compareVersions(version, configured) >= 0)) {
      throw new CniError(
        INCOMPATIBLE_VERSION,
        `plugin version does not allow ${verb}`,
        mismatch(configured, supported),
      );
    }
  }
  if (!(supported as readonly string[]).includes(configured)) {
    throw new CniError(INCOMPATIBLE_VERSION, "incompatible CNI versions", mismatch(configured, supported));
  }
}

function mismatch(configured: string, supported: readonly Version[]): string {
  return `config is ${quote(configured)}, plugin supports ${quoteAll(supported)}`;
}
