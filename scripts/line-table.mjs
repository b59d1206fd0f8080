// Source maps (ECMA-426) -> line tables: text from which src/sys/lines.ts finds the TypeScript line of a generated line.
// A table has a section for each generated file, and in it a row for each stretch of a source:
//
//   =core.js                   the file, as stack frames name it
//   src/base/ip.ts 24X0140     a source, and numbers; one without a folder is in the folder of the row before
//
// The first number is how many generated lines are passed over since the row before, or the file's beginning. Then come two for
// each run of lines that follow each other in both: how many source lines are passed over since the run before, or since line 1,
// and how many more lines the run has. Lines that are passed over belong to the line before them.
//
// A number is written as in a source map, five bits a digit, the lowest first, the lowest of all the sign, 32 where more follow;
// but a digit is the character with its code from "0" on.

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The numbers of one base64 VLQ segment. */
function decode(segment) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = BASE64.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit < 32) {
      numbers.push(value & 1 ? -(value >> 1) : value >> 1);
      value = 0;
      shift = 0;
    }
  }
  return numbers;
}

/**
 * `[generated, source index, source line]`, lines from 1, of each generated line of `code` that has a mapping: the one of its first
 * word. (esbuild has one for the blanks before, too, which is that of the line before where the word is a brace.)
 */
function lineMappings(mappings, code) {
  const lines = code.split("\n");
  const found = [];
  let source = 0;
  let line = 0;
  for (const [index, segments] of mappings.split(";").entries()) {
    const word = lines[index].search(/\S/);
    let column = 0;
    let mapping;
    for (const segment of segments.split(",")) {
      const [columnDelta = 0, sourceDelta, lineDelta] = decode(segment);
      column += columnDelta;
      if (lineDelta === undefined) continue;
      source += sourceDelta;
      line += lineDelta;
      if (mapping === undefined || column <= word) mapping = [index + 1, source, line + 1];
    }
    if (mapping) found.push(mapping);
  }
  return found;
}

/** A number, as tables have it. */
function encode(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    text += String.fromCharCode(48 + (rest & 31) + (rest > 31 ? 32 : 0));
    rest >>= 5;
  } while (rest > 0);
  return text;
}

/** `{ source, generated, line, extra }` by source index and runs of lines: the first line of each, and how many more. */
function runsOf(mappings, code) {
  const runs = [];
  for (const [generated, source, line] of lineMappings(mappings, code)) {
    const last = runs.at(-1);
    const next = last && last.generated + last.extra + 1 === generated && last.line + last.extra + 1 === line;
    if (next && last.source === source) last.extra += 1;
    else runs.push({ source, generated, line, extra: 0 });
  }
  return runs;
}

/** A source's path, without its folder where that is the one before. */
function short(path, before) {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return folder !== "" && before?.startsWith(folder) && !before.slice(folder.length).includes("/")
    ? path.slice(folder.length)
    : path;
}

/** The section of one generated file, of its code and its source map. `rename` makes a source's path what a reader expects. */
export function lineTable(file, code, map, rename) {
  let text = `=${file}`;
  let path;
  let source;
  // The lines after the run before.
  let [generated, line] = [1, 1];
  for (const run of runsOf(map.mappings, code)) {
    if (run.source !== source) {
      const renamed = rename(map.sources[run.source]);
      text += `\n${short(renamed, path)} ${encode(run.generated - generated)}`;
      [path, source, line] = [renamed, run.source, 1];
    } else {
      for (; generated < run.generated; generated++) text += encode(-1) + encode(0);
    }
    text += encode(run.line - line) + encode(run.extra);
    [generated, line] = [run.generated + run.extra + 1, run.line + run.extra + 1];
  }
  return `${text}\n`;
}
