/** Every feature of a service in both families: who answers whom, and what conntrack says of it. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { configSchema } from "../../src/service/config.ts";
import { openLab } from "../support/lab.ts";
import { isMet, needs } from "../support/needs.ts";
import { endServers } from "../support/port-net.ts";
import { Agent } from "../support/service/net.ts";
import { NEEDS, type Net, openAsking, wrongOf } from "./asking.ts";
import { slicesOf } from "./judge.ts";
import { OPTIONS, ROWS } from "./rows.ts";

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
      const agent = new Agent(net.lab, configSchema.parse(row.options ? OPTIONS[row.options] : {}), { zone: "z1" });
      agent.begin(row.service, ...slicesOf(row, net.members));
      for (const asked of row.asked) expect(await wrongOf(net, asked)).toEqual([]);
      // What nft of Debian 12 cannot say ends it by a signal.
      net.lab.sh(net.lab.host, "nft", "list", "ruleset");
    });
  }
});
