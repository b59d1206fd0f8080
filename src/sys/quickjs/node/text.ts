const SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** As of node:util, for the colours that the tool prints. */
export const stripVTControlCharacters = (text: string): string => text.replace(SEQUENCE, "");
