"""ask.py serve NAME PORT: answers each SCTP INIT to PORT by an INIT ACK whose cookie is NAME and whom it sees; "ready" when it listens.
ask.py ask PROBES SECONDS: [["tcp"|"udp"|"sctp", ADDRESS, PORT], ...], asked all at once: prints the answers, "refused" or "nothing", as JSON.
Packets of RFC 9260: a common header (ports, verification tag, CRC-32C) and one chunk."""
import itertools, json, os, select, socket, struct, sys, time

SCTP, INIT, INIT_ACK, COOKIE = 132, 1, 2, 7
IP_RECVERR, IPV6_RECVERR = 11, 25
OWN_PORTS = itertools.count(32768 + int.from_bytes(os.urandom(2), "big") % 28000)


def table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


TABLE = list(table())


def checksum(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


def packet(source, to, tag, kind, cookie=b""):
    own = struct.unpack("!I", os.urandom(4))[0] | 1
    body = struct.pack("!IIHHI", own, 65536, 1, 1, 1)
    if cookie:
        body += struct.pack("!HH", COOKIE, 4 + len(cookie)) + cookie + bytes(-len(cookie) % 4)
    rest = struct.pack("!BBH", kind, 0, 4 + len(body)) + body
    head = struct.pack("!HHI", source, to, tag)
    return head + checksum(head + bytes(4) + rest) + rest, own


def parsed(data):
    """Source, destination, tag, kind of chunk, its initiate tag and cookie; None for what is damaged."""
    if len(data) < 32 or checksum(data[:8] + bytes(4) + data[12:]) != data[8:12]:
        return None
    source, to, tag = struct.unpack("!HHI", data[:8])
    size = struct.unpack("!H", data[34:36])[0] if len(data) >= 36 else 4
    return source, to, tag, data[12], struct.unpack("!I", data[16:20])[0], data[36:32 + size]


def raw(family):
    return socket.socket(family, socket.SOCK_RAW, SCTP)


def tell_errors(s, family):
    """Has ICMP told, which raw sockets are not told of else."""
    level, option = (socket.SOL_IP, IP_RECVERR) if family == socket.AF_INET else (socket.IPPROTO_IPV6, IPV6_RECVERR)
    s.setsockopt(level, option, 1)


def payload(family, data):
    return data[(data[0] & 15) * 4:] if family == socket.AF_INET else data


def serve(name, port):
    sockets = {raw(family): family for family in (socket.AF_INET, socket.AF_INET6)}
    # In one piece: who waits for it reads once.
    os.write(1, b"ready\n")
    while True:
        for s in select.select(list(sockets), [], [])[0]:
            data, who = s.recvfrom(2000)
            got = parsed(payload(sockets[s], data))
            if got and got[1] == port and got[3] == INIT and got[2] == 0:
                s.sendto(packet(port, got[0], got[4], INIT_ACK, f"{name} {who[0]}".encode())[0], (who[0], 0))


class Asker:
    def __init__(self, protocol, address, port):
        self.answer, self.protocol, self.port = None, protocol, port
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            self.begin(address, port)
        except OSError:
            self.answer = "refused"

    def begin(self, address, port):
        if self.protocol == "sctp":
            self.socket, self.own = raw(self.family), next(OWN_PORTS)
            data, self.tag = packet(self.own, port, 0, INIT)
            tell_errors(self.socket, self.family)
            self.socket.connect((address, 0))
            self.socket.send(data)
        elif self.protocol == "udp":
            self.socket = socket.socket(self.family, socket.SOCK_DGRAM)
            self.socket.connect((address, port))
            self.socket.send(b"?")
        else:
            self.socket = socket.socket(self.family, socket.SOCK_STREAM)
            self.socket.setblocking(False)
            self.socket.connect_ex((address, port))
        self.socket.setblocking(False)

    def look(self):
        try:
            data = self.socket.recv(2000)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            self.answer = "refused"
            return
        except OSError as error:
            self.answer = str(error)
            return
        if self.protocol != "sctp":
            self.answer = data.decode()
            return
        got = parsed(payload(self.family, data))
        if got and got[0] == self.port and got[1] == self.own and got[2] == self.tag and got[3] == INIT_ACK:
            self.answer = got[5].decode()


def ask(probes, seconds):
    askers, end = [Asker(*probe) for probe in probes], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and (waiting := [a for a in askers if a.answer is None]):
        ready = select.select([a.socket for a in waiting], [], [a.socket for a in waiting], left)
        for asker in waiting:
            if asker.socket in ready[0] or asker.socket in ready[2]:
                asker.look()
    print(json.dumps([a.answer or "nothing" for a in askers]))


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
else:
    ask(json.loads(sys.argv[2]), float(sys.argv[3]))
