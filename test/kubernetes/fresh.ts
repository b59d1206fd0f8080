/** An object without what a cluster gives it, and takes from nobody. */
export function fresh<T extends { metadata: object }>(object: T): T {
  const { uid, resourceVersion, creationTimestamp, ...metadata } = object.metadata as Record<string, unknown>;
  return { ...object, metadata };
}
