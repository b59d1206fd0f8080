/**
 * Network lists that runtimes ship (../shared/cases/conflists, INDEX.md there says whose), each made, used, checked and
 * deleted by berth's plugins and by the reference's, and compared: results, kernel, traffic, CHECK, what is left. The
 * comparison itself is ../shared/cases/chains.py. Of plugins that berth lacks yet, both sides have the reference's.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIN, type Need, REFERENCE } from "../support/needs.ts";

/** BERTH_CASES names another folder that has chains.py and conflists. */
export const CASES = process.env.BERTH_CASES ?? join(import.meta.dir, "../../../shared/cases");

export const cases: Need = {
  what: `chains.py and conflists in ${CASES} (BERTH_CASES names another folder)`,
  met: () => existsSync(join(CASES, "chains.py")) && Bun.which("python3") !== null,
};

/** What became of one list. */
export interface Comparison {
  /** "42-kubevirt-cnv". */
  readonly list: string;
  /** Neither side can run it: it needs a third party's daemon, or this kernel lacks something. */
  readonly unable: boolean;
  /** Those that nothing in EXPLAINED is about. */
  readonly unexplained: readonly string[];
  readonly explained: readonly string[];
  /** Milliseconds of all ADDs and DELs. */
  readonly ours: number;
  readonly theirs: number;
}

/** Differences that are meant: docs/differences.md. */
export const EXPLAINED: readonly (readonly [difference: RegExp, section: string])[] = [
  [/^left\/rules\/new: only reference: nft: .*(cni-br-iface-|macspoofchk-)/, "del-finds-the-port"],
  [/^left\/links\/new: only reference: .*"kind": "veth"/, "del-finds-the-port"],
  [/^check\[\d\]: reference False +ours True$/, "bridge-mac-pinned"],
  [/^(state\/host\/rules|left\/rules\/new): only ours: ip6?tables-save: .*CNI-PUBLISHED\b/, "firewall-published-ports"],
  [/^(state\/host\/rules|left\/rules\/new): only ours: nft: chain CNI-PUBLISHED \{$/, "firewall-published-ports"],
  [/^(state\/host\/rules|left\/rules\/new): only ours: nft: .*ct status dnat +counter /, "firewall-published-ports"],
  [/^left\/rules\/new: only reference: ip6?tables-save: -A CNI-ISOLATION-STAGE-\d .*-o /, "firewall-isolation-goes"],
  [
    /^left\/rules\/new: only reference: nft: (iifname \S+ )?oifname (!= )?\S+ +counter .*(drop|CNI-ISOLATION-STAGE-2)$/,
    "firewall-isolation-goes",
  ],
  [/^left\/files\/new: only reference: \/run\/cni\/tuning\/.*\.json$/, "tuning-state-goes"],
  // Where the ports lead to, and as whom a client is seen, is compared by traffic.
  [/^\S+\/rules\S*: only reference: .*CNI-(HOSTPORT|DN)-/, "portmap-nftables-by-default"],
  [
    /^\S+\/rules\S*: only reference: nft: .*(mark (or|&) 0x0*2000|dport \d+ counter packets N bytes N|dnat to \S+$)/,
    "portmap-nftables-by-default",
  ],
  [
    /^\S+\/rules\S*: only ours: nft: ((set|map|chain) (ports|addresses|waiting|holders|localnet|sources-\d+|hostports|prerouting|output) \{|comment "(host ports|containers with|port mappings)|type (mark|inet_proto|ifname|filter hook prerouting))/,
    "portmap-nftables-by-default",
  ],
  [
    /^\S+\/rules\S*: only ours: nft: (.*jump hostports$|dnat ip6? to .*map @|ct status dnat .*@sources-\d+ masquerade$|iifname @localnet |"vethX" \}$)/,
    "portmap-nftables-by-default",
  ],
];

/** What is meant to differ and has no section of its own: the text of docs/differences.md that says so. */
export const EXPLAINED_IN_WORDS: readonly (readonly [difference: RegExp, text: string])[] = [
  // The connection is refused, and does not hang.
  [/^traffic\/host -> \[::1\]:18080: reference 'FAIL TimeoutError' +ours 'FAIL ConnectionRefusedError'$/, "`[::1]`"],
];

const HEAD =
  /^(\S+)\.conflist: (\d+) differences, ADDs and DELs (\d+) ms, the reference's (\d+) ms( \(neither can.*)?$/;

/** Compares the lists whose names contain one of `words`; all without any. Throws when the comparison itself fails. */
export function compareLists(words: readonly string[]): Comparison[] {
  const bin = mkdtempSync(join(tmpdir(), "berth-lists-"));
  try {
    const ours = new Set(readdirSync(BIN));
    for (const name of readdirSync(REFERENCE)) if (!ours.has(name)) symlinkSync(join(REFERENCE, name), join(bin, name));
    for (const name of ours) symlinkSync(join(BIN, name), join(bin, name));
    const folder = join(CASES, "conflists");
    const { stdout, stderr } = Bun.spawnSync(["python3", join(CASES, "chains.py"), bin, REFERENCE, folder, ...words]);
    const comparisons = parse(stdout.toString().split("\n"));
    if (!stdout.includes(`\n${comparisons.length} lists: `)) throw new Error(`chains.py failed: ${stdout}${stderr}`);
    return comparisons;
  } finally {
    rmSync(bin, { recursive: true });
  }
}

function parse(lines: readonly string[]): Comparison[] {
  return lines.flatMap((line, i) => {
    const [, list, count, ours, theirs, unable] = HEAD.exec(line) ?? [];
    if (list === undefined) return [];
    const differences = lines.slice(i + 1, i + 1 + Number(count)).map((text) => text.trim());
    const isExplained = (difference: string) =>
      [...EXPLAINED, ...EXPLAINED_IN_WORDS].some(([pattern]) => pattern.test(difference));
    return {
      list,
      unable: unable !== undefined,
      unexplained: differences.filter((difference) => !isExplained(difference)),
      explained: differences.filter(isExplained),
      ours: Number(ours),
      theirs: Number(theirs),
    };
  });
}
