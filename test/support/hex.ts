/** Bytes as people write them down: captured messages in tests. */

/**
 * The bytes of commented hex text: two digits each, any white space between, `#` to the end of the line a comment.
 * @throws Error on anything else
 */
export function hex(text: string): Uint8Array {
  const words = text.replace(/#.*/g, "").split(/\s+/).filter(Boolean);
  return Uint8Array.from(words, (word) => {
    if (!/^[0-9a-f]{2}$/i.test(word)) throw new Error(`hex: "${word}" is not a byte of two hexadecimal digits`);
    return Number.parseInt(word, 16);
  });
}

/** Eight bytes a line, so that two dumps compare well in a test's diff. */
export function dump(bytes: Uint8Array): string {
  const words = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const lines = Array.from({ length: Math.ceil(words.length / 8) }, (_, i) => words.slice(8 * i, 8 * i + 8).join(" "));
  return lines.join("\n");
}
