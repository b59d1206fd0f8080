/** A lean host: a kernel without nf_tables, on which iptables masquerades if it can, and leases on vfat. */
import { describe, expect } from "bun:test";
import { bridgeConf, type Conf } from "../support/conf.ts";
import { built, isMet, needs, reference } from "../support/needs.ts";
import { type Kernel, kernels } from "../support/vm/kernel.ts";
import { bootable } from "../support/vm/machine.ts";
import { type Script, script, type Transcript } from "../support/vm/script.ts";
import { call, conf, netns, PRELUDE, type Side } from "./sides.ts";

const [KERNEL] = kernels("6.1 amd64") as [Kernel];
const NEEDS = [built, reference, bootable(KERNEL)];
const need = needs(...NEEDS);

/** "nfnetlink" is loaded before the second half: until then the kernel has no such socket, then one without nf_tables. */
const FORMS = ["no-socket", "no-subsystem"] as const;

const NETWORKS = { plain: {}, masq: { ipMasq: true }, spoof: { macspoofchk: true } };
const GONE = { "cni.dev/valid-attachments": [] };

/** A network's calls, in their order; those of one that is `refused` end with the first DEL. */
function lifeOf(
  all: Script,
  form: string,
  kind: keyof typeof NETWORKS,
  { ipMasqBackend, refused = false }: { ipMasqBackend?: string; refused?: boolean } = {},
): void {
  const key = `${form}-${kind}${ipMasqBackend ?? ""}`;
  const over = { ...NETWORKS[kind], ...(ipMasqBackend && { ipMasqBackend }), cniVersion: "1.1.0" };
  const host = netns(key, "berth");
  const plugin = (verb: string, more: object, name = verb) =>
    call(all, "berth", verb, key, "c1", conf(key, { ...over, ...more }), `${key}/${name}`);
  all.step(`${key}/namespaces`, [host, netns(key, "berth", "c1")].map((ns) => `ip netns add ${ns}`).join("\n"));
  plugin("STATUS", {});
  plugin("ADD", {});
  if (!refused) {
    all.step(`${key}/rules`, `ip netns exec ${host} iptables-legacy-save -t nat`);
    plugin("CHECK", {});
  }
  if (kind === "masq" && !ipMasqBackend && !refused)
    repairAfterFlush(all, key, conf(key, over), () => plugin("CHECK", {}, "CHECK-flushed"));
  plugin("DEL", {});
  all.step(`${key}/left`, `ls /var/${key}-berth/labnet; ip netns exec ${host} iptables-legacy-save -t nat`);
  if (refused) return;
  plugin("ADD", {}, "ADD-again");
  plugin("GC", GONE);
  all.step(`${key}/collected`, `ls /var/${key}-berth/labnet; ip netns exec ${host} iptables-legacy-save -t nat`);
}

/** Has the rules of c1 flushed, asks `check`, and has `berth repair` put them back by what libcni would remember of the ADD. */
function repairAfterFlush(all: Script, key: string, network: Conf, check: () => void): void {
  const host = netns(key, "berth");
  const config = btoa(JSON.stringify(network));
  const entry = JSON.stringify({
    kind: "cniCacheV1",
    containerId: "c1",
    config,
    ifName: "eth0",
    networkName: "labnet",
  });
  all.step(`${key}/flush`, `printf '*nat\\nCOMMIT\\n' | ip netns exec ${host} iptables-legacy-restore`);
  check();
  all.step(
    `${key}/repair`,
    `mkdir -p /var/${key}/results
{ echo '${entry.slice(0, -1)},"result":'; cat /var/${key}-berth-c1.result; echo '}'; } >/var/${key}/results/labnet-c1-eth0
ip netns exec ${host} /berth/berth repair labnet --cache-dir /var/${key}
ip netns exec ${host} iptables-legacy-save -t nat`,
  );
}

/** What iptables loads for a target or match. */
function extension(name: string): Iterable<string> {
  return new Bun.Glob(`lib/*/xtables/libxt_${name}.so`).scanSync({ cwd: "/usr", absolute: true });
}

/** Both sets of plugins lease in a directory without hard links, unnamed files, attributes and times finer than two seconds. */
function leaseOnVfat(all: Script): void {
  all.step(
    "vfat",
    "truncate -s 8M /tmp/image && mkdosfs /tmp/image && mkdir /fat && mount -t vfat -o loop /tmp/image /fat",
  );
  const network = { ...bridgeConf("/fat"), type: "host-local", cniVersion: "1.1.0" };
  const lease = (key: string, verb: string, id: string, side: Side = "berth", more = {}) => {
    const variables = `CNI_COMMAND=${verb} CNI_CONTAINERID=${id} CNI_NETNS=/none CNI_IFNAME=eth0 CNI_PATH=/${side}`;
    const command = `env -i PATH=/bin ${variables} /${side}/host-local`;
    all.step(`vfat/${key}`, `echo '${JSON.stringify({ ...network, ...more })}' | ${command}`);
  };
  lease("ADD-a", "ADD", "a");
  lease("ADD-b", "ADD", "b");
  lease("again", "ADD", "a");
  lease("theirs", "ADD", "c", "reference");
  lease("CHECK-a", "CHECK", "a");
  lease("DEL-a", "DEL", "a");
  all.step("vfat/leases", "grep -r . /fat | grep -v last_reserved");
  // The file system dates its files by two seconds.
  all.step("vfat/wait", "sleep 3");
  lease("GC", "GC", "x", "berth", GONE);
  all.step("vfat/left", "ls -A1 /fat /fat/labnet");
}

async function transcriptOf(): Promise<Transcript> {
  const all = script(PRELUDE);
  for (const form of FORMS) {
    if (form === "no-subsystem") all.step("load", "insmod /modules/nfnetlink.ko");
    for (const kind of ["plain", "masq"] as const) lifeOf(all, form, kind);
    lifeOf(all, form, "spoof", { refused: true });
    lifeOf(all, form, "masq", { ipMasqBackend: "nftables", refused: true });
    lifeOf(all, form, "masq", { ipMasqBackend: "iptables" });
  }
  leaseOnVfat(all);
  all.step("without", "mv /bin/iptables-legacy-save /bin/iptables-legacy-restore /tmp");
  lifeOf(all, "no-iptables", "masq", { refused: true });
  lifeOf(all, "no-iptables", "masq", { ipMasqBackend: "iptables", refused: true });
  const transcript = await all.run(KERNEL, {
    modules: ["bridge", "veth", "iptable_nat", "xt_MASQUERADE", "xt_comment", "loop", "vfat", "nls_cp437", "nls_ascii"],
    spare: ["nfnetlink"],
    programs: ["ip", ...["", "-legacy"].flatMap((kind) => [`iptables${kind}-save`, `iptables${kind}-restore`])],
    files: ["MASQUERADE", "comment", "standard"].flatMap((name) => [...extension(name)]),
  });
  console.log(`Linux ${transcript.release} without nf_tables in a virtual machine: ${transcript.seconds.toFixed(1)} s`);
  return transcript;
}

const transcript = NEEDS.every(isMet) ? await transcriptOf() : undefined;

describe.each(FORMS)("a kernel without nf_tables (%s)", (form) => {
  const outcomes = (key: string) =>
    ["STATUS", "ADD", "CHECK", "DEL", "ADD-again", "GC"].map((step) => transcript?.of(`${key}/${step}`));
  const statuses = (key: string) => outcomes(key).map((step) => step?.status);
  const said = (key: string, step: string) => JSON.parse(transcript?.of(`${key}/${step}`).stdout ?? "");
  const leased = (key: string, step: string) => transcript?.of(`${key}/${step}`).stdout.match(/^10\.77.*$/gm);
  const chains = (key: string, step: string) => transcript?.of(`${key}/${step}`).stdout.match(/^:CNI-.*$/gm);

  need("a plain network lives and goes", () => {
    expect(statuses(`${form}-plain`)).toEqual([0, 0, 0, 0, 0, 0]);
    for (const step of ["left", "collected"]) expect(leased(`${form}-plain`, step)).toBeNull();
  });

  need.each(["masq", "masqiptables"])("iptables keeps the rules of %s, and all of them go", (kind) => {
    const key = `${form}-${kind}`;
    expect(statuses(key)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(chains(key, "rules")).toHaveLength(1);
    for (const step of ["left", "collected"]) expect([leased(key, step), chains(key, step)]).toEqual([null, null]);
  });

  need("a flush of them is noticed, and mended", () => {
    if (!transcript) return expect.unreachable();
    const key = `${form}-masq`;
    expect(said(key, "CHECK-flushed").msg).toContain("masquerading is broken");
    expect([transcript.of(`${key}/repair`).stdout, chains(key, "repair")]).toEqual([
      expect.stringContaining("put back"),
      chains(key, "rules"),
    ]);
  });

  need.each([
    ["macspoofchk", "spoof"],
    ["nf_tables asked for", "masqnftables"],
  ])("%s is refused by STATUS and ADD, and nothing stays", (_, kind) => {
    const key = `${form}-${kind}`;
    const steps = ["STATUS", "ADD", "DEL"].map((step) => transcript?.of(`${key}/${step}`).status);
    expect(steps).toEqual([1, 1, 0]);
    expect(said(key, "STATUS").code).toBe(50);
    for (const step of ["STATUS", "ADD"]) expect(JSON.stringify(said(key, step))).toContain("modprobe nf_tables");
    expect(leased(key, "left")).toBeNull();
  });
});

need("without iptables ipMasq is refused, saying what to install", () => {
  if (!transcript) return expect.unreachable();
  for (const step of ["STATUS", "ADD"]) {
    const { status, stdout } = transcript.of(`no-iptables-masq/${step}`);
    expect([status, stdout]).toEqual([1, expect.stringContaining("install an iptables")]);
    expect(transcript.of(`no-iptables-masqiptables/${step}`).status).toBe(1);
  }
  expect(transcript.of("no-iptables-masq/DEL").status).toBe(0);
  expect(transcript.of("no-iptables-masq/left").stdout).not.toContain("10.77");
});

need("leases live and go on vfat, the reference's beside ours", () => {
  if (!transcript) return expect.unreachable();
  const added = ["ADD-a", "ADD-b", "theirs"].map((key) => transcript.json(`vfat/${key}`).ips[0].address);
  expect(added).toEqual(["10.77.0.2/24", "10.77.0.3/24", "10.77.0.4/24"]);
  expect(transcript.of("vfat/again").stdout).toContain("duplicate allocation is not allowed");
  for (const key of ["CHECK-a", "DEL-a", "GC"])
    expect([key, transcript.of(`vfat/${key}`)]).toEqual([key, { status: 0, stdout: "" }]);
  const [b, c] = ["10.77.0.3:b", "10.77.0.4:c"].map((text) => `/fat/labnet/${text}`);
  expect(transcript.of("vfat/leases").stdout.split("\n")).toEqual(expect.arrayContaining([b, c]));
  expect(transcript.of("vfat/left").stdout.split("\n").sort()).toEqual([
    "",
    "/fat/labnet:",
    "/fat:",
    "labnet",
    "last_reserved_ip.0",
    "lock",
  ]);
});
