/** The network lists that are tried: those that runtimes ship. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ConfList, readConfList } from "../../scripts/try/conflist.ts";
import { CASES } from "../lists/lists.ts";

const FOLDER = join(CASES, "conflists");

/** The names of all of them: "01-containerd-cri". */
export const SHIPPED: readonly string[] = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .filter((name) => name.endsWith(".conflist"))
      .map((name) => name.replace(".conflist", ""))
      .sort()
  : [];

/** The list whose name begins so, with keys of the first plugin's `ipam` replaced by those of `ipam`. */
export function shipped(name: string, ipam: object = {}): ConfList {
  const file = SHIPPED.find((one) => one.startsWith(name));
  if (file === undefined) throw new Error(`there is no list ${name} in ${FOLDER}`);
  const list = readConfList(join(FOLDER, `${file}.conflist`));
  const plugins = list.plugins.map((plugin) =>
    plugin.ipam ? { ...plugin, ipam: { ...plugin.ipam, ...ipam } } : plugin,
  );
  return { ...list, plugins };
}
