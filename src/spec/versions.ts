import { CniError, DECODING_FAILURE } from "./errors.ts";

/** Every version of the CNI spec that was ever released, oldest first. */
export const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

export type Version = (typeof VERSIONS)[number];

/** What a configuration without `cniVersion` is written in. */
export const OLDEST: Version = "0.1.0";

/** The version this code is written for; what VERSION answers as its own. */
export const CURRENT: Version = "1.1.0";

/** Versions whose results have the same shape, so that a result of one is a result of the other. */
const FAMILIES: readonly (readonly Version[])[] = [
  ["0.1.0", "0.2.0"],
  ["0.3.0", "0.3.1", "0.4.0"],
  ["1.0.0", "1.1.0"],
];

export function isVersion(text: string): text is Version {
  return (VERSIONS as readonly string[]).includes(text);
}

/** The versions that share the result shape of `version`, itself included. */
export function familyOfVersion(version: Version): readonly Version[] {
  return FAMILIES.find((family) => family.includes(version)) ?? [version];
}

/**
 * Negative, zero or positive, as for sort(). One to three decimal numbers; a missing one counts as 0, "" as 0.1.0.
 * @throws CniError 6 for a text that is no version
 */
export function compareVersions(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference) return difference;
  }
  return 0;
}

/** Whether `version` is `since` or newer. @throws CniError 6 for a text that is no version */
export function atLeast(version: string, since: Version): boolean {
  return compareVersions(version, since) >= 0;
}

function partsOf(version: string): number[] {
  const parts = (version || OLDEST).split(".", 4);
  if (parts.length > 3) throw invalid(version, "too many parts");
  return parts.map((part) => {
    if (!/^\d{1,9}$/.test(part)) throw invalid(version, `"${part}" is not a decimal number`);
    return Number(part);
  });
}

function invalid(version: string, why: string): CniError {
  return new CniError(
    DECODING_FAILURE,
    `invalid version "${version}": ${why}`,
    `known versions: ${VERSIONS.join(", ")}`,
  );
}
