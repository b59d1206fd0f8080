/** A part of the fuzzing of `npm run reliability fuzz fuzz-executable`, with another seed every time. */
import { expect, test } from "bun:test";
import { BIN, built, can, namespaces, needs } from "../support/needs.ts";
import { type Fuzzing, fuzz } from "./fuzz.ts";
import { fuzzNetlink } from "./fuzz-netlink.ts";

const overlay = can(
  "root and overlayfs",
  "unshare",
  "--mount",
  "sh",
  "-c",
  [
    "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work /mnt/root",
    "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root",
  ].join(" && "),
);

const CASES: readonly Pick<Fuzzing, "how" | "count">[] = [
  { how: "in-process", count: 3000 },
  { how: "executable", count: 500 },
];

needs(namespaces, built, overlay).each(CASES)(
  "$count fuzzed calls ($how) end in a result or a CNI error, and nothing else",
  async ({ how, count }) => {
    const seed = process.env.CI ? 2026 : Math.floor(Math.random() * 2 ** 31);
    const { tried, succeeded, slowest, notes } = await fuzz({ how, bin: BIN, count, seed });
    console.log(`${tried} fuzzed calls (${how}), seed ${seed}: ${succeeded} succeeded, the slowest took ${slowest} ms`);
    expect(notes).toEqual([]);
    expect({ tried, some: succeeded > count / 10 }).toEqual({ tried: count, some: true });
  },
  120_000,
);

test("3,000 replies that no kernel sends end in a value or an error", () => {
  const seed = process.env.CI ? 2026 : Math.floor(Math.random() * 2 ** 31);
  const { tried, notes } = fuzzNetlink(3000, seed);
  console.log(`${tried} fuzzed netlink replies, seed ${seed}`);
  expect(notes).toEqual([]);
});
