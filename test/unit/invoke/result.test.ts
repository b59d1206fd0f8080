import { describe, expect, test } from "bun:test";
import { resultAs } from "../../../src/invoke/result-convert.ts";
import { encodeResult, resultOfText } from "../../../src/invoke/result-read.ts";

const through = (text: string, version: string) => encodeResult(resultAs(resultOfText(text), version));

describe("results pass as libcni passes them", () => {
  const cases = [
    [
      "1.x: sorted, unknown members and empty ones dropped",
      '{"cniVersion":"1.0.0","x":1,"interfaces":[{"sandbox":"","mtu":1500,"mac":"AA:bb","name":"e"}],"dns":{},"routes":[]}',
      '{"cniVersion":"1.0.0","interfaces":[{"mac":"AA:bb","mtu":1500,"name":"e"}]}',
    ],
    [
      "0.3.0 to 0.4.0: in their order, dns always, version as given",
      '{"dns":{"domain":"d"},"ips":[{"address":"2001:DB8::1/64","version":"4","interface":0,"gateway":""}],"cniVersion":"0.4.0"}',
      '{"cniVersion":"0.4.0","ips":[{"version":"4","interface":0,"address":"2001:db8::1/64"}],"dns":{"domain":"d"}}',
    ],
    [
      "0.2.0: routes with all that they have",
      '{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24","routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1","mtu":9,"table":0}]}}',
      '{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24","routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1","mtu":9,"table":0}]},"dns":{}}',
    ],
    [
      "what nobody gave, as Go writes it",
      '{"cniVersion":"1.0.0","ips":[{},null],"routes":[{}],"interfaces":[{}]}',
      '{"cniVersion":"1.0.0","interfaces":[{"name":""}],"ips":[{"address":"\\u003cnil\\u003e"},null],"routes":[{"dst":"\\u003cnil\\u003e"}]}',
    ],
  ] as const;
  for (const [what, text, wanted] of cases) {
    test(what, () => expect(encodeResult(resultOfText(text))).toBe(wanted));
  }
});

describe("resultAs()", () => {
  const modern =
    '{"cniVersion":"1.1.0","interfaces":[{"name":"e","mtu":1}],"ips":[{"address":"10.1.2.3/24","gateway":"10.1.2.1","interface":0},{"address":"10.1.2.4/24"},{"address":"2001:db8::1/64"}],"routes":[{"dst":"::/0","mtu":5},{"dst":"0.0.0.0/0","gw":"10.1.2.1"}]}';
  const cases = [
    [modern, "1.0.0", modern.replace('{"cniVersion":"1.1.0"', '{"cniVersion":"1.0.0"')],
    [
      modern,
      "0.2.0",
      '{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1","routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1"}]},"ip6":{"ip":"2001:db8::1/64","routes":[{"dst":"::/0"}]},"dns":{}}',
    ],
    [
      '{"ip6":{"ip":"2001:db8::1/64"}}',
      "0.3.0",
      '{"cniVersion":"0.3.0","ips":[{"version":"6","address":"2001:db8::1/64"}],"dns":{}}',
    ],
    ['{"cniVersion":"0.3.0"}', "", "cannot convert: no valid IP addresses"],
    ['{"cniVersion":"0.3.0"}', "7", "no converter for CNI result version 0.3.0 to 7"],
  ] as const;
  for (const [text, version, wanted] of cases) {
    test(`${text.slice(0, 30)}… as ${version || "nothing"}`, () => {
      if (wanted.startsWith("{")) expect(JSON.parse(through(text, version))).toEqual(JSON.parse(wanted));
      else expect(() => through(text, version)).toThrow(wanted);
    });
  }
});
