/** Hosts that limit their processes, or whose kernel or filter refuses what others give. */
import { describe, expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../support/cni-error.ts";
import { type CallOptions, type Conf, environment, netnsPath, type Verb } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { BIN, built, namespaces, needs, REFERENCE, reference } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";
import { strace } from "../support/traced.ts";

const need = needs(namespaces, built);

/** A call of the bridge by a command that becomes it, or runs it. */
function callBy(lab: Lab, command: readonly string[], verb: Verb, conf: Conf, options: CallOptions) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    ["nsenter", `--net=${netnsPath(lab.host)}`, ...command, join(BIN, "bridge")],
    { stdin: Buffer.from(JSON.stringify(conf)), env: environment(verb, BIN, options), timeout: 20_000 },
  );
  const text = stdout.toString();
  return { status: exitCode, stdout: text, stderr: stderr.toString(), json: text ? JSON.parse(text) : undefined };
}

/** A life of a container under the command: every call succeeds and nothing is left. */
function live(lab: Lab, command: readonly string[], over: Record<string, unknown> = {}, path = BIN): void {
  const ns = lab.container();
  const conf = lab.conf({ ipMasq: true, ipam: DUAL_STACK, ...over });
  const call = (verb: Verb, more: object = {}) => callBy(lab, command, verb, { ...conf, ...more }, { ns, path });
  const added = call("ADD");
  expect(added).toMatchObject({ status: 0 });
  for (const verb of ["CHECK", "DEL", "DEL"] as const) {
    expect([verb, call(verb, { prevResult: added.json })]).toMatchObject([verb, { status: 0, stdout: "" }]);
  }
  expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
}

const LIMITS: readonly (readonly [string, ...string[]])[] = [
  ["a stack of 16 KiB", "prlimit", "--stack=16384"],
  ["a stack of 32 KiB", "prlimit", "--stack=32768"],
  ["an address space of 64 MiB", "prlimit", `--as=${64 << 20}`],
];

describe("a container lives with", () => {
  need.each(LIMITS)("%s", async (_, ...command) => {
    await inLab((lab) => live(lab, command))();
  });
});

describe("where pidfd_open is refused", () => {
  const refused = (errno: string) => ["strace", "-qq", "-o", "/dev/null", "-e", `inject=pidfd_open:error=${errno}`];
  const STATIC = { type: "static", addresses: [{ address: "10.77.0.9/24", gateway: "10.77.0.1" }] };

  needs(namespaces, built, strace, reference).each(["ENOSYS", "EPERM"])(
    "with %s, another IPAM plugin works as a process",
    async (errno) => {
      await inLab((lab) => live(lab, refused(errno), { ipam: STATIC }, REFERENCE))();
    },
  );
});

need(
  "the lock's deadline comes although the caller has blocked SIGALRM",
  inLab(async (lab) => {
    const directory = join(lab.store, "labnet");
    mkdirSync(directory, { recursive: true });
    const holder = Bun.spawn(["flock", join(directory, "lock"), "sh", "-c", "echo held; exec sleep 60"], {
      stdout: "pipe",
    });
    try {
      await holder.stdout.getReader().read();
      const block = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); ";
      const command = ["python3", "-c", `${block}os.execv(sys.argv[1], sys.argv[1:])`];
      const conf = lab.conf({ berth: { lockTimeout: 1 } });
      cniError(callBy(lab, command, "ADD", conf, { ns: lab.container() }), "waited 1 s", "labnet");
    } finally {
      holder.kill("SIGKILL");
    }
  }),
);
