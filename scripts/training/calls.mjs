// The calls that the build trains the executable with, in order: those that containers' starts and ends are made of.

import { join } from "node:path";

const ipam = { type: "host-local", ranges: [[{ subnet: "10.0.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] };

const web = { service: "web", ports: [{ name: "http", port: 8080 }] };

/** What a network's configuration is, its leases, index and endpoint records in `directory`. */
function network(directory, name, { register, ...keys }) {
  return {
    cniVersion: "1.0.0",
    name,
    type: "bridge",
    bridge: "training0",
    isGateway: true,
    ipam: { ...ipam, dataDir: join(directory, "leases") },
    berth: {
      indexDir: join(directory, "index"),
      ...(register && { register: { ...register, dir: join(directory, "endpoints") } }),
    },
    ...keys,
  };
}

/** A life of a container: plugin, network and its keys, and how much it counts beside the others. */
export const LIVES = [
  { plugin: "host-local", name: "addresses", keys: {}, times: 1 },
  { plugin: "bridge", name: "plain", keys: {}, times: 3 },
  { plugin: "bridge", name: "masquerade", keys: { ipMasq: true }, times: 2 },
  { plugin: "bridge", name: "register", keys: { register: web }, times: 1 },
];

const ID = "c".repeat(64);
/** Of a container that the network has already, and longer. */
const OTHER = "d".repeat(64);

/**
 * Makes the calls of a life with `call(label, plugin, verb, conf, id)`, which returns what was printed: ADD, CHECK and DEL with
 * its result, and the second DEL that every runtime sends. Around them, another container lives.
 */
export function live({ plugin, name, keys }, directory, call) {
  const conf = network(directory, name, keys);
  const one = (verb, over = {}, label = verb) => call(`${name} ${label}`, plugin, verb, { ...conf, ...over }, ID);
  call(`${name} other ADD`, plugin, "ADD", conf, OTHER);
  const printed = one("ADD");
  const prevResult = printed.startsWith("{") ? JSON.parse(printed) : undefined;
  one("CHECK", { prevResult });
  one("DEL", { prevResult });
  one("DEL", {}, "DEL again");
  call(`${name} other DEL`, plugin, "DEL", conf, OTHER);
}

/** Whether what a call does is that of each container, not that of a network's first. */
export function isUsual(id) {
  return id !== OTHER;
}

/** The environment of a call. */
export function environment(verb, id, netns, path) {
  return {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: id,
    CNI_NETNS: netns,
    CNI_IFNAME: "eth0",
    CNI_PATH: path,
  };
}
