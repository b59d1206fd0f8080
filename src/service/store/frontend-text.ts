/** How a frontend is named where it is told of; `address` is "" for a node port. */
export const frontendText = (address: string, protocol: string, port: number): string =>
  `${address} ${protocol} ${port}`;
