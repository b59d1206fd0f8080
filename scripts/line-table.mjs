// Source maps (ECMA-426) -> line tables: text from which src/sys/lines.ts finds the TypeScript line of a
// generated line. A table has one section for each generated file:
//
//   =core.js                         the file, as stack frames name it
//   src/base/ip.ts 1:12+3 5:20      generated lines 1 to 4 are source lines 12 to 15, line 5 is line 20
//
// Lines between two entries belong to the entry before.

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

/** `[generated, source index, source line]`, lines from 1, of the first mapping on each generated line. */
function firstMappings(mappings) {
  const found = [];
  let source = 0;
  let line = 0;
  for (const [index, segments] of mappings.split(";").entries()) {
    let first = true;
    for (const segment of segments.split(",")) {
      const [, sourceDelta, lineDelta] = decode(segment);
      if (lineDelta === undefined) continue;
      source += sourceDelta;
      line += lineDelta;
      if (first) found.push([index + 1, source, line + 1]);
      first = false;
    }
  }
  return found;
}

/** The section of one generated file. `rename` makes a source's path what a reader expects. */
export function lineTable(file, map, rename) {
  let text = `=${file}`;
  let run;
  for (const [generated, source, line] of firstMappings(map.mappings)) {
    const next = run && run.generated + run.extra + 1 === generated && run.line + run.extra + 1 === line;
    if (next && run.source === source) {
      run.extra += 1;
      continue;
    }
    text += finished(run);
    if (run?.source !== source) text += `\n${rename(map.sources[source])}`;
    run = { generated, source, line, extra: 0 };
  }
  return `${text}${finished(run)}\n`;
}

function finished(run) {
  if (run === undefined) return "";
  return ` ${run.generated}:${run.line}${run.extra > 0 ? `+${run.extra}` : ""}`;
}
