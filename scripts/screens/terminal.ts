/** A terminal's text as a picture: SVG, that needs nothing else to be shown. */

const [CELL, LINE, MARGIN, SIZE] = [8.4, 19, 16, 14];
const COLOURS: Record<string, string> = {
  "31": "#ff7b72",
  "32": "#7ee787",
  "33": "#e3b341",
  "36": "#79c0ff",
  "2": "#8b949e",
};

/** A piece of a line in one style. */
interface Piece {
  readonly text: string;
  readonly codes: readonly string[];
}

/** `text` with its colours (ECMA-48, SGR) as SVG, as wide as its longest line. */
export function terminalSvg(text: string): string {
  const lines = text.trimEnd().split("\n").map(piecesOf);
  const columns = Math.max(...lines.map((line) => line.reduce((sum, piece) => sum + [...piece.text].length, 0)));
  const [width, height] = [Math.ceil(columns * CELL) + 2 * MARGIN, lines.length * LINE + 2 * MARGIN];
  const rows = lines.map((pieces, row) => {
    const y = MARGIN + row * LINE + SIZE;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${pieces.map(span).join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${SIZE}" fill="#e6edf3">
${rows.join("\n")}
</g>
</svg>
`;
}

const ESCAPE = String.fromCharCode(27);
const SEQUENCES = new RegExp(`(${ESCAPE}\\[[0-9;]*m)`);
const SEQUENCE = new RegExp(`^${ESCAPE}\\[([0-9;]*)m$`);

function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let codes: string[] = [];
  for (const part of line.split(SEQUENCES)) {
    const sequence = SEQUENCE.exec(part)?.[1];
    if (sequence === undefined) {
      if (part !== "") pieces.push({ text: part.replaceAll("\r", ""), codes });
    } else codes = sequence === "" || sequence === "0" ? [] : [...codes, ...sequence.split(";")];
  }
  return pieces;
}

function span({ text, codes }: Piece): string {
  const colour = codes.map((code) => COLOURS[code]).find((found) => found !== undefined);
  const style = `${colour ? ` fill="${colour}"` : ""}${codes.includes("1") ? ' font-weight="bold"' : ""}`;
  return `<tspan${style}>${escaped(text)}</tspan>`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
