import { expect, test } from "bun:test";
import { readPattern } from "../../../../src/plugins/tuning/pattern.ts";

const MATCHES: [pattern: string, yes: string[], no: string[]][] = [
  ["net.ipv4.ip_forward", ["net.ipv4.ip_forward", "net/ipv4/ip_forward", "xnet.ipv4.ip_forwardx"], ["net.ipv4"]],
  ["^net\\.ipv4\\.conf\\.[a-z]+\\.arp_(filter|ignore)$", ["net.ipv4.conf.all.arp_filter"], ["net.ipv4.conf.all.arp_x"]],
  ["\\Anet\\/core\\-x\\z", ["net/core-x"], ["net/core-xx"]],
  ["^[]a]+$", ["]a]"], ["b"]],
  ["^[^]a]+$", ["b[b"], ["]"]],
  ["^[[a]\\d{2}x{,3}(?:b|c)?$", ["[12x{,3}c", "a34x{,3}"], ["b12x{,3}"]],
  ["^[\\w.\\-\\]]*?$", ["net.a-b]"], ["net/a"]],
];
test.each(MATCHES)("%s is read as Go reads it", (pattern, yes, no) => {
  const is = (text: string) => readPattern(pattern).test(text);
  expect([yes.filter(is), no.filter(is)]).toEqual([yes, []]);
});

test.each([
  "(?i)net",
  "(?P<n>x)",
  "(?=x)",
  "(?<!x)",
  "[[:alpha:]]",
  "\\pL",
  "\\Qx\\E",
  "\\1",
  "[\\b]",
  "x\\",
  "(",
  "a**",
])("%s, which the two do not read alike, is refused", (pattern) => {
  expect(() => readPattern(pattern)).toThrow(SyntaxError);
});
