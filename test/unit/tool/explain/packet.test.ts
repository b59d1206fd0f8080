/** The packet that explain sends: its checksums by RFC 1071, its mark, and how it is read again. */
import { describe, expect, test } from "bun:test";
import { type Ip, parseIp } from "../../../../src/base/ip.ts";
import { flowOf, isMarked, type Probe, packetOf, protocolOf } from "../../../../src/tool/explain/packet.ts";

const ip = (text: string): Ip => parseIp(text) ?? expect.unreachable();
const mark = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);

const PROBES: Probe[] = (["tcp", "udp", "icmp"] as const).flatMap((transport) => [
  { from: ip("10.9.0.2"), to: ip("8.8.8.8"), transport, fromPort: 50_000, toPort: 443, mark },
  { from: ip("fd00::2"), to: ip("2001:db8::1"), transport, fromPort: 50_000, toPort: 443, mark },
]);

/** RFC 1071, by words: what is right sums up to all ones. */
function sums(...parts: Uint8Array[]): number {
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  const view = new DataView(bytes.buffer);
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += view.getUint16(at);
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return total;
}

describe.each(PROBES)("packetOf() of $transport", (probe) => {
  const size = probe.from.length === 4 ? 20 : 40;
  const packet = packetOf(probe);
  const [network, transport] = [packet.subarray(0, size), packet.subarray(size)];

  test("has right checksums", () => {
    if (size === 20) expect(sums(network)).toBe(0xffff);
    const bare = probe.transport === "icmp" && size === 20;
    const pseudo = [probe.from, probe.to, Uint8Array.of(0, protocolOf(probe), 0, transport.length)];
    expect(sums(transport, ...(bare ? [] : pseudo))).toBe(0xffff);
  });

  test("is as long as its header says, and of its protocol", () => {
    const view = new DataView(packet.buffer);
    expect(size === 20 ? view.getUint16(2) : view.getUint16(4) + 40).toBe(packet.length);
    expect(packet[size === 20 ? 9 : 6]).toBe(protocolOf(probe));
  });

  test("is read again, with its mark", () => {
    const ports = probe.transport === "icmp" ? { fromPort: 0, toPort: 0 } : { fromPort: 50_000, toPort: 443 };
    expect(flowOf(network, transport, probe.transport)).toEqual({ from: probe.from, to: probe.to, ...ports });
    expect(isMarked(transport, probe)).toBe(true);
    expect(isMarked(transport, { ...probe, mark: Uint8Array.of(1, 2, 3, 4) })).toBe(false);
    expect(isMarked(transport.subarray(0, 6), probe)).toBe(false);
  });
});
