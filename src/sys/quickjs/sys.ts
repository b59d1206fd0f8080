/** The Rust host (runtime/) gives the whole interface natively. */
export * from "berth:sys";
