import { expect, test } from "bun:test";
import { BERTH_VERSION } from "../../../src/skel/about.ts";

test("BERTH_VERSION is package.json's", async () => {
  const { version } = await Bun.file(new URL("../../../package.json", import.meta.url)).json();
  expect(BERTH_VERSION).toBe(version);
});
