/**
 * The zod schemas (schema.ts) beside what plugins read with goObject: two hands wrote down what a configuration may be.
 * Whatever one refuses, the other refuses, but for the exceptions that readers-*.ts explain.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as z from "zod";
import type { Json } from "../../support/command.ts";
import { asGoReads, type JsonSchema } from "./go-reading.ts";
import { contradictsItself, mutated, mutations, placesOf, VALUES } from "./mutations.ts";
import { READERS } from "./readers.ts";
import { isKey, refusalOf, verdict } from "./verdict.ts";

const RUNS = 3000;

describe.each(Object.entries(READERS))("%s", (_, reader) => {
  const jsonSchema = z.toJSONSchema(reader.schema) as JsonSchema;
  const of = { reader, jsonSchema };

  /** As a runtime passes it on: a list gives its plugins its name. */
  const named = (conf: Json) => (asGoReads(conf, jsonSchema).name === undefined ? { ...conf, name: "net" } : conf);

  test("the schema takes what the plugin takes, of generated configurations", () => {
    let taken = 0;
    fc.assert(
      fc.property(reader.generated, mutations, (given, changes) => {
        const conf = named(changes.reduce(mutated, given));
        fc.pre(!contradictsItself(conf));
        const told = verdict(of, conf);
        expect(told).toBeBoolean();
        if (told) taken++;
      }),
      { numRuns: RUNS },
    );
    expect(Math.min(taken, RUNS - taken)).toBeGreaterThan(RUNS / 20);
  });

  test("the schema takes what the plugin takes, of each value of each key", () => {
    expect([reader.schema.safeParse(reader.full).error, refusalOf(reader, reader.full)]).toEqual([
      undefined,
      undefined,
    ]);
    placesOf(reader.full).forEach((_, at) => {
      for (const value of VALUES) {
        const conf = named(mutated(reader.full, { at, how: "value", value }));
        expect([conf, verdict(of, conf)]).toEqual([conf, expect.any(Boolean)]);
      }
    });
  });

  for (const { why, example, message } of reader.refused) {
    test(`only the plugin refuses: ${why}`, () => {
      expect(reader.schema.safeParse(example).success).toBe(true);
      expect(refusalOf(reader, named(example))?.message).toMatch(message);
    });
  }

  for (const { why, example, key } of reader.unread) {
    test(`only the schema refuses ${key}: ${why}`, () => {
      const { error } = reader.schema.safeParse(example);
      expect(error?.issues.map(({ path }) => isKey(path.join("."), key))).toEqual([true]);
      expect(refusalOf(reader, named(example))).toBeUndefined();
    });
  }
});
