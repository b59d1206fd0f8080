/** What an ADD does where something is in its way, over the fake host. */
import { describe, expect, test } from "bun:test";
import { EINVAL, EOPNOTSUPP, EPERM } from "../../../../src/base/errno.ts";
import { type Mac, parseMac } from "../../../../src/base/mac.ts";
import { add } from "../../../../src/plugins/bridge/add.ts";
import { addBridge, deleteLink } from "../../../../src/rtnl/link.ts";
import type { CniError } from "../../../../src/spec/errors.ts";
import { executables } from "../../../support/executables.ts";
import { type FakeHost, fakeHost } from "../../../support/fakehost.ts";
import { refusal } from "../../../support/refusal.ts";
import { adding, expectNothingLeft, FULL, words } from "./added.ts";
import { bridgeCall } from "./call.ts";

const run = adding();

test("add() asks a foreign IPAM plugin once the link exists, and removes the link when it refuses", () => {
  using foreign = executables();
  foreign.script("ipam", `echo '{"code": 11, "msg": "no lease"}'; exit 1`);
  const host = fakeHost();
  const call = bridgeCall({ conf: FULL, env: { CNI_PATH: foreign.dir } });
  const { code, message } = refusal(() => add(call, host));
  expect([code, message]).toEqual([11, "no lease"]);
  expect(words(host.log).slice(-2)).toEqual([
    "host: ip link add veth1fadeca3 address MAC master br0 type veth peer name eth0 address MAC netns /run/netns/ctr",
    "host: ip link del veth1fadeca3",
  ]);
  expectNothingLeft(host);
});

describe("add() on a name that is taken", () => {
  const taken = (alias: string) => (host: FakeHost) => void host.put({ name: "veth1fadeca3", kind: "veth", alias });

  test("by another's link, takes a random one", () => {
    const { host, outcome } = run(FULL, {}, { prepare: taken("berth:net/c9/eth0") });
    const name = outcome?.result.interfaces[1]?.name;
    expect(name).toMatch(/^veth[0-9a-f]{8}$/);
    expect(name).not.toBe("veth1fadeca3");
    expect(host.findLink(name ?? "")?.alias).toBe("berth:net/c1/eth0");
    expect(host.findLink("veth1fadeca3")?.alias).toBe("berth:net/c9/eth0");
  });

  test("in the container, fails and leaves that one alone", () => {
    const { host, thrown } = run(
      FULL,
      {},
      {
        prepare: (host) =>
          host.openSandbox("").attempt([addBridge({ name: "eth0", mac: parseMac("02:00:00:00:00:09") as Mac })]),
      },
    );
    expect((thrown as CniError).message).toBe(
      'container veth name ("eth0") peer provided ("veth1fadeca3") already exists',
    );
    expect((thrown as CniError).details).toContain("a bridge that is no veth");
    expect(host.inside()).toEqual(["eth0"]);
    expect(host.log.at(-1)).toBe("ipam DEL");
  });
});

test("add() fails when the port does not come up, and says in which state it is", () => {
  // A kernel that takes "up" and does not follow.
  const { host, thrown } = run(FULL, { refuses: (effect) => (/veth\w+ alias .* up /.test(effect) ? 0 : undefined) });
  expect((thrown as CniError).message).toBe("bridge port in error state: down");
  expectNothingLeft(host);
});

test("add() asks whether the container has ended when its interface goes before its port is up", () => {
  const at: { host?: FakeHost } = {};
  const refuses = (effect: string) => {
    if (effect.includes("addrgenmode none")) at.host?.attempt([deleteLink("veth1fadeca3")]);
    return undefined;
  };
  const prepare = (host: FakeHost) => {
    at.host = host;
  };
  const { message, details } = run(FULL, { refuses }, { prepare }).thrown as CniError;
  expect(message).toBe("bridge port in error state: gone");
  expect(details).toBe("veth1fadeca3 was removed during ADD: has the container ended?");
});

test.each([
  [EPERM, "root"],
  [EOPNOTSUPP, "modprobe veth"],
  [EINVAL, "was br0 deleted meanwhile?"],
])("add() says what helps when the pair cannot be made (errno %d)", (errno, remedy) => {
  const { host, thrown } = run(FULL, { refuses: (effect) => (effect.includes("type veth") ? errno : undefined) });
  const { message, details } = thrown as CniError;
  expect(message).toMatch(
    /^failed to make veth pair for "eth0": ip link add veth1fadeca3 .* master br0 type veth peer /,
  );
  expect(details).toContain(remedy);
  expectNothingLeft(host);
});

describe("add() interrupted right after an effect, before its answer, takes it back:", () => {
  const interruptAt = (effect: RegExp) => {
    const { host, thrown } = run(FULL, { interrupts: (text) => effect.test(text) });
    expect(thrown).toMatchObject({ signal: "SIGTERM" });
    expectNothingLeft(host);
  };

  test("the rules", () => interruptAt(/^masquerade add/));

  test("the veth pair", () => interruptAt(/type veth/));
});
