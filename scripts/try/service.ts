/** The story that `npm run try:service` tells. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { netnsPath } from "../../test/support/conf.ts";
import { type Lab, openLab } from "../../test/support/lab.ts";
import { Berthd } from "../../test/support/service/berthd.ts";
import { serviceObject } from "../../test/support/service/objects.ts";
import { ask, askOn, connect, type Line, type Target } from "./asker.ts";
import { bad, bold, dim, good, heading, say, transcript } from "./show.ts";

const ADDRESS = "10.96.0.1";
const PORT = 80;
const LISTENS = 8080;
const NETWORK = "try";
const NAMES = ["one", "two", "three"] as const;
const REQUESTS = 90;
const HELD = 12;

type Process = Bun.Subprocess<"ignore", "pipe", "inherit">;

interface Guest {
  readonly name: string;
  readonly ns: string;
  readonly application: Process;
}

interface Scene {
  readonly lab: Lab;
  readonly site: Berthd;
  readonly target: Target;
  /** The same for a second client. */
  readonly next: Target;
}

/** Says what came of something, and gives whether it was good. */
function proven(isGood: boolean, text: string): boolean {
  (isGood ? good : bad)(text);
  return isGood;
}

/**
 * Three containers register as a service, requests reach all of them, one is killed, the agent is killed and started again, and all is
 * taken down. False when a request failed that should not, a connection broke, or something is left; throws when a step fails.
 */
export async function play(): Promise<boolean> {
  using lab = openLab();
  const site = new Berthd(lab);
  const running: Bun.Subprocess[] = [];
  const end = () => {
    for (const one of running) one.kill("SIGKILL");
  };
  process.once("exit", end);
  try {
    return await perform(lab, site, running);
  } finally {
    end();
  }
}

async function perform(lab: Lab, site: Berthd, running: Bun.Subprocess[]): Promise<boolean> {
  heading(`A service of three containers: ${ADDRESS} port ${PORT}, which is nobody's own address`);
  say(`the host     network namespace ${lab.host}, bridge br0`);
  say(`the service  ${join(site.directory, "web.json")}, as kubectl has it`);
  say(`records      ${site.records}`);
  site.write("web.json", serviceObject("web"));
  const guests: Guest[] = [];
  for (const name of NAMES) guests.push(await welcome(lab, site, name, running));
  const [client, next] = [lab.container(), lab.container()];
  add(lab, site, "client", client, false);
  add(lab, site, "next", next, false);
  showRecord(site);
  heading("berthd carries traffic to them");
  const berthd = await site.begin();
  running.push(berthd);
  good(`ready, process ${berthd.pid}`);
  const target = { lab, ns: client, hostname: ADDRESS, port: PORT };
  const scene = { lab, site, target, next: { ...target, ns: next } };
  const outcomes = [await spread(scene), await loseOne(scene, guests), await restart(scene, berthd, running)];
  return (await takeDown(scene, guests, running)) && outcomes.every((is) => is);
}

function confOf(lab: Lab, { records }: Berthd, registers: boolean) {
  return lab.conf({
    cniVersion: "1.1.0",
    name: NETWORK,
    bridge: "br0",
    isDefaultGateway: true,
    ipam: { type: "host-local", ranges: [[{ subnet: "10.10.0.0/24" }]] },
    berth: {
      indexDir: join(lab.dir, "index"),
      ...(registers && { register: { dir: records, service: "web", ports: [{ name: "http", port: LISTENS }] } }),
    },
  });
}

/** ADD of the built plugin: its result. */
function add(lab: Lab, site: Berthd, id: string, ns: string, registers = true) {
  return lab.add({ ns, id, conf: confOf(lab, site, registers) });
}

async function welcome(lab: Lab, site: Berthd, name: string, running: Bun.Subprocess[]): Promise<Guest> {
  const ns = lab.container();
  heading(`Container ${name} (network namespace ${ns})`);
  const words = ["nsenter", `--net=${netnsPath(ns)}`, process.execPath, join(import.meta.dir, "answerer.ts")];
  const application = Bun.spawn([...words, name, `${LISTENS}`], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  running.push(application);
  for await (const _ of application.stdout) break;
  say(`application  listens on port ${LISTENS}, process ${application.pid}`);
  const start = performance.now();
  const { ips } = add(lab, site, name, ns);
  good(`attached and registered in ${(performance.now() - start).toFixed(1)} ms: ${bold(ips[0].address)}`);
  return { name, ns, application };
}

function showRecord({ records }: Berthd): void {
  heading("What ADD wrote as its last step: the container as an EndpointSlice");
  const [name = ""] = readdirSync(records).sort();
  transcript(`cat ${name}`, readFileSync(join(records, name), "utf8"));
}

function countsOf(answers: readonly (string | undefined)[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer ?? "nobody", (counts.get(answer ?? "nobody") ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

/** Requests go to all three. */
async function spread({ target }: Scene): Promise<boolean> {
  heading(`${REQUESTS} requests, each a connection of its own`);
  const answers: (string | undefined)[] = [];
  for (let i = 0; i < REQUESTS; i++) answers.push(await ask(target));
  const isEven = NAMES.every((name) => answers.filter((answer) => answer === name).length > REQUESTS / 10);
  return proven(isEven && !answers.includes(undefined), countsOf(answers));
}

/**
 * Its application is killed while requests go on; once the runtime has called DEL, none goes there. What is asked then comes from a
 * client that has not been there: who was reset may within ten seconds use the same port again, and conntrack still knows where to.
 */
async function loseOne({ lab, site, target, next }: Scene, guests: readonly Guest[]): Promise<boolean> {
  const two = guests[1] as Guest;
  heading(`Container ${two.name} is killed while requests go on`);
  const asking = askOn(target);
  await Bun.sleep(200);
  two.application.kill("SIGKILL");
  await two.application.exited;
  const killed = performance.now();
  say(dim(`$ kill -9 ${two.application.pid}, and the runtime's DEL`));
  lab.del({ ns: two.ns, id: two.name, conf: confOf(lab, site, true) });
  await endpoints(site, 2);
  const removed = performance.now();
  const asked = await asking.stop();
  const afterwards = askOn(next);
  await Bun.sleep(500);
  const after = await afterwards.stop();
  say(`until then:  ${countsOf(asked.map(({ answer }) => answer))}`);
  const text = `${(removed - killed).toFixed(0)} ms after: ${countsOf(after.map(({ answer }) => answer))}`;
  const isGood = after.length > 20 && after.every(({ answer }) => answer === "one" || answer === "three");
  return proven(isGood, `${text}: no request fails`);
}

/** Until the kernel has what berthd knows, and that is `count` endpoints. */
async function endpoints(site: Berthd, count: number): Promise<void> {
  for (const since = performance.now(); performance.now() - since < 5000; await Bun.sleep(2)) {
    const [port] = JSON.parse((await site.get("/services/default/web")).text).ports;
    const { revision, applied } = JSON.parse((await site.get("/status")).text);
    if (port?.all.length === count && revision === applied) return;
  }
  throw new Error(`the service has not come to ${count} endpoints`);
}

/** No connection breaks and no request fails when the agent is killed and started again: the rules are the kernel's. */
async function restart({ site, next }: Scene, berthd: Bun.Subprocess, running: Bun.Subprocess[]): Promise<boolean> {
  heading(`berthd is killed and started again, with ${HELD} connections open and requests going on`);
  const held = (await Promise.all(Array.from({ length: HELD }, () => connect(next)))).filter(
    (line) => line !== undefined,
  );
  const asking = askOn(next);
  const chats = held.map((line) => chat(line));
  berthd.kill("SIGKILL");
  await berthd.exited;
  say(dim(`$ kill -9 ${berthd.pid}`));
  await Bun.sleep(300);
  const again = await site.begin();
  running.push(again);
  say(`ready again, process ${again.pid}`);
  await Bun.sleep(200);
  const lines = await Promise.all(chats.map((one) => one.stop()));
  const asked = await asking.stop();
  for (const line of held) line.end();
  const kept = lines.filter((count) => count > 0).length;
  const isGood = kept === HELD && asked.length > 20 && asked.every(({ answer }) => answer !== undefined);
  const text = `${kept} of ${HELD} connections went on, with ${lines.reduce((sum, count) => sum + count, 0)} questions`;
  return proven(isGood, `${text}; ${asked.length} requests: ${countsOf(asked.map(({ answer }) => answer))}`);
}

/** Asks on a connection until `stop`, which gives how many answers came; 0 when one did not. */
function chat(line: Line): { stop(): Promise<number> } {
  let isOn = true;
  const run = async () => {
    let count = 0;
    for (; isOn; count++) {
      if ((await line.ask()) === undefined) return 0;
      await Bun.sleep(10);
    }
    return count;
  };
  const running = run();
  return {
    stop() {
      isOn = false;
      return running;
    },
  };
}

async function takeDown({ lab, site, target, next }: Scene, guests: readonly Guest[], running: Bun.Subprocess[]) {
  heading("Everything is taken down");
  for (const { name, ns } of guests) lab.del({ ns, id: name, conf: confOf(lab, site, true) });
  lab.del({ ns: target.ns, id: "client", conf: confOf(lab, site, false) });
  lab.del({ ns: next.ns, id: "next", conf: confOf(lab, site, false) });
  await endpoints(site, 0);
  const last = await ask(target);
  say(`all containers are gone: ${last ?? "nobody"} answers`);
  for (const one of running) one.kill("SIGTERM");
  await Promise.all(running.map((one) => one.exited));
  const { code, err } = site.once("cleanup");
  say(dim("$ berthd cleanup"));
  const leases = Object.keys(lab.leases(NETWORK)).length;
  const records = existsSync(site.records) ? readdirSync(site.records).length : 0;
  const links = lab.ipj(lab.host, "link", "show", "type", "veth").length;
  const tables = lab.nftj(lab.host).filter((row) => row.table?.name.startsWith("berth-services")).length;
  const flows = lab.sh(lab.host, "nft", "list", "ruleset").includes(ADDRESS);
  const text = `${records} records, ${leases} leases, ${links} interfaces, ${tables} tables${err}`;
  const isGone = last === undefined && code === 0 && records + leases + links + tables === 0 && !flows;
  return proven(isGone, bold(`${isGone ? "nothing" : "something"} is left: ${text}`));
}
