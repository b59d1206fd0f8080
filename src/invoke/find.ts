import { stat } from "#sys";
import { errnoOf } from "../base/errno.ts";
import { CniError, INVALID_CONFIG } from "../spec/errors.ts";
import { quote } from "../spec/quote.ts";
import { S_IFMT, S_IFREG } from "../sys/flags.ts";

/**
 * The path of the plugin `type`: the first regular file of that name in `paths`, symbolic links followed. Whether it can
 * be executed is not looked at.
 * @throws CniError 7 when there is none
 */
export function find(type: string, paths: readonly string[]): string {
  if (type === "") throw new CniError(INVALID_CONFIG, "no plugin name provided");
  if (type.includes("/")) throw new CniError(INVALID_CONFIG, `invalid plugin name: ${type}`);
  if (paths.length === 0) throw new CniError(INVALID_CONFIG, "no paths provided");
  for (const directory of paths) {
    const path = `${directory.replace(/\/+$/, "")}/${type}`;
    if (isRegularFile(path)) return path;
  }
  throw new CniError(
    INVALID_CONFIG,
    `failed to find plugin ${quote(type)} in path [${paths.join(" ")}]`,
    "install it there, or correct the type in the configuration or CNI_PATH",
  );
}

function isRegularFile(path: string): boolean {
  try {
    return (stat(path).mode & S_IFMT) === S_IFREG;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
