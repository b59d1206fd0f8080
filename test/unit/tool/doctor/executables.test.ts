import { expect, test } from "bun:test";
import { checkExecutables } from "../../../../src/tool/doctor/executables.ts";
import type { Executable, Facts } from "../../../../src/tool/doctor/facts.ts";

const missing = (type: string, elsewhere: string | undefined): Executable => ({
  type,
  path: undefined,
  elsewhere,
  canRun: false,
  kind: undefined,
  fits: false,
  isOurs: false,
  about: undefined,
  versions: undefined,
});

const facts = (elsewhere: string | undefined) =>
  ({
    places: { path: ["/x"], self: "/bin/berth" },
    directories: [{ path: "/x", isThere: false }],
    networks: [],
    executables: [missing("bridge", elsewhere), missing("flannel", undefined)],
  }) as unknown as Facts;

test("a CNI_PATH that leads nowhere: the directory that has the plugins", () => {
  const [finding] = checkExecutables(facts("/usr/lib/cni/bridge"));
  expect(finding?.mend[0]).toBe("export CNI_PATH=/usr/lib/cni");
});

test("the same where none has: what berth is itself goes there", () => {
  expect(checkExecutables(facts(undefined))[0]?.mend).toEqual(["mkdir -p /x", "cp /bin/berth /x/bridge"]);
});
