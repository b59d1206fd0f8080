import * as sys from "#sys";
import { traced } from "../sys/told.ts";
import { readMessages } from "../wire/message.ts";
import type { Tap } from "./exchange.ts";

/** Prints every netlink message to stderr where BERTH_TRACE asks for that: direction, family, type, flags, length, bytes. */
export function tap(family: string): Tap | undefined {
  if (traced() !== "messages") return undefined;
  return (direction, datagram) => {
    for (const { type, flags, seq, body } of readMessages(datagram)) {
      const bytes = body.take(body.left);
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const stamp = sys.monotonic().toFixed(3);
      sys.write(2, `${stamp} ${direction} ${family} type ${type} flags 0x${flags.toString(16)} seq ${seq} ${hex}\n`);
    }
  };
}
