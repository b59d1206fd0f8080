/** Runs one case on both sides and compares them after each call. */
import type { Json } from "../support/command.ts";
import { ACTS, PREPARATIONS } from "./acts.ts";
import { type Answer, answerOf } from "./answer.ts";
import { aloneAt, type CallStep, type Case, configOf, containerId, isAct, type Step } from "./case.ts";
import { classOf, isCosmetic, type Pair } from "./classes.ts";
import { isShared } from "./classes-add.ts";
import { type Difference, differences } from "./diff.ts";
import { isAboutTheSame } from "./message.ts";
import { observe, type State } from "./observe.ts";
import { recover } from "./recover.ts";
import { openTwins, perform, type Twins } from "./side.ts";

/** What one case showed. */
export interface Outcome {
  /** The steps that were taken; of a chain, without those that a runtime leaves after a failure. */
  readonly taken: readonly Step[];
  /** The sides went different, intended ways, and there are steps left. */
  readonly ended?: true;
  readonly answers: readonly { readonly step: CallStep; readonly berth: Answer; readonly reference: Answer }[];
  /** Names of the classes of the differences that were found. */
  readonly classes: ReadonlySet<string>;
  /** The first call with differences that no class explains. */
  readonly unexplained?: { readonly pair: Pair; readonly differences: readonly Difference[] };
}

export function compare(one: Case): Outcome {
  using twins = openTwins();
  const { berth, reference } = twins;
  for (const what of one.before) for (const side of [berth, reference]) PREPARATIONS[what]?.(side, one);
  let before = start(twins, one);
  const taken: Step[] = [];
  const answers: { step: CallStep; berth: Answer; reference: Answer }[] = [];
  const classes = new Set<string>();
  const left = new Set<number | undefined>();
  for (const step of one.steps) {
    if (!isAct(step) && step.wave !== undefined && left.has(step.wave)) continue;
    taken.push(step);
    if (isAct(step)) {
      for (const side of [berth, reference]) ACTS[step.act]?.(side, step.guest);
      before = start(twins, one);
      continue;
    }
    const { pair, found } = take(twins, aloneAt(one, step), step, before);
    if (pair.berth.answer.status !== 0 || pair.reference.answer.status !== 0) {
      left.add(step.wave);
      if (step.wave !== undefined && step.verb === "ADD") forgetResult(twins, step);
    }
    answers.push({ step, berth: pair.berth.answer, reference: pair.reference.answer });
    const explained = found.map((difference) => classOf(difference, pair));
    for (const it of explained) if (it) classes.add(it.name);
    const rest = found.filter((_, i) => explained[i] === undefined);
    if (rest.length > 0) return { taken, answers, classes, unexplained: { pair, differences: rest } };
    before = [pair.berth.after, pair.reference.after];
    if (explained.every((it) => it?.cosmetic)) continue;
    left.add(step.wave);
    recover(twins, one, step);
    before = start(twins, one);
    const still = {
      ...pair,
      berth: { ...pair.berth, after: before[0] },
      reference: { ...pair.reference, after: before[1] },
    };
    if (!stateDifferences(before[0], before[1]).every((difference) => isCosmetic(difference, still))) {
      return { taken, answers, classes, ...(step !== one.steps.at(-1) && { ended: true }) };
    }
  }
  return { taken, answers, classes };
}

/** A runtime keeps the result of a whole list only. */
function forgetResult({ berth, reference }: Twins, step: CallStep): void {
  for (const { results } of [berth, reference]) results.delete(`${containerId(step)} ${step.ifname ?? "eth0"}`);
}

function start({ berth, reference }: Twins, one: Case): readonly [State, State] {
  const looks = [observe(berth, one), observe(reference, one)] as const;
  for (const look of looks) look.remember();
  return [looks[0].state, looks[1].state];
}

/** How long to wait before looking again, in milliseconds: the kernel's own timers end. */
const PAUSES = [50, 200, 1000, 1500];

function take(twins: Twins, one: Case, step: CallStep, before: readonly [State, State]) {
  const replies = [perform(twins.berth, one, step), perform(twins.reference, one, step)] as const;
  for (let i = 0; ; i++) {
    const [ours, theirs] = [observe(twins.berth, one), observe(twins.reference, one)];
    const pair: Pair = {
      one,
      step,
      conf: configOf(one, step),
      berth: { answer: answerOf(replies[0], ours.words), before: before[0], after: ours.state },
      reference: { answer: answerOf(replies[1], theirs.words), before: before[1], after: theirs.state },
    };
    const found = [...answerDifferences(pair), ...stateDifferences(pair.berth.after, pair.reference.after)];
    const pause = PAUSES[i];
    if (
      pause === undefined ||
      found.every((difference) => difference.path[0] === "answer" || classOf(difference, pair))
    ) {
      ours.remember();
      theirs.remember();
      return { pair, found };
    }
    Bun.sleepSync(pause);
  }
}

function answerDifferences(pair: Pair): Difference[] {
  const { berth, reference } = pair;
  const { message: ours, ...a } = berth.answer;
  const { message: theirs, ...b } = reference.answer;
  const found = differences(a, b, ["answer"]);
  const both = berth.answer.status !== 0 && reference.answer.status !== 0;
  if (both && !isAboutTheSame(ours ?? "", theirs ?? ""))
    found.push({ path: ["answer", "message"], berth: ours, reference: theirs });
  return [...found, ...leftBehind(pair)];
}

/** What a failed ADD of berth has made and not taken back, shared things aside: no class explains any. */
function leftBehind({ step, berth }: Pair): Difference[] {
  if (step.verb !== "ADD" || berth.answer.status === 0) return [];
  const made = differences(berth.after, berth.before).filter(
    (one) => !isShared(one) && !isBridge(one, berth.after) && !isOld(one),
  );
  return made.map((one) => ({ ...one, path: ["answer", "left behind", ...one.path] }));
}

/** What the call before has changed. */
function isOld({ path, berth, reference }: Difference): boolean {
  return path.at(-1) === "changed" && berth === false && reference === true;
}

/** The bridge may be up now, and its own. */
function isBridge({ path: [where, what, name = ""] }: Difference, { host }: State): boolean {
  return where === "host" && what === "links" && host.links[name]?.kind === "bridge";
}

/**
 * Without what chance decides: a bridge that neither side gave an address has that of its lowest port, which are random;
 * and whether a bridge without carrier has a link-local address depends on how soon it lost it.
 */
function stateDifferences(berth: State, reference: State): Difference[] {
  const floats = ({ host }: State) => Object.values(host.links).some((link) => isFloating(link as Json));
  const chance = floats(berth) && floats(reference);
  const isDead = ({ host }: State, link: string) => /NO-CARRIER/.test(host.links[link]?.flags ?? "");
  return differences(berth, reference).filter(({ path: [where, , name = "", key, address] }) => {
    if (where !== "host") return true;
    if (key === "addresses" && address === "fe80::") return !(isDead(berth, name) && isDead(reference, name));
    return !(chance && key === "mac");
  });
}

const isFloating = ({ kind, mac }: Json) => kind === "bridge" && typeof mac === "object" && mac.shared;
