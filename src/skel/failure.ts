import { lineTable } from "#sys";
import { errnoOf, isSignal, messageOf } from "../base/errno.ts";
import { isOutOfMemory } from "../base/exhausted.ts";
import { Explained } from "../base/explained.ts";
import { CniError, INTERNAL } from "../spec/errors.ts";
import { originalStack } from "../sys/lines.ts";

/** Longest text of an answer, in characters: what is longer quotes something that nobody wants to read. */
const TEXT_LIMIT = 0x10000;

/** An error as plugins print it: indented by four spaces, no newline at the end, `details` only when there are any. */
export function errorJson(error: CniError): string {
  const { code, message, details } = error;
  return JSON.stringify({ code, msg: cut(message), details: cut(details) || undefined }, null, 4);
}

function cut(text: string): string {
  return text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT)}…` : text;
}

/**
 * What went wrong, as an answer. A CniError stays as it is, also when it is the cause of what was thrown. `requestSize` is the
 * length of what came on stdin.
 */
export function toCniError(error: unknown, requestSize = 0): CniError {
  const chain = chainOf(error);
  if (chain.some(isOutOfMemory)) {
    return new CniError(
      INTERNAL,
      "out of memory",
      `a call may use 128 MiB; its configuration has ${requestSize} characters`,
      error,
    );
  }
  const interrupted = chain.find(isSignal);
  if (interrupted) {
    const details = "what had been done was taken back; DEL removes what is left, then the call can be repeated";
    return new CniError(INTERNAL, `interrupted by ${interrupted.signal}`, details, error);
  }
  const answer = chain.find((link) => link instanceof CniError);
  if (answer) return answer;
  const explained = chain.find((link) => link instanceof Explained);
  if (explained) return new CniError(INTERNAL, explained.message, explained.details, error);
  const known = chain.some((link) => errnoOf(link) !== undefined);
  return new CniError(INTERNAL, chainText(error), known ? "" : stackOf(error), error);
}

/** An error and its causes, outermost first. */
function chainOf(error: unknown): unknown[] {
  const chain = [error];
  for (let link = causeOf(error); link !== undefined && chain.length < 8; link = causeOf(link)) chain.push(link);
  return chain;
}

function causeOf(error: unknown): unknown {
  return (error as { cause?: unknown } | null | undefined)?.cause;
}

/** The messages of the chain, each once. */
function chainText(error: unknown): string {
  const texts: string[] = [];
  for (const text of chainOf(error).map(messageOf)) {
    if (!texts.some((outer) => outer.includes(text))) texts.push(text);
  }
  return texts.join(": ");
}

/** Where a programming error came from, in lines of the TypeScript sources; empty when the engine does not know. */
function stackOf(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined;
  return stack ? `this is a defect of berth, please report it: ${originalStack(stack, lineTable("core")).trim()}` : "";
}
