import { ENOENT } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import { NetlinkError } from "../netlink/error.ts";
import { NLMSG_ERROR, readAck } from "../wire/message.ts";
import { addBatch, type Batch } from "./batch.ts";
import type { Command } from "./commands.ts";
import { commandText, isOfItsOwn } from "./text.ts";

/** A command that the kernel refused, and with it its whole batch. */
export interface Failure {
  /** Undefined when the batch was refused as such. */
  readonly command: Command | undefined;
  readonly error: NetlinkError;
}

/**
 * Does the commands of all batches in one transaction, like `nft -f`: all or none, seen by packets at one moment.
 * Throws the NetlinkError of the first command that failed.
 */
export function run(client: Client, ...batches: readonly Batch[]): void {
  runAt(client, undefined, ...batches);
}

/** The same where the ruleset is of a generation, as attemptAt has it: else ERESTART. */
export function runAt(client: Client, generation: number | undefined, ...batches: readonly Batch[]): void {
  const failure = attemptAt(client, generation, ...batches).find((one) => !isForgiven(one));
  if (failure) throw failure.error;
}

/** Like `run`, but returns what failed, in order; nothing means that all was done. */
export function attempt(client: Client, ...batches: readonly Batch[]): Failure[] {
  return attemptAt(client, undefined, ...batches);
}

/**
 * The same where the ruleset is of that generation (find-generation.ts), unless it is undefined; else nothing is done, and the
 * one failure, ERESTART, is of no command. Any change of any table makes another generation.
 */
export function attemptAt(client: Client, generation: number | undefined, ...batches: readonly Batch[]): Failure[] {
  let commands = batches.flatMap((batch) => batch.commands);
  while (commands.length > 0) {
    const failures = exchange(client, commands, generation);
    if (failures.length === 0 || !failures.every(isForgiven)) return failures;
    const absent = new Set(failures.map(({ command }) => command));
    commands = commands.filter((command) => !absent.has(command));
  }
  return [];
}

function isForgiven({ command, error }: Failure): boolean {
  return command?.verb === "destroy" && error.errno === ENOENT;
}

/**
 * One transaction. The kernel tries every command, then sends the errors, in order, and the acknowledgement that the
 * last one asked for. What concerns the batch as such (EPERM, no nf_tables, a ruleset found invalid as a whole) comes
 * with the number of its first message, and maybe without that acknowledgement.
 */
function exchange(client: Client, commands: readonly Command[], generation: number | undefined): Failure[] {
  const batch = client.begin();
  addBatch(batch, commands, generation);
  batch.send();
  const failures: Failure[] = [];
  for (;;) {
    const message = batch.next();
    if (message.type !== NLMSG_ERROR) continue;
    const index = batch.placeOf(message) - 1;
    const { errno, text } = readAck(message);
    if (errno) failures.push(failure(commands, index, errno, text));
    if (index !== -1 && index < commands.length - 1) continue;
    if (client.told && failures.length === 0) tellOf(commands, client.told);
    return failures;
  }
}

function tellOf(commands: readonly Command[], told: (command: string) => void): void {
  for (const command of commands) if (isOfItsOwn(command)) told(`nft '${commandText(command)}'`);
}

function failure(commands: readonly Command[], index: number, errno: number, text: string | undefined): Failure {
  const command = commands[index];
  const named = command ?? commands[0];
  const operation = `nft ${named ? commandText(named) : "batch"}${index < 0 && commands.length > 1 ? " …" : ""}`;
  return { command, error: new NetlinkError(operation, errno, text) };
}
