import { describe, expect, test } from "bun:test";
import { drive } from "../../../src/invoke/drive.ts";
import { listOfText } from "../../../src/invoke/list.ts";
import { loadFile, loadNamed } from "../../../src/invoke/load.ts";
import type { CniError } from "../../../src/spec/errors.ts";
import { failureOf, memoryHost, utf8 } from "./memory-host.ts";

function refused(text: string): string {
  try {
    listOfText(text);
  } catch (error) {
    return (error as CniError).text;
  }
  return "";
}

const PLUGINS = '"plugins":[{"type":"a"}]';

describe("listOfText()", () => {
  test("reads what a list says", () => {
    const text = `{"name":"n","cniVersion":"1.0.0","disableCheck":true,"disableGC":"TRUE","plugins":[{"type":"a","capabilities":{"x":true,"y":false}},{"type":"b","name":"own"}]}`;
    const { bytes, plugins, ...rest } = listOfText(text);
    expect(rest).toEqual({
      name: "n",
      cniVersion: "1.0.0",
      disableCheck: true,
      disableGC: true,
      loadOnlyInlinedPlugins: false,
    });
    expect(utf8(bytes)).toBe(text);
    expect(plugins.map(({ type, name, capabilities }) => ({ type, name, capabilities }))).toEqual([
      { type: "a", name: "", capabilities: { x: true, y: false } },
      { type: "b", name: "own", capabilities: {} },
    ]);
  });

  const versions = [
    ["", ""],
    ['"cniVersion":"9.9.9",', "9.9.9"],
    ['"cniVersion":"0.3.1","cniVersions":["0.4.0","1.0.0"],', "1.0.0"],
    ['"cniVersion":"1.0.0","cniVersions":["0.4.0","2.0.0"],', "1.0.0"],
    ['"cniVersion":"2.0.0","cniVersions":["3.0.0"],', "2.0.0"],
    ['"cniVersions":["0.4.0","1.1.0","0.10.0"],', "1.1.0"],
    ['"cniVersions":[],', ""],
  ] as const;
  for (const [said, wanted] of versions) {
    test(`of ${said || "no version"} takes "${wanted}"`, () => {
      expect(listOfText(`{${said}"name":"n",${PLUGINS}}`).cniVersion).toBe(wanted);
    });
  }

  const context = "error parsing configuration list: ";
  const refusals = [
    ["{", `${context}unexpected end of JSON input`],
    ["[]", `${context}json: cannot unmarshal array into Go value of type map[string]interface {}`],
    ["null", `${context}no name`],
    ['{"name":1}', `${context}invalid name type float64`],
    ['{"name":"n","cniVersion":[]}', `${context}invalid cniVersion type []interface {}`],
    ['{"name":"n","cniVersions":"1.0.0"}', `${context}invalid type for cniVersions: []interface {}`],
    ['{"name":"n","cniVersions":[1]}', `${context}invalid type for cniVersions index 0: float64`],
    ['{"name":"n","disableCheck":1}', `${context}invalid type float64 for disableCheck`],
    ['{"name":"n","disableGC":"Yes"}', `${context}invalid value "yes" for disableGC`],
    ['{"name":"n","plugins":{}}', `${context}invalid 'plugins' type map[string]interface {}`],
    ['{"name":"n","plugins":[]}', `${context}no plugins in list`],
    [
      '{"name":"n","loadOnlyInlinedPlugins":true}',
      `${context}\`loadOnlyInlinedPlugins\` is true, and no 'plugins' key`,
    ],
    ['{"name":"n","plugins":[{}]}', "failed to parse plugin config 0: error parsing configuration: missing 'type'"],
    [
      '{"name":"n","plugins":[{"type":"a"},{"type":1}]}',
      "failed to parse plugin config 1: error parsing configuration: json: cannot unmarshal number into Go struct field PluginConf.type of type string",
    ],
  ] as const;
  for (const [text, words] of refusals) test(`refuses ${text}`, () => expect(refused(text)).toBe(words));
});

const list = (name: string, rest = PLUGINS) => `{"name":"${name}","cniVersion":"1.0.0",${rest}}`;

describe("loadFile()", () => {
  test("appends the plugins in the directory of the network's name", () => {
    const files = {
      "/d/10.conflist": list("n"),
      "/d/n/b.conf": '{"type":"b"}',
      "/d/n/a.conf": '{"type":"c"}',
      "/d/n/x.json": "{",
      "/d/n/sub.conf/y": "{",
    };
    expect(drive(loadFile("/d/10.conflist"), memoryHost(files)).plugins.map(({ type }) => type)).toEqual([
      "a",
      "c",
      "b",
    ]);
    const inlined = { ...files, "/d/10.conflist": list("n", `"loadOnlyInlinedPlugins":true,${PLUGINS}`) };
    expect(drive(loadFile("/d/10.conflist"), memoryHost(inlined)).plugins).toHaveLength(1);
  });

  test("says what is missing", () => {
    const host = memoryHost({ "/d/a": '{"name":"n"}', "/d/n/b.conf": "{}" });
    expect(failureOf(loadFile("/x"), host)).toEqual({
      text: "error reading /x: open /x: no such file or directory",
      code: 5,
    });
    expect(failureOf(loadFile("/d/a"), host)?.text).toBe("error parsing configuration: missing 'type'");
    expect(failureOf(loadFile("/d/a"), memoryHost({ "/d/a": '{"name":"n"}' }))?.text).toBe("no plugin configs found");
  });
});

describe("loadNamed()", () => {
  const files = {
    "/d/20.conflist": list("n", '"plugins":[{"type":"second"}]'),
    "/d/10.conflist": list("n", '"plugins":[{"type":"first"}]'),
    "/d/05.conf": '{"name":"n","type":"single"}',
    "/d/06.json": '{"name":"m","cniVersion":"0.3.1","type":"single","<":1}',
  };

  test("takes lists before single plugins, and each by the name of its file", () => {
    const named = (name: string) => drive(loadNamed("/d", name), memoryHost(files));
    expect(named("n").plugins[0]?.type).toBe("first");
    const single = named("m");
    expect(single).toMatchObject({ cniVersion: "0.3.1", plugins: [{ type: "single", name: "m" }] });
    expect(utf8(single.bytes)).toBe(
      '{"cniVersion":"0.3.1","name":"m","plugins":[{"\\u003c":1,"cniVersion":"0.3.1","name":"m","type":"single"}]}',
    );
  });

  test("ends at a file before it that is invalid, and says when there is none", () => {
    const bad = { ...files, "/d/00.conflist": "{" };
    expect(failureOf(loadNamed("/d", "n"), memoryHost(bad))?.text).toStartWith("error parsing configuration list: ");
    expect(failureOf(loadNamed("/d", "x"), memoryHost(files))?.text).toBe('no net configuration with name "x" in /d');
    expect(failureOf(loadNamed("/e", "x"), memoryHost(files))?.text).toBe("no net configurations found in /e");
  });
});
