import { expect, test } from "bun:test";
import { Explained } from "../../../../src/base/explained.ts";
import { wordsOf } from "../../../../src/service/bun/words.ts";

const of = (line: string) => wordsOf(line === "" ? [] : line.split(" "));

test("berthd's command line", () => {
  expect(of("run")).toEqual({ command: "run", config: undefined, node: undefined, mode: "stay" });
  expect(of("run --once --config /c")).toEqual({ command: "run", config: "/c", node: undefined, mode: "once" });
  expect(of("run --node n1").node).toBe("n1");
  expect(of("run --config=/c --dry-run").mode).toBe("dry-run");
  expect(of("cleanup --config /c")).toEqual({ command: "cleanup", config: "/c", node: undefined, mode: "stay" });
  for (const line of ["version", "--version", "run --version"]) expect(of(line).command).toBe("version");
  for (const line of ["help", "--help", "-h", "run --help"]) expect(of(line).command).toBe("help");
});

test.each([
  ["", /a command is missing/],
  ["start", /there is no command "start"/],
  ["run all", /"all" is one word too many/],
  ["run --onse", /Unknown option '--onse'$/],
  ["run --config", /--config/],
  ["run --node=", /--node is empty/],
  ["run --once --dry-run", /exclude each other/],
  ["cleanup --once", /--once is an option of run alone/],
])("%p is refused by the word that is wrong", (line, message) => {
  expect(() => of(line)).toThrow(Explained);
  expect(() => of(line)).toThrow(message);
});
