/** `npm run try:service` does what it says, twice. */
import { expect } from "bun:test";
import { join } from "node:path";
import { built, namespaces, needs, nftables } from "../support/needs.ts";

const STORY = join(import.meta.dir, "../../scripts/try-service.ts");

needs(
  namespaces,
  nftables,
  built,
)("npm run try:service tells its story to the end, and leaves nothing", () => {
  for (let time = 0; time < 2; time++) {
    const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "run", STORY], {
      env: { ...process.env, NO_COLOR: "1" },
    });
    const told = stdout.toString();
    expect([exitCode, stderr.toString(), told.match(/✗.*/g)]).toEqual([0, "", null]);
    for (const words of [": no request fails", "12 of 12 connections went on", "nothing is left: 0 records"])
      expect(told).toContain(words);
  }
});
