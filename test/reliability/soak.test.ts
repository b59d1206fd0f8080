/** Short soaks: the long ones are `npm run reliability soak soak-chain soak-mixed`. */
import { expect } from "bun:test";
import { BIN, built, can, namespaces, needs, nftables, REFERENCE, reference } from "../support/needs.ts";
import { soak } from "./soak.ts";

const OPERATIONS = 400;
const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");

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
  iptables,
  built,
)(
  `${OPERATIONS / 2} operations with nerdctl's whole list leave nothing`,
  async () => {
    const { tried, rounds, done, notes } = await soak({ bin: BIN, isChain: true, operations: OPERATIONS / 2 });
    console.log(`${tried} operations in ${rounds} rounds: ${JSON.stringify(done)}`);
    expect(notes).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(OPERATIONS / 2);
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
