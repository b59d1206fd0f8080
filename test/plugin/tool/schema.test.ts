/** `berth schema`, in the engine of the plugins: zod needs nothing that it lacks. */
import { expect } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../../support/command.ts";
import { BIN, built, needs } from "../../support/needs.ts";

const SCHEMAS = join(import.meta.dir, "../../../conf/schemas");
const BERTH = join(BIN, "berth");
const textsOf = (directory: string) =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]));

needs(built)("writes the schemas that conf/ has, into a directory that it makes", () => {
  const place = mkdtempSync(join(tmpdir(), "berth-schemas-"));
  try {
    const { status, stdout } = attempt(undefined, BERTH, "schema", "--dir", join(place, "a/b"));
    expect([status, stdout.split("\n").length]).toEqual([0, readdirSync(SCHEMAS).length + 1]);
    expect(textsOf(join(place, "a/b"))).toEqual(textsOf(SCHEMAS));
  } finally {
    rmSync(place, { recursive: true });
  }
});

needs(built)("prints one, of lists where none is named, and says of what there are some", () => {
  const { stdout } = attempt(undefined, BERTH, "schema");
  expect(stdout).toBe(readFileSync(join(SCHEMAS, "list.schema.json"), "utf8"));
  expect(attempt(undefined, BERTH, "schema", "ptp").stdout).toContain('"title": "CNI configuration of the plugin ptp"');
  expect(attempt(undefined, BERTH, "schema", "macvlan")).toMatchObject({ status: 2, stdout: "" });
});

needs(built)("says why it could not write", () => {
  const { status, stdout, stderr } = attempt(undefined, BERTH, "schema", "--dir", "/proc/none");
  expect([status, stdout, stderr]).toEqual([1, "", expect.stringMatching(/^berth schema: mkdir \/proc\/none: ENOENT/)]);
});
