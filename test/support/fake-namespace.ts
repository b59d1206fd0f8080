/** A network namespace of the fake host: its links and sysctls, as host/namespace.ts shows them. */
import type { Namespace } from "../../src/host/namespace.ts";
import type { Sysctls } from "../../src/host/sysctl.ts";
import { NetlinkError } from "../../src/netlink/error.ts";
import { commandsOf, type Request } from "../../src/netlink/request.ts";
import { copyOf, findIn, perform, type Space, type Spaces } from "./fake-links.ts";

/** An effect, done when `run` is called, which returns the errno of a failure: that, or 0. */
export type Effect = (text: string, run: () => unknown) => number;

export function namespace(here: Space, spaces: Spaces, effect: Effect): Namespace {
  const one = (request: Request): NetlinkError | undefined => {
    const text = commandsOf(request).join(" && ");
    const errno = effect(`${here.name}: ${text}`, () => perform(here, spaces, request));
    return errno && !request.tolerate?.includes(errno) ? new NetlinkError(text, errno) : undefined;
  };
  const find = (link: string | number) => findIn(here, link);
  return {
    findLink: (link) => copyOf(find(link)),
    findLinks: (links) => links.map((link) => copyOf(find(link))),
    listLinks: () => here.links.map((link) => ({ ...link })),
    listAddrs: (index, family = 0) =>
      (find(index)?.addrs ?? []).filter(({ prefix }) => family === 0 || (family === 2) === (prefix.ip.length === 4)),
    listRoutes: () => [],
    forwards: (family) => {
      const key = family === 2 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
      return here.sysctls.get(key) === "1";
    },
    ask: () => {
      throw new Error("the fake host answers no further questions");
    },
    change: (...requests) => {
      const failure = requests.map(one).find((error) => error !== undefined);
      if (failure) throw failure;
    },
    attempt: (requests) => requests.map(one),
    findAndAttempt: (link, requests) => ({ link: copyOf(find(link)), failures: requests.map(one) }),
    attemptAndFind: (requests, link) => ({ failures: requests.map(one), link: copyOf(find(link)) }),
    enter: (fn) => fn(sysctls(here, effect)),
    awaitLink: (name, wanted) => {
      const link = copyOf(find(name));
      return link && wanted(link) ? link : undefined;
    },
    watchLinks: () => ({
      await: (index, wanted) => {
        const link = copyOf(find(index));
        return link && wanted(link) ? link : undefined;
      },
      close: () => {},
      [Symbol.dispose]: () => {},
    }),
    cookie: () => (here.name === "host" ? "1" : "2"),
    close: () => {},
    [Symbol.dispose]: () => {},
  };
}

/** All are "0" at first. */
function sysctls({ name, sysctls: values }: Space, effect: Effect): Sysctls {
  const set = (word: string, key: string, value: string) =>
    effect(`${name}: ${word} ${key}=${value}`, () => void values.set(key, value));
  const read = (key: string) => values.get(key) ?? "0";
  return {
    read,
    isWritable: () => true,
    write: (key, value) => {
      if (read(key) === value) return;
      const errno = set("sysctl", key, value);
      if (errno) throw new NetlinkError(`sysctl ${key}`, errno);
    },
    put: (key, value) => {
      const errno = set("sysctl", key, value);
      if (errno) throw new NetlinkError(`sysctl ${key}`, errno);
    },
    tryWrite: (key, value) => void set("try sysctl", key, value),
  };
}
