import { expect, test } from "bun:test";
import { decodeMessage, ERROR, encodeCall, REPLY } from "../../../../src/features/firewall/dbus-message.ts";

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

test("encodeCall() writes a method call with texts", () => {
  const name = "org.fedoraproject.FirewallD1";
  const call = {
    destination: name,
    path: "/org/fedoraproject/FirewallD1",
    interface: `${name}.zone`,
    member: "addSource",
  };
  const encoded = encodeCall({ ...call, args: ["trusted", "10.1.2.3/32"] }, 7);
  const body = "\x07\0\0\0trusted\0\x0b\0\0\x0010.1.2.3/32\0";
  const fields = [
    "\x01\x01o\0\x1d\0\0\0/org/fedoraproject/FirewallD1\0\0\0",
    "\x06\x01s\0\x1c\0\0\0org.fedoraproject.FirewallD1\0\0\0\0",
    "\x02\x01s\0\x21\0\0\0org.fedoraproject.FirewallD1.zone\0\0\0\0\0\0\0",
    "\x03\x01s\0\x09\0\0\0addSource\0\0\0\0\0\0\0",
    "\x08\x01g\0\x02ss\0",
  ].join("");
  const head = `l\x01\0\x01${String.fromCharCode(body.length)}\0\0\0\x07\0\0\0${String.fromCharCode(fields.length)}\0\0\0`;
  expect(String.fromCharCode(...encoded)).toBe(`${head}${fields}${body}`);
});

/** What dbus-daemon 1.14.10 has sent: the answer to GetNameOwner where nobody has the name, then that to NameHasOwner. */
const BUS = "\x07\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0";
const TO = "\x06\x01s\0\x04\0\0\0:1.0\0\0\0\0";
const NO_OWNER = [
  "l\x03\x01\x01M\0\0\0\x03\0\0\0u\0\0\0",
  TO,
  "\x04\x01s\0)\0\0\0org.freedesktop.DBus.Error.NameHasNoOwner\0\0\0\0\0\0\0",
  "\x05\x01u\0\x02\0\0\0\x08\x01g\0\x01s\0\0",
  BUS,
  "H\0\0\0Could not get owner of name 'org.fedoraproject.FirewallD1': no such name\0",
].join("");
const TRUE = [
  "l\x02\x01\x01\x04\0\0\0\x04\0\0\0=\0\0\0",
  TO,
  "\x05\x01u\0\x03\0\0\0\x08\x01g\0\x01b\0\0",
  BUS,
  "\x01\0\0\0",
].join("");

test("decodeMessage() reads answers that come one after the other", () => {
  const all = bytes(NO_OWNER + TRUE);
  expect(decodeMessage(all)).toEqual({
    type: ERROR,
    replyTo: 2,
    errorName: "org.freedesktop.DBus.Error.NameHasNoOwner",
    signature: "s",
    value: "Could not get owner of name 'org.fedoraproject.FirewallD1': no such name",
    size: NO_OWNER.length,
  });
  const second = { type: REPLY, replyTo: 3, errorName: undefined, signature: "b", value: true, size: TRUE.length };
  expect(decodeMessage(all.subarray(NO_OWNER.length))).toEqual(second);
});

test("decodeMessage() waits for what has not come whole", () => {
  for (let length = 0; length < TRUE.length; length++) {
    expect(decodeMessage(bytes(TRUE.slice(0, length)))).toBeUndefined();
  }
});
