/** What a plugin finds on the disk: lease directories, indexes and resolv.conf as nobody would make them. */
import { linkSync, mkdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readHere } from "../../src/plugins/host-local/life.ts";
import { run } from "../../src/sys/bun/sys.ts";
import { setAttribute } from "../support/attributes.ts";
import { DATA_DIR, INDEX_DIR, RESOLV_CONF, ROOT } from "./fuzz-inputs.ts";
import type { Random } from "./fuzz-random.ts";

/** A directory outside of dataDir, and a file in it, that links lead to. */
export const OUTSIDE = "/canary";
const NETWORK = join(DATA_DIR, "net");
/** Where an administrator's link in place of the network's directory leads. */
const ELSEWHERE = join(ROOT, "elsewhere");
/** Where a plugin keeps its files if the configuration does not say. */
const DEFAULTS = ["/var/lib/cni/networks", "/run/berth"];

/** By a program of its own, and not by Bun's spawn, whose descriptors must not be mixed up with what plugins leave open. */
export function fifo(path: string): void {
  run("/usr/bin/mkfifo", { args: [path], env: [] });
}

/** Makes everything anew: an empty or odd dataDir, index and resolv.conf. */
export function renewSurroundings(r: Random): void {
  // Bun's own fails at times where names are no UTF-8 (EFAULT).
  run("/bin/rm", { args: ["-rf", DATA_DIR, ELSEWHERE, INDEX_DIR, RESOLV_CONF, ...DEFAULTS], env: [] });
  mkdirSync(DATA_DIR, { recursive: true });
  if (r.chance(0.5)) attempt(() => resolvConf(r));
  if (r.chance(0.05)) {
    mkdirSync(ELSEWHERE);
    odd(r, NETWORK, ELSEWHERE);
    return;
  }
  mkdirSync(NETWORK);
  if (r.chance(0.2)) attempt(() => oddIndex(r));
  const among = (name: string) => join(NETWORK, name);
  const names = [
    "10.1.2.1",
    "10.1.2.2",
    "10.1.2.3",
    "10.1.2.4",
    "10.1.2.5",
    "10.1.2.6",
    "10.1.2.255",
    "fd00::2",
    "fd00::3",
  ];
  if (r.chance(0.2)) for (const name of names) if (r.chance(0.9)) attempt(() => ownLease(r, among(name)));
  for (const name of [...names, "10.1.2.007", "10.1.2.300", "LOCK", "x", "\n", "a".repeat(255)])
    if (r.chance(0.2)) attempt(() => odd(r, among(name)));
  for (const name of ["lock", "last_reserved_ip.0", "last_reserved_ip.x"])
    if (r.chance(0.15)) attempt(() => odd(r, among(name)));
  if (r.chance(0.2))
    attempt(() =>
      writeFileSync(Buffer.concat([Buffer.from(`${NETWORK}/10.1.2.`), Buffer.of(0xff, 0xfe)]), "c1\r\neth0"),
    );
}

function attempt(make: () => void): void {
  try {
    make();
  } catch {
    // Two may have one name, and a name may be too long.
  }
}

/** Something under a name that a plugin takes for one of its files; a link to a directory leads to `directory`. */
function odd(r: Random, path: string, directory = OUTSIDE): void {
  const kind = r.int(14);
  if (kind === 0) mkdirSync(path);
  else if (kind === 1) fifo(path);
  else if (kind === 2) symlinkSync(join(OUTSIDE, "file"), path);
  else if (kind === 3) symlinkSync(directory, path);
  else if (kind === 4) symlinkSync(join(OUTSIDE, "missing"), path);
  else if (kind === 5) symlinkSync(path, path);
  else if (kind === 6) symlinkSync("/dev/zero", path);
  else if (kind === 7) huge(path);
  else if (kind === 8) writeFileSync(path, "");
  else if (kind === 9) writeFileSync(path, Buffer.from(Array.from({ length: r.int(300) }, () => r.int(256))));
  else if (kind === 10) linkSync(join(ROOT, "inside"), path);
  else
    writeFileSync(
      path,
      r.pick([
        "c1\r\neth0",
        "c2\r\neth0",
        " c1\r\neth0\n",
        "c1",
        "c1\neth0",
        "__proto__\r\neth0",
        "10.1.2.3",
        "\ufeffc1\r\neth0",
        `c1\r\n${"e".repeat(3000)}`,
      ]),
    );
}

/** A lease as berth's own are, but for what it was made for. */
function ownLease(r: Random, path: string): void {
  writeFileSync(path, r.pick(["c1\r\neth0", "c2\r\neth0"]));
  setAttribute(path, oddAttribute(r));
}

/** What berth would write down of an attachment, or nearly: of this boot and machine, or of others. */
function oddAttribute(r: Random): string {
  const { boot, host } = readHere();
  const fields = {
    b: [boot, boot, boot, "000000000000", ""],
    n: [`${host}`, `${host}`, `${host}`, "1", "x"],
    t: ["5", "5", "5.125", "999999999999", "-1", "1e9"],
    h: ["lo", "nosuch", "", "a b", "é".repeat(100)],
    i: ["1", "77777", "0", "-1", "7.5", "4294967297", "999999999999", "NaN"],
    c: ["9", "18446744073709551615", "x"],
    p: ["kube-system/dns-0", "/", "__proto__/x", "p".repeat(2000)],
  };
  const words = Object.entries(fields).flatMap(([key, values]) => (r.chance(0.95) ? [`${key}=${r.pick(values)}`] : []));
  const version = r.chance(0.9) ? "v1" : r.pick(["v2", ""]);
  return [version, ...words].join(r.chance(0.9) ? " " : r.pick(["  ", "\n"]));
}

/** A terabyte that takes no room. */
function huge(path: string): void {
  writeFileSync(path, "c1\r\neth0");
  truncateSync(path, 2 ** 40);
}

/** In place of the index, or of the directory of all. That one may be a link: whoever configures it may put it anywhere. */
function oddIndex(r: Random): void {
  if (r.chance(0.2)) {
    writeFileSync(INDEX_DIR, "");
    return;
  }
  mkdirSync(INDEX_DIR);
  const { dev, ino } = statSync(NETWORK);
  odd(r, join(INDEX_DIR, `${dev}-${ino}`));
}

function resolvConf(r: Random): void {
  if (r.chance(0.5)) {
    odd(r, RESOLV_CONF);
    return;
  }
  const line = () =>
    `${r.pick(["nameserver", "search", "domain", "options", "#", "", "nameserver\t", "NAMESERVER"])} ${r.pick(["192.0.2.1", "fd00::53", "x y z", "\0", "a".repeat(5000), "__proto__", "é"])}`;
  writeFileSync(RESOLV_CONF, Array.from({ length: r.pick([0, 1, 5, 2000]) }, line).join(r.pick(["\n", "\r\n", "\0"])));
}
