import { stat } from "#sys";
import { assertErrno } from "../base/errno.ts";
import { CniError, INVALID_CONFIG } from "../spec/errors.ts";
import { quote } from "../spec/quote.ts";
import { S_IFMT, S_IFREG } from "../sys/flags.ts";

/** A plugin's executable. */
export interface Found {
  readonly path: string;
  /** Its file, links followed. */
  readonly file: ReturnType<typeof stat>;
}

/**
 * The plugin `type`: the first regular file of that name in `paths`, symbolic links followed. Whether it can
 * be executed is not looked at.
 * @throws CniError 7 when there is none
 */
export function find(type: string, paths: readonly string[]): Found {
  if (type === "") throw new CniError(INVALID_CONFIG, "no plugin name provided");
  if (type.includes("/")) throw new CniError(INVALID_CONFIG, `invalid plugin name: ${type}`);
  if (paths.length === 0) throw new CniError(INVALID_CONFIG, "no paths provided");
  for (const directory of paths) {
    const path = `${withoutSlashes(directory)}/${type}`;
    const file = regularFile(path);
    if (file) return { path, file };
  }
  throw new CniError(
    INVALID_CONFIG,
    `failed to find plugin ${quote(type)} in path [${paths.join(" ")}]`,
    "install it there, or correct the type in the configuration or CNI_PATH",
  );
}

/** Without those at its end. An expression would begin anew at each of them. */
function withoutSlashes(directory: string): string {
  let end = directory.length;
  while (directory[end - 1] === "/") end--;
  return directory.slice(0, end);
}

function regularFile(path: string): Found["file"] | undefined {
  try {
    const file = stat(path);
    return (file.mode & S_IFMT) === S_IFREG ? file : undefined;
  } catch (error) {
    assertErrno(error);
    return undefined;
  }
}
