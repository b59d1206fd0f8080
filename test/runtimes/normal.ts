/** What differs from one try to the next without meaning anything. */

const RANDOM: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/g, "MAC"],
  [/\bveth[0-9a-f]{8,12}\b/g, "vethX"],
  [/\b[0-9a-f]{64}\b/g, "ID"],
  [/(?:cni|netns)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "NETNS"],
];

/** The text without random names and addresses; JSON in one line, with its keys in order. */
export function alike(text: string): string {
  const plain = RANDOM.reduce((result, [pattern, word]) => result.replace(pattern, word), text.trim());
  try {
    return JSON.stringify(ordered(JSON.parse(plain)));
  } catch {
    return plain;
  }
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, ordered(one)]));
}
