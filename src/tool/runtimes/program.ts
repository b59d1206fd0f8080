import { run } from "#sys";
import { assertErrno, ETIMEDOUT, isErrno, messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { directoriesOf, findProgram } from "../../sys/find-program.ts";
import type { Ask, RuntimeName } from "./container.ts";

/** Where programs are looked for when there is no PATH. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment, of which PATH says where programs are. */
export type Environment = ReadonlyMap<string, string>;

/** How long each question may take, in milliseconds. */
export const TIMEOUT = 5000;

/** Asks the program of that name; undefined where it is not installed. */
export function askOf(name: RuntimeName, env: Environment, timeout: number): Ask | undefined {
  const path = findProgram([name], directoriesOf(env.get("PATH") ?? PATH));
  return path === undefined ? undefined : (...args) => answer([path, ...args], env, timeout);
}

function answer(command: readonly string[], env: Environment, timeout: number): string {
  const { status, signal, stdout, stderr } = started(command, env, timeout);
  if (status === 0) return stdout;
  const ending = status === undefined ? `ended by signal ${signal}` : `ended with ${status}`;
  throw new Explained(
    `${command.join(" ")}: ${lastLine(stderr) || ending}`,
    "does its daemon run, and is this run as root?",
  );
}

function started(command: readonly string[], env: Environment, timeout: number): ReturnType<typeof run> {
  const [path = "", ...args] = command;
  try {
    return run(path, { args, env: [...env], timeout });
  } catch (error) {
    assertErrno(error);
    const why = isErrno(error, ETIMEDOUT) ? `no answer in ${timeout / 1000} s` : messageOf(error);
    throw new Explained(`${command.join(" ")}: ${why}`, "does its daemon hang?", error);
  }
}

/** Of what a program has said: the lines before are often warnings. */
function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** The lines of an answer, without blanks around them; those that are empty are left out. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
