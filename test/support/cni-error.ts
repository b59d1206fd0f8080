import { expect } from "bun:test";
import type { Reply } from "./plugin.ts";

export interface CniErrorJson {
  code: number;
  msg: string;
  details?: string;
}

/**
 * The error that a plugin printed: exit status 1, and stdout exactly one JSON object with a code and a message.
 * Each of `words` must be in its message or details. Fails the test otherwise.
 */
export function cniError(reply: Reply, ...words: string[]): CniErrorJson {
  expect({ status: reply.status, json: typeof reply.json, stdout: reply.stdout }).toEqual({
    status: 1,
    json: "object",
    stdout: expect.any(String),
  });
  const { code, msg, details, ...rest }: CniErrorJson = reply.json;
  expect({ code, msg, rest }).toEqual({ code: expect.any(Number), msg: expect.stringMatching(/./), rest: {} });
  const text = `${msg}\n${details ?? ""}`;
  for (const word of words) expect(text).toContain(word);
  return { code, msg, ...(details === undefined ? {} : { details }) };
}
