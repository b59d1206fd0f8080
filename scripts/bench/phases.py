#!/usr/bin/env python3
"""Where the time of an ADD and of a DEL goes, by phase: phases.py BIN_DIR [CALLS].

The kernel's own trace points (perf, root) tell when each system call begins and ends; berth itself is not slowed by a
tracer that stops it. A phase ends at a system call that only its end can make. Prints medians in microseconds: of the
phase, of its part in system calls, and their number. Runs in namespaces of its own.
"""
import collections, json, os, re, statistics, subprocess, sys, tempfile

READ, WRITE, OPEN, SOCKET, FCNTL, FLOCK, EXIT = 0, 1, 2, 41, 72, 73, 231
NETFILTER = "c"  # socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)

# (name, whether this system call is the first of the next phase), in the order of a call.
ADD = [
    ("process start (exec, libc)", lambda nr, a: True),
    ("memory reserved at once", lambda nr, a: nr == FCNTL),
    ("engine and core bundle", lambda nr, a: nr == READ and a[0] == "0"),
    ("stdin, protocol, network configuration", lambda nr, a: nr == OPEN),
    ("plan, delegate, bundle host-local", lambda nr, a: nr == FLOCK),
    ("lock and lease", lambda nr, a: nr == SOCKET),
    ("links, addresses, routes", lambda nr, a: nr == SOCKET and a[2] == NETFILTER or nr == WRITE and a[0] == "1"),
    ("rules", lambda nr, a: nr == WRITE and a[0] == "1"),
    ("print", lambda nr, a: nr == EXIT),
    ("exit", lambda nr, a: False),
]


# Its order is the other way round: what is there is taken away before its addresses are free.
DEL = [
    *ADD[:3],
    ("stdin, protocol, network configuration", lambda nr, a: nr == SOCKET),
    ("rules, then links", lambda nr, a: nr == FLOCK),
    ("lock and lease", lambda nr, a: nr == EXIT),
    ("exit", lambda nr, a: False),
]


def record(bindir, calls, masquerade, directory):
    conf = {"cniVersion": "1.0.0", "name": "phases", "type": "bridge", "bridge": "lab0", "isGateway": True, "ipMasq": masquerade,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.77.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}],
                     "dataDir": directory + "/store"}, "berth": {"indexDir": directory + "/index"}}
    with open(directory + "/conf", "w") as f: json.dump(conf, f)
    host, containers = f"ph{os.getpid()}", [f"pc{os.getpid()}-{i}" for i in range(4)]
    script = f"""export CNI_IFNAME=eth0 CNI_PATH={bindir}
for i in $(seq {calls}); do export CNI_CONTAINERID=$(printf %064d $i) CNI_NETNS=/run/netns/pc{os.getpid()}-$((i % 4))
for v in ADD DEL; do CNI_COMMAND=$v {bindir}/bridge < {directory}/conf >/dev/null; done; done"""
    for ns in [host, *containers]: subprocess.run(["ip", "netns", "add", ns], check=True)
    try:
        events = [x for e in ("raw_syscalls:sys_enter", "raw_syscalls:sys_exit", "sched:sched_process_exec", "sched:sched_process_exit") for x in ("-e", e)]
        subprocess.run(["ip", "netns", "exec", host, "perf", "record", "-q", *events, "-o", directory + "/perf", "bash", "-c", script],
                       check=True, stderr=subprocess.DEVNULL)
    finally:
        for ns in [host, *containers]: subprocess.run(["ip", "netns", "del", ns])
    return subprocess.run(["perf", "script", "-i", directory + "/perf", "--comm", "bridge", "-F", "pid,time,event,trace"],
                          check=True, capture_output=True, text=True).stdout


def processes(text):
    """Lists of (time in us, kind, number, arguments) by process."""
    found = collections.defaultdict(list)
    for line in text.splitlines():
        m = re.match(r"\s*(\d+)\s+([\d.]+):\s+\w+:(\w+): (?:NR (\d+) (?:\((.*)\)|= (-?\d+)))?", line)
        if m: found[m[1]].append((float(m[2]) * 1e6, m[3], int(m[4]) if m[4] else None, (m[5] or "").split(", ")))
    return list(found.values())


def phases(events, order):
    """(us, us in system calls, number of them) by phase; None of a process that was not seen from exec to exit."""
    start = next((i for i, e in enumerate(events) if e[1] == "sched_process_exec"), None)
    if start is None or events[-1][1] != "sched_process_exit": return None
    begin, phase, out, entered = events[start][0], 0, {}, None
    inside = calls = 0
    for at, kind, nr, args in events[start + 1:]:
        if kind == "sys_enter":
            if order[phase][1](nr, args):
                out[order[phase][0]] = (at - begin, inside, calls)
                # Without rules, the phase before them ends at what ends theirs.
                skip = order[phase + 1][0] == "rules" and nr == WRITE
                phase, begin, inside, calls = phase + 1 + skip, at, 0, 0
            entered, calls = at, calls + 1
        elif kind == "sys_exit" and entered is not None: inside, entered = inside + at - entered, None
    out[order[phase][0]] = (events[-1][0] - begin, inside, calls)
    return out


def table(name, order, runs):
    print(f"\n{name}, {len(runs)} calls\n\n| phase | us | of it in system calls | system calls |\n| --- | --- | --- | --- |")
    for phase, _ in order:
        rows = [r[phase] for r in runs if phase in r]
        if rows: print("| " + " | ".join([phase, *(f"{statistics.median(c):,.0f}" for c in zip(*rows))]) + " |")
    sums = [[sum(c) for c in zip(*r.values())] for r in runs]
    print("| **all** | " + " | ".join(f"{statistics.median(c):,.0f}" for c in zip(*sums)) + " |")


if __name__ == "__main__":
    bindir, calls = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    for masquerade in (False, True):
        with tempfile.TemporaryDirectory() as directory:
            found = processes(record(bindir, calls, masquerade, directory))
        for verb, order in (("ADD", ADD), ("DEL", DEL)):
            # Only an ADD prints; the first calls make the bridge.
            mine = [e for e in found if any(x[1:3] == ("sys_enter", WRITE) and x[3][0] == "1" for x in e) == (verb == "ADD")]
            table(verb + (" with ipMasq" if masquerade else ""), order, [r for r in (phases(e, order) for e in mine) if r][3:])
