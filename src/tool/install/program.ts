import { isThisProgram, run } from "#sys";
import { assertErrno, EACCES, ENOENT, isErrno, messageOf } from "../../base/errno.ts";
import { parseJson } from "../../base/json.ts";

/** Whose a plugin's executable is. this: a copy of what runs. none: nothing is there that could be called. */
export interface Program {
  readonly whose: "this" | "berth" | "reference" | "other" | "none";
  /** For people: "the reference v1.10.0". */
  readonly text: string;
}

/** Milliseconds: a plugin that is asked for its version does nothing else. */
const PATIENCE = 2000;

/** Finds out by the build id in the file, else by asking: what it says of itself, and VERSION. Throws what is no refusal. */
export function programAt(path: string): Program {
  if (isThisProgram(path)) return { whose: "this", text: "berth, this build" };
  try {
    return toldBy(ask(path, []), () => ask(path, [["CNI_COMMAND", "VERSION"]]));
  } catch (error) {
    assertErrno(error);
    if (isErrno(error, ENOENT)) return { whose: "none", text: "not there" };
    const why = isErrno(error, EACCES) ? "not executable" : messageOf(error);
    return { whose: "none", text: `nobody's: ${why}` };
  }
}

function ask(path: string, env: [string, string][]): ReturnType<typeof run> {
  return run(path, { env: [["PATH", "/usr/sbin:/usr/bin:/sbin:/bin"], ...env], stdin: "", timeout: PATIENCE });
}

/** Plugins that are started without CNI_COMMAND say "CNI bridge plugin v1.10.0". */
function toldBy({ stdout, stderr }: ReturnType<typeof run>, version: () => ReturnType<typeof run>): Program {
  const [, build = ""] = /^CNI \S+ plugin (?:version )?(\S+)/m.exec(`${stderr}\n${stdout}`) ?? [];
  if (build.includes("+berth.")) return { whose: "berth", text: `berth, another build (${build})` };
  const answer = parseJson(version().stdout) as { supportedVersions?: unknown } | null | undefined;
  if (!Array.isArray(answer?.supportedVersions))
    return { whose: "other", text: "another's, which does not answer VERSION" };
  if (build !== "") return { whose: "reference", text: `the reference ${build}` };
  return { whose: "other", text: `another's (CNI up to ${answer.supportedVersions.at(-1)})` };
}
