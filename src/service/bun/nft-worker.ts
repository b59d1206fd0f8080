/** The thread that writes rules. */
import { Client } from "../../netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../../netlink/socket.ts";
import { Desk } from "../sinks/nft/desk.ts";
import type { Answer, Order } from "../sinks/nft/protocol.ts";

declare const self: Worker;

/** How often is looked whether others changed the tables: what they removed is back within twice that. */
const LOOK_MS = 20;

const COLLECT_MS = 500;

const collect = () => void setTimeout(() => Bun.gc(true), COLLECT_MS);
const desk = new Desk(new Client(openSocket(NETLINK_NETFILTER)), () => performance.now(), collect);

function answer(value: Answer | undefined): void {
  if (value) self.postMessage(value);
}

self.onmessage = ({ data }: MessageEvent<Order>) => {
  answer(desk.take(data));
};
setInterval(() => answer(desk.look()), LOOK_MS);
