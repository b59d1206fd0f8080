/** For what commander needs of node:fs, node:path and node:child_process only where a command is a program of its own. */
export default {};
