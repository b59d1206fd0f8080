import { decode, goObject, string } from "../../spec/decode.ts";
import { CniError } from "../../spec/errors.ts";
import { readConfFiles } from "../node/networks.ts";

const berthSchema = goObject({ berth: goObject({ log: string }) });

/** The files that the networks of a configuration directory want their calls logged in, each once. @throws SysError */
export function configuredLogs(directory: string): string[] {
  const plugins = readConfFiles(directory).flatMap(({ network }) => network?.plugins ?? []);
  return [...new Set(plugins.flatMap((plugin) => logOf(plugin) || []))];
}

function logOf(plugin: object): string | undefined {
  try {
    return decode(berthSchema, plugin).berth?.log;
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}
