/** ADD killed in the middle, and then DEL: nothing is left. */
import { expect } from "bun:test";
import type { Script } from "../support/vm/script.ts";
import type { Feature, Seen } from "./feature.ts";
import { conf, netns, prepare, SIDES, type Side } from "./sides.ts";

const KEY = "kill";
/** How many ADDs are killed, at as many moments of the first half of the time that one takes with what is around it. */
const TRIALS = 8;

const OVER = { ipMasq: true, ipMasqBackend: "nftables" };
const IPAM = { dataDir: `/var/${KEY}-SIDE`, ranges: [[{ subnet: "10.77.0.0/24" }]] };
const PLAIN = JSON.stringify(conf(KEY, { ...OVER, ipam: { type: "host-local", ...IPAM } }));
/** With an IPAM plugin which, once it has leased an address, kills who called it. */
const KILLED = JSON.stringify(conf(KEY, { ...OVER, ipam: { type: "killer", ...IPAM } }));

const KILLER = `for side in ${SIDES.join(" ")}; do
cat >/$side/killer <<END
#!/bin/sh
[ \\$CNI_COMMAND = ADD ] || exec /$side/host-local
/$side/host-local >/var/leased
kill -9 \\$PPID
END
chmod 755 /$side/killer
done`;

/** Functions for sh. What an ADD may leave is in what "remains" prints. */
const functions = (side: Side) => `
remains() {
  for ns in ${netns(KEY, side)} ${netns(KEY, side, "a")}; do
    ip -n $ns -o link show | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/'
  done
  ls /var/${KEY}-${side}/labnet | grep '^10'
  nsenter --net=/run/netns/${netns(KEY, side)} /bin/nft list ruleset | grep '10\\.77\\.0\\.[2-9]'
  return 0
}
# call VERB CONFIGURATION
call() {
  printf '%s' "$2" | sed s/SIDE/${side}/g >/var/stdin
  (plugin ${side} $1 ${KEY} a bridge </var/stdin)
}
# after CONFIGURATION STATUS: what ADD's status was, DEL's, and whether all is as it was before them.
after() {
  call DEL "$1" >/var/answer
  printf 'ADD %d DEL %d ' $2 $?
  remains >/var/now
  cmp -s /var/before-${side} /var/now && echo clean || { echo left; cat /var/now /var/answer; }
}
now() { cut -d' ' -f1 /proc/uptime | tr -d .; }
`;

/** An ADD undisturbed, which makes the bridge, and what there is after its DEL. */
const calm = (side: Side) => `${functions(side)}
call ADD '${PLAIN}' && call DEL '${PLAIN}' || exit
remains >/var/before-${side}`;

const byIpam = (side: Side) => `${functions(side)}
call ADD '${KILLED}' >/dev/null
after '${KILLED}' $?`;

/** After one more that is undisturbed, to see how long it takes, in hundredths of a second. */
const inTime = (side: Side) => `${functions(side)}
from=$(now)
call ADD '${PLAIN}' >/dev/null || exit
took=$(($(now) - from))
call DEL '${PLAIN}' || exit
printf '%s' '${PLAIN}' | sed s/SIDE/${side}/g >/var/adding
for trial in $(seq ${TRIALS}); do
  pause=$((took * 10000 * trial / ${2 * TRIALS}))
  (plugin ${side} ADD ${KEY} a bridge </var/adding >/dev/null) &
  usleep $pause
  kill -9 $! 2>/dev/null
  wait $!
  after '${PLAIN}' $?
done`;

function steps(all: Script): void {
  all.step(`${KEY}/killer`, KILLER);
  for (const side of SIDES) {
    prepare(all, side, { key: KEY, confs: { a: conf(KEY, {}) } });
    all.step(`${KEY}/${side}/calm`, calm(side));
    all.step(`${KEY}/${side}/ipam`, byIpam(side));
    if (side === "berth") all.step(`${KEY}/${side}/time`, inTime(side));
  }
}

/** The lines of "after"; the shell says "Killed" among them. */
const lines = (stdout: string) => stdout.split("\n").filter((line) => line !== "Killed");

function tests({ test, of }: Seen): void {
  test.each(SIDES.map((side) => [side]))("%s: killed by its IPAM plugin", (side) => {
    expect(of(`${KEY}/${side}/calm`).status).toBe(0);
    expect(lines(of(`${KEY}/${side}/ipam`).stdout)).toEqual(["ADD 137 DEL 0 clean"]);
  });

  test("killed at any moment", () => {
    const all = lines(of(`${KEY}/berth/time`).stdout);
    expect(all.map((line) => line.replace(/^ADD (137|0) /, ""))).toEqual(Array(TRIALS).fill("DEL 0 clean"));
    expect(all).toContain("ADD 137 DEL 0 clean");
  });
}

export const kill: Feature = { title: "ADD killed, then DEL", steps, tests };
