/** Captured bytes, imported `with { type: "text" }`: see support/hex.ts. */
declare module "*.hex" {
  const text: string;
  export default text;
}
