/** The words that explain reads: aims, ports, and /proc/net's sockets. */
import { describe, expect, test } from "bun:test";
import { formatIp } from "../../../../src/base/ip.ts";
import { aimAway, parseAim, parsePort } from "../../../../src/tool/explain/aim.ts";
import { listeningIn } from "../../../../src/tool/explain/listen.ts";

const aim = (text: string): string | undefined => {
  const found = parseAim(text);
  return found && `${formatIp(found.to)} ${found.toPort} ${found.transport}`;
};

describe("parseAim()", () => {
  test.each([
    ["10.0.0.1", "10.0.0.1 443 tcp"],
    ["10.0.0.1:53/udp", "10.0.0.1 53 udp"],
    ["10.0.0.1/icmp", "10.0.0.1 443 icmp"],
    ["fd00::1", "fd00::1 443 tcp"],
    ["[fd00::1]:80", "fd00::1 80 tcp"],
    ["[fd00::1]", "fd00::1 443 tcp"],
  ])("reads %s", (text, wanted) => {
    expect(aim(text)).toBe(wanted);
  });

  test.each([
    "",
    "web",
    "10.0.0.1:0",
    "10.0.0.1:65536",
    "10.0.0.1:x",
    "10.0.0.256",
    "[fd00::1",
    "10.0.0.1/sctp",
    ":80",
  ])('refuses "%s"', (text) => {
    expect(parseAim(text)).toBeUndefined();
  });
});

test("parsePort() reads ports, tcp unless it is said", () => {
  expect(parsePort("8080")).toEqual({ port: 8080, transport: "tcp" });
  expect(parsePort(":53/udp")).toEqual({ port: 53, transport: "udp" });
  for (const text of ["", "0", "65536", "80/sctp", "http", "-1"]) expect(parsePort(text)).toBeUndefined();
});

test("aimAway() is of the family that is asked for", () => {
  expect(aimAway(new Uint8Array(16)).to).toHaveLength(16);
  expect(aimAway(undefined).to).toHaveLength(4);
});

describe("listeningIn()", () => {
  const line = (local: string, state: string) => `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000`;
  test("tells who waits for all, for 127.0.0.1 only, and nobody", () => {
    expect(listeningIn(line("00000000:0050", "0A"), "tcp", 80)).toBe("all");
    expect(listeningIn(line("0100007F:0050", "0A"), "tcp", 80)).toBe("loopback");
    expect(listeningIn(line("00000000000000000000000001000000:0050", "0A"), "tcp", 80)).toBe("loopback");
    expect(listeningIn([line("0100007F:0050", "0A"), line("00000000:0050", "0A")].join("\n"), "tcp", 80)).toBe("all");
    expect(listeningIn(line("00000000:0050", "01"), "tcp", 80)).toBe("nobody");
    expect(listeningIn(line("00000000:0051", "0A"), "tcp", 80)).toBe("nobody");
    expect(listeningIn(line("00000000:0035", "07"), "udp", 53)).toBe("all");
  });
});
