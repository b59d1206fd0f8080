/** Short soaks: the long ones are `npm run reliability soak soak-mixed`. */
import { expect } from "bun:test";
import { BIN, built, namespaces, needs, nftables, REFERENCE, reference } from "../support/needs.ts";
import { soak } from "./soak.ts";

const OPERATIONS = 400;

needs(namespaces, nftables, built)(
  `${OPERATIONS} operations with kills leave nothing, and give no address twice`,
  async () => {
    const { tried, rounds, done, notes } = await soak({ bin: BIN, operations: OPERATIONS });
    console.log(`${tried} operations in ${rounds} rounds: ${JSON.stringify(done)}`);
    expect(notes).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(OPERATIONS);
  },
  120_000,
);

needs(
  namespaces,
  nftables,
  built,
  reference,
)(
  `${OPERATIONS} operations together with the reference on the same network`,
  async () => {
    const { tried, rounds, done, notes } = await soak({ bin: BIN, other: REFERENCE, operations: OPERATIONS });
    console.log(`${tried} operations in ${rounds} rounds: ${JSON.stringify(done)}`);
    expect(notes).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(OPERATIONS);
  },
  120_000,
);
