/**
 * berthd, killed at any moment while its files change: events are lost (it is dead or stopped), doubled (files are written again as they
 * are), reordered (several changes between two looks), files are torn, and the kernel's tables go as at a reboot.
 */
import type { Lab } from "../lab.ts";
import { Berthd, until } from "./berthd.ts";
import { type KernelServices, kernelServices } from "./kernel.ts";
import { serviceObject } from "./objects.ts";
import { dualSlices } from "./slices.ts";

/** Numbers from 0 to below `below`, the same for the same seed (mulberry32). */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Service N of a file: its addresses, whether clients stay, whether nodes have a port for it, and its endpoints' numbers. */
interface Wanted {
  readonly n: number;
  readonly isSticky: boolean;
  readonly hasNodePort: boolean;
  readonly ends: readonly number[];
}

const FILES = ["a.json", "b.json", "c.json", "d.json"] as const;
type FileName = (typeof FILES)[number];
const PER_FILE = 3;
const ENDS = 60;

const FATES = [
  "killed",
  "killed, and the tables gone",
  "stopped for a while",
  "all rules flushed as it runs",
  "a map emptied as it runs",
] as const;
type Fate = (typeof FATES)[number];

/** Maps that somebody may empty without being told that something else needs them. */
const EMPTIED = ["services", "node", "endpoints", "members", "live", "groups"] as const;

export interface Round {
  readonly changes: number;
  /** What happened to berthd and the kernel. */
  readonly fate: Fate;
  /** From its start, or from the last change, to when the kernel had what the files say, in milliseconds. */
  readonly took: number;
}

export class Upheaval {
  readonly #berthd: Berthd;
  readonly #lab: Lab;
  readonly #any: (below: number) => number;
  readonly #truth = new Map<FileName, readonly Wanted[]>();
  readonly #torn = new Set<FileName>();
  #child: Bun.Subprocess | undefined;

  constructor(lab: Lab, seed: number) {
    this.#lab = lab;
    this.#berthd = new Berthd(lab);
    this.#any = numbersFrom(seed);
  }

  async begin(): Promise<void> {
    for (const name of FILES) this.#rewrite(name);
    await this.#start();
  }

  /** One turn: changes, what befalls berthd or the kernel, and more changes. Then it is to come to what is wanted. */
  async round(): Promise<Round> {
    const fate = FATES[this.#any(FATES.length)] ?? "killed";
    let changes = await this.#changeFor(5 + this.#any(20));
    await this.#befall(fate);
    changes += await this.#changeFor(this.#any(10));
    if (fate.startsWith("killed")) this.#forgetTorn();
    else this.#mend();
    const start = performance.now();
    if (fate === "stopped for a while") this.#child?.kill("SIGCONT");
    if (fate.startsWith("killed")) await this.#start();
    await until(() => this.differences().length === 0).catch(() => {});
    return { changes, fate, took: performance.now() - start };
  }

  async #befall(fate: Fate): Promise<void> {
    const nft = (...words: string[]) => this.#lab.sh(this.#lab.host, "nft", ...words);
    if (fate === "stopped for a while") this.#child?.kill("SIGSTOP");
    if (fate.startsWith("killed")) await this.#kill();
    if (fate === "killed, and the tables gone" || fate === "all rules flushed as it runs") nft("flush", "ruleset");
    if (fate === "a map emptied as it runs")
      nft("flush", "map", "ip", "berth-services", EMPTIED[this.#any(EMPTIED.length)] ?? "live");
  }

  end(): void {
    this.#child?.kill("SIGKILL");
  }

  /** Lines of what the kernel should have and has not, and the other way round; ghosts too. */
  differences(): string[] {
    const { services, ghosts }: KernelServices = kernelServices(this.#lab);
    const wanted = this.wanted();
    const missing = wanted.filter((line) => !services.includes(line)).map((line) => `missing: ${line}`);
    const extra = services.filter((line) => !wanted.includes(line)).map((line) => `extra: ${line}`);
    return [...missing, ...extra, ...ghosts.map((line) => `ghost: ${line}`)];
  }

  /** What whole files say, as kernelServices has it. */
  wanted(): string[] {
    return [...this.#truth.values()].flat().flatMap(linesOf).sort();
  }

  async #changeFor(count: number): Promise<number> {
    for (let i = 0; i < count; i++) {
      this.#change(FILES[this.#any(FILES.length)] ?? "a.json");
      // Now within one look of berthd, now after it.
      if (this.#any(3) === 0) await Bun.sleep(this.#any(30));
    }
    return count;
  }

  #change(name: FileName): void {
    const kind = this.#any(8);
    if (kind === 0) {
      this.#berthd.remove(name);
      this.#truth.delete(name);
      this.#torn.delete(name);
    } else if (kind === 1) {
      this.#berthd.tear(name, ...objectsOf(this.#some(name)));
      this.#torn.add(name);
    } else if (kind === 2) this.#write(name, this.#truth.get(name) ?? []);
    else this.#rewrite(name);
  }

  /** What berthd knows of torn files depends on when it looked, so their writers write them again. */
  #mend(): void {
    for (const name of [...this.#torn]) this.#rewrite(name);
  }

  /** Who starts knows nothing of what a torn file said. */
  #forgetTorn(): void {
    for (const name of this.#torn) this.#truth.delete(name);
  }

  #rewrite(name: FileName): void {
    this.#write(name, this.#some(name));
  }

  #write(name: FileName, wanted: readonly Wanted[]): void {
    this.#berthd.write(name, ...objectsOf(wanted));
    this.#truth.set(name, wanted);
    this.#torn.delete(name);
  }

  #some(name: FileName): Wanted[] {
    const first = PER_FILE * FILES.indexOf(name);
    return Array.from({ length: PER_FILE }, (_, i) => first + i).flatMap((n) => {
      if (this.#any(4) === 0) return [];
      const ends = Array.from({ length: ENDS }, (_, end) => end).filter(() => this.#any(20) === 0);
      return [{ n, isSticky: this.#any(3) === 0, hasNodePort: this.#any(3) === 0, ends }];
    });
  }

  async #start(): Promise<void> {
    this.#child = this.#berthd.start();
    await until(() => this.#berthd.isReady());
  }

  async #kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }
}

const SECONDS = 600;

function objectsOf(services: readonly Wanted[]): unknown[] {
  return services.flatMap(({ n, isSticky, hasNodePort, ends }) => [
    serviceObject(`s${n}`, {
      clusterIP: `10.96.0.${n + 1}`,
      clusterIPs: [`10.96.0.${n + 1}`, `fd96::${n + 1}`],
      ...(isSticky && {
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: SECONDS } },
      }),
      ...(hasNodePort && { type: "NodePort", ports: [{ name: "http", port: 80, nodePort: 30_000 + n }] }),
    }),
    ...dualSlices(
      `s${n}`,
      ends.map((end) => ({ ns: "", v4: `10.1.0.${end + 1}`, v6: `fd01::${end + 1}` })),
    ),
  ]);
}

function linesOf({ n, isSticky, hasNodePort, ends }: Wanted): string[] {
  const stay = isSticky && ends.length > 0 ? ` for ${SECONDS} s` : "";
  const list = (format: (end: number) => string) =>
    ends
      .map((end) => `${format(end + 1)}:8080`)
      .sort()
      .join(" ");
  const lists = [list((end) => `10.1.0.${end}`), list((end) => `fd01::${end}`)];
  const keys = [`10.96.0.${n + 1} tcp 80`, `fd96::${n + 1} tcp 80`].map((key, i) => `${key} -> ${lists[i]}${stay}`);
  const node = hasNodePort ? lists.map((list) => `node tcp ${30_000 + n} -> ${list}${stay}`) : [];
  return [...keys, ...node];
}
