/** What commander looks for in node:process: the tool tells it all that (src/tool/main.ts). */
export default { argv: [], env: {}, stdout: {}, stderr: {} };
