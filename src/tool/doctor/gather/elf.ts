/** e_machine (elf.h): the architectures that Linux nodes have. */
const MACHINES: Readonly<Record<number, string>> = {
  3: "i386",
  8: "MIPS",
  20: "PowerPC",
  21: "ppc64",
  22: "s390x",
  40: "ARM",
  62: "x86-64",
  183: "arm64",
  243: "RISC-V",
  258: "LoongArch",
};

const EI_CLASS = 4;
const EI_DATA = 5;
const E_MACHINE = 18;

/** What kind of program a file is, by its first bytes: "x86-64" …, "a script"; undefined: none. */
export function kindOf(head: Uint8Array): string | undefined {
  const [a, b, c, d] = head;
  if (a === 0x23 && b === 0x21) return "a script";
  if (a !== 0x7f || b !== 0x45 || c !== 0x4c || d !== 0x46 || head.length < E_MACHINE + 2) return undefined;
  const isLittle = head[EI_DATA] !== 2;
  const [low = 0, high = 0] = isLittle
    ? [head[E_MACHINE], head[E_MACHINE + 1]]
    : [head[E_MACHINE + 1], head[E_MACHINE]];
  const machine = low | (high << 8);
  const name = MACHINES[machine] ?? `machine ${machine}`;
  // ppc64 and ppc64le, MIPS and mipsel share a number.
  return `${name}${isLittle ? "" : ", big-endian"}${head[EI_CLASS] === 1 && machine === 62 ? ", 32-bit" : ""}`;
}
