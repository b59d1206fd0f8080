import { decode, goObject, string } from "../../spec/decode.ts";
import { CniError } from "../../spec/errors.ts";
import { readConfFiles } from "../node/networks.ts";
import { type Program, programAt } from "./program.ts";

/** A plugin that a network of the node calls, and whose it is. */
export interface Use {
  readonly network: string;
  /** The file that configures it. */
  readonly file: string;
  readonly plugin: string;
  readonly program: Program;
}

const pluginSchema = goObject({ type: string, ipam: goObject({ type: string }) });

/** Of each network of a configuration directory the plugins, in the order of the lists. @throws SysError */
export function usesOf(confDirectory: string, directory: string): Use[] {
  const known = new Map<string, Program>();
  const programOf = (name: string) => {
    const program = known.get(name) ?? programAt(`${directory}/${name}`);
    known.set(name, program);
    return program;
  };
  return readConfFiles(confDirectory).flatMap(({ path: file, network }) =>
    (network?.plugins ?? []).flatMap(typesOf).map((plugin) => ({
      network: network?.name ?? "",
      file,
      plugin,
      program: programOf(plugin),
    })),
  );
}

/** The plugin's own and its IPAM plugin's; what is no name of a file is left out. */
function typesOf(plugin: object): string[] {
  try {
    const { type, ipam } = decode(pluginSchema, plugin);
    return [type, ipam?.type].flatMap((name) => (name && !name.includes("/") ? name : []));
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}
