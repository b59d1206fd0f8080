import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addList } from "../../../src/invoke/add.ts";
import { cachedAttachments } from "../../../src/invoke/cache.ts";
import { delList } from "../../../src/invoke/del.ts";
import { drive } from "../../../src/invoke/drive.ts";
import { listOfText } from "../../../src/invoke/list.ts";
import { loadNamed } from "../../../src/invoke/load.ts";
import type { CniError } from "../../../src/spec/errors.ts";
import { systemHost } from "../../../src/tool/invoke-driver.ts";
import { executables } from "../../support/executables.ts";

const ATTACHMENT = { containerId: "c1", netns: "/run/netns/c1", ifname: "eth0" };
const LIST = listOfText('{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"}]}');
const quiet = systemHost({ warn: () => {} });

test("runs plugins, passes on what they say, and keeps the cache as libcni does", () => {
  using path = executables();
  const cache = join(path.dir, "cache/below");
  path.script(
    "a",
    `env > ${path.dir}/$CNI_COMMAND; cat > ${path.dir}/stdin; echo hint >&2; echo '{"cniVersion":"1.0.0"}'`,
  );
  const warnings: string[] = [];
  const host = systemHost({ warn: (text) => void warnings.push(text) });
  const setting = { path: ["/nowhere", path.dir], cacheDirectory: cache };
  expect(drive(addList(LIST, ATTACHMENT, setting), host)).toEqual({ cniVersion: "1.0.0" });
  expect(warnings).toEqual(["hint\n"]);
  const env = readFileSync(join(path.dir, "ADD"), "utf8");
  expect(env).toContain(`CNI_PATH=/nowhere:${path.dir}\n`);
  expect(env).toContain("CNI_NETNS=/run/netns/c1\n");
  expect(readFileSync(join(path.dir, "stdin"), "utf8")).toBe('{"cniVersion":"1.0.0","name":"n","type":"a"}');
  expect(drive(cachedAttachments(setting), host)).toHaveLength(1);
  expect(statSync(join(cache, "results/n-c1-eth0")).mode & 0o777).toBe(0o600);
  expect(statSync(join(cache, "results")).mode & 0o777).toBe(0o700);
  drive(delList(LIST, ATTACHMENT, setting), host);
  expect(existsSync(join(cache, "results/n-c1-eth0"))).toBe(false);
});

test("says how a plugin ended, and kills one that takes too long", () => {
  using path = executables();
  const setting = { path: [path.dir], cacheDirectory: path.dir };
  const failure = (host = quiet): string => {
    try {
      drive(addList(LIST, ATTACHMENT, setting), host);
    } catch (error) {
      return (error as CniError).text.replace('plugin type="a" failed (add): ', "");
    }
    return "";
  };
  path.script("a", "kill -9 $$");
  expect(failure()).toBe("netplugin failed with no error message: signal: killed");
  path.script("a", "echo wrong >&2; exit 3");
  expect(failure()).toBe('netplugin failed: "wrong\\n": exit status 3');
  path.script("a", "exec sleep 9");
  expect(failure(systemHost({ warn: () => {}, timeout: 50 }))).toContain("no answer within 50 ms");
  writeFileSync(join(path.dir, "a"), "", { mode: 0o644 });
  rmSync(join(path.dir, "a"));
  writeFileSync(join(path.dir, "a"), "text", { mode: 0o644 });
  expect(failure()).toBe(`netplugin failed with no error message: fork/exec ${path.dir}/a: permission denied`);
});

test("reads directories: links to files are files, links to directories are no directories", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-lists-"));
  mkdirSync(join(directory, "10-sub.conflist"));
  writeFileSync(join(directory, "real"), new TextDecoder().decode(LIST.bytes));
  symlinkSync("real", join(directory, "20.conflist"));
  expect(drive(loadNamed(directory, "n"), quiet).plugins).toHaveLength(1);
  symlinkSync("10-sub.conflist", join(directory, "15.conflist"));
  expect(() => drive(loadNamed(directory, "n"), quiet)).toThrow(
    /^error reading .*15.conflist: read .*: is a directory$/,
  );
  rmSync(directory, { recursive: true });
});
