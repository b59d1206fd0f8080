/** Every feature of a service in both families: who answers whom, and what conntrack says of it. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { type Prefix, parsePrefix } from "../../src/base/ip.ts";
import type { WriterOptions } from "../../src/service/sinks/nft/writer.ts";
import { openLab } from "../support/lab.ts";
import { isMet, needs } from "../support/needs.ts";
import { endServers } from "../support/port-net.ts";
import { Agent } from "../support/service/net.ts";
import { NEEDS, type Net, openAsking, wrongOf } from "./asking.ts";
import { slicesOf } from "./judge.ts";
import { ROWS, type Row } from "./rows.ts";

const CONTAINERS = ["10.1.0.0/16", "fd01::/32"].map((text) => parsePrefix(text) as Prefix);
const OPTIONS: Record<NonNullable<Row["options"]>, Partial<WriterOptions>> = {
  containers: { containers: CONTAINERS },
  masqueradeAll: { masqueradeAll: true },
};

let net: Net;
let end = () => {};

beforeAll(async () => {
  if (NEEDS.every(isMet)) [net, end] = await openAsking(openLab());
});

afterAll(() => {
  end();
  if (!net) return;
  endServers(net.lab);
  net.lab.close();
});

describe("a service", () => {
  for (const row of ROWS) {
    needs(...NEEDS)(row.feature, async () => {
      const agent = new Agent(net.lab, row.options && OPTIONS[row.options], { zone: "z1" });
      agent.begin(row.service, ...slicesOf(row, net.members));
      for (const asked of row.asked) expect(await wrongOf(net, asked)).toEqual([]);
      // What nft of Debian 12 cannot say ends it by a signal.
      net.lab.sh(net.lab.host, "nft", "list", "ruleset");
    });
  }
});
