/** What the build makes of the unfinished executable: the same everywhere, from recorded answers that go with the program. */
import { describe, expect } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arm64 } from "../support/foreign.ts";
import { built, type Need, needs } from "../support/needs.ts";

const ROOT = join(import.meta.dir, "../..");
const TARGETS = join(ROOT, "runtime/target");

/** What is built: for which machine, as Rust calls it, where it is, and what runs it here. */
interface Build {
  name: string;
  machine: string;
  berth: string;
  runner: string[];
  need: Need;
}

const BUILDS: Build[] = [
  {
    name: "this machine's",
    machine: process.arch === "arm64" ? "aarch64" : "x86_64",
    berth: join(ROOT, "dist/bin/berth"),
    runner: [],
    need: built,
  },
  {
    name: "arm64's",
    machine: "aarch64",
    berth: join(ROOT, "dist/arm64/bin/berth"),
    runner: ["qemu-aarch64-static"],
    need: arm64,
  },
];

/** What it was compiled for. */
function tripleOf({ machine }: Build): string {
  const triples = readdirSync(TARGETS).filter((name) => name.startsWith(`${machine}-`));
  return triples.find((name) => name.endsWith("-musl")) ?? triples[0] ?? "none";
}

/** The unfinished executable that `berth` was made from. */
const unfinished = (build: Build): string => join(TARGETS, tripleOf(build), "release/berth");

/** The crates that the release's list of contents has (scripts/release), as the compiler writes their names. */
function listedCrates(build: Build): string[] {
  const script = `
    import { components } from ${JSON.stringify(join(ROOT, "scripts/release/contents.mjs"))};
    console.log(JSON.stringify(components(process.argv[1])));`;
  const { stdout, stderr } = Bun.spawnSync(["node", "--input-type=module", "-e", script, tripleOf(build)]);
  expect(stderr.toString()).toBe("");
  const parts: { name: string; purl?: string }[] = JSON.parse(stdout.toString());
  return parts.filter(({ purl }) => purl?.startsWith("pkg:cargo/")).map(({ name }) => name.replaceAll("-", "_"));
}

/** The libraries that cargo has compiled for it, and maybe for an earlier build. */
function compiledCrates(build: Build): string[] {
  const names = readdirSync(join(TARGETS, tripleOf(build), "release/deps"));
  return names.flatMap((name) => /^lib(\w+)-[0-9a-f]+\.rlib$/.exec(name)?.[1] ?? []);
}

/** finish.mjs, run by `command`: the hash of what it makes, and what failed in training. */
function finished(build: Build, command: readonly string[], env: Record<string, string> = {}) {
  const script = `
    import { createHash } from "node:crypto";
    import { finish } from ${JSON.stringify(join(ROOT, "scripts/training/finish.mjs"))};
    import { train } from ${JSON.stringify(join(ROOT, "scripts/training/train.mjs"))};
    const { executable, failures } = finish(process.argv[1], train, ${JSON.stringify(build.runner)});
    console.log(JSON.stringify({ hash: createHash("sha256").update(executable).digest("hex"), failures }));`;
  const words = [...command, "node", "--input-type=module", "-e", script, unfinished(build)];
  const { stdout, stderr } = Bun.spawnSync(words, { env: { PATH: process.env.PATH ?? "", ...env } });
  expect(stderr.toString()).toBe("");
  return JSON.parse(stdout.toString());
}

/** The loaded segments of an executable (elf(5), 64 bits): where in the file, where in memory, how long, how aligned. */
function segments(elf: Buffer) {
  const [at, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  const headers = Array.from({ length: count }, (_, i) => elf.subarray(at + i * size, at + (i + 1) * size));
  const word = (header: Buffer, offset: number) => Number(header.readBigUInt64LE(offset));
  return headers
    .filter((header) => header.readUInt32LE(0) === 1)
    .map((header) => ({ at: word(header, 8), to: word(header, 16), size: word(header, 32), align: word(header, 48) }));
}

describe.each(BUILDS)("$name executable", (build) => {
  const test = needs(build.need);

  test("is trained with answers that go with what berth asks (else: npm run record)", () => {
    expect(finished(build, []).failures).toEqual([]);
  });

  test("is listed with the crates that were compiled for it, and no others", () => {
    const listed = listedCrates(build);
    expect(listed.length).toBeGreaterThan(10);
    expect(listed.filter((name) => !compiledCrates(build).includes(name))).toEqual([]);
    expect(["rustix", "rquickjs_sys", "sha2", "libc"].filter((name) => !listed.includes(name))).toEqual([]);
  });

  test("is the same wherever and whenever it is finished", () => {
    const hash = new Bun.CryptoHasher("sha256");
    hash.update(readFileSync(build.berth));
    const directory = mkdtempSync(join(tmpdir(), "elsewhere-with-a-longer-name-"));
    try {
      const env = { TMPDIR: directory, MORE: "x".repeat(50_000) };
      const elsewhere = finished(build, ["prlimit", "--stack=1048576"], env);
      expect(elsewhere.hash).toBe(hash.digest("hex"));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("has the snapshot at the beginning of a page, of the largest that its machine has", () => {
    const elf = readFileSync(build.berth);
    const mark = "berth: the snapshot starts here\n";
    const starts = segments(elf).flatMap(({ at, to, size, align }) => {
      const start = elf.subarray(at, at + size).lastIndexOf(mark);
      return start < 0 ? [] : [(start + to) % align];
    });
    expect(starts.at(-1)).toBe(0);
  });
});
