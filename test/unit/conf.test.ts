import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readConfList, requestOf } from "../../scripts/try/conflist.ts";
import { planBridge } from "../../src/plugins/bridge/plan.ts";
import { readPlace, readPool } from "../../src/plugins/host-local/config.ts";
import { readHead, readNetConf } from "../../src/spec/config.ts";
import { readEnv } from "../../src/spec/env.ts";
import type { Call } from "../../src/spec/plugin.ts";
import { VERSIONS } from "../../src/spec/versions.ts";
import { callEnv } from "../support/plugin-fake.ts";

const DIRECTORY = join(import.meta.dir, "../../conf");
const FILES = readdirSync(DIRECTORY).filter((name) => /\.(conf|conflist|json)$/.test(name));

function callOf(request: object): Call {
  const stdin = JSON.stringify(request);
  const { config, name, cniVersion } = readHead(stdin);
  const version = VERSIONS.find((known) => known === cniVersion);
  if (version === undefined) throw new Error(`${cniVersion} is no version`);
  return { env: readEnv(callEnv("ADD"), []), stdin, config, name, version, delegates: [], warn: () => {} };
}

/** What a plugin makes of its configuration before it touches anything. */
const PLANS: Record<string, (call: Call) => unknown> = {
  bridge: (call) => [
    planBridge(call),
    readNetConf(call.config).ipamType && [readPool(call), readPlace(call.config, call.name)],
  ],
  loopback: (call) => readNetConf(call.config),
};

describe("conf/", () => {
  test.each(FILES)("%s parses and plans", (file) => {
    const list = readConfList(join(DIRECTORY, file));
    expect(list.plugins).not.toBeEmpty();
    for (const plugin of list.plugins) expect(PLANS[plugin.type]?.(callOf(requestOf(list, plugin)))).toBeDefined();
  });

  test("each file is a network of its own, with its own bridge and subnets", () => {
    const lists = FILES.map((file) => readConfList(join(DIRECTORY, file)));
    const names = lists.map(({ name }) => name);
    const bridges = lists.flatMap(({ plugins }) => plugins.flatMap(({ bridge }) => bridge ?? []));
    const subnets = JSON.stringify(lists).match(/"subnet":"[^"]+"/g) ?? [];
    for (const list of [names, bridges, subnets]) expect(new Set(list).size).toBe(list.length);
  });
});
