/** What a call answered, with everything random put into words. */
import type { Json } from "../support/command.ts";
import type { Reply } from "../support/plugin.ts";
import type { Words } from "./words.ts";

export interface Answer {
  readonly status: number;
  /** What stdout is. */
  readonly stdout: "nothing" | "JSON" | "text";
  /** A result, or the answer to VERSION. */
  readonly result?: Json;
  readonly code?: number;
  readonly message?: string;
}

export function answerOf(reply: Reply, words: Words): Answer {
  const { status, stdout, json } = reply;
  const kind = stdout === "" ? "nothing" : json === undefined ? "text" : "JSON";
  if (status === 0) return { status, stdout: kind, ...(json !== undefined && { result: words.all(json) }) };
  const message = words.text(json ? `${json.msg}${json.details ? `; ${json.details}` : ""}` : stdout);
  return { status, stdout: kind, code: json?.code, message };
}
