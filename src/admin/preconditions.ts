import { AdminRefusal } from './refusal.ts'

/** The `etag` of an entity at a version: strong, since the same version is the same bytes but for live state. */
export function etagOf(version: number): string {
  return `"${version}"`
}

/** What the file declares has no version, and shows no `etag`. */
export function etagHeader(version: number | null): Record<string, string> {
  return version === null ? {} : { etag: etagOf(version) }
}

/**
 * What a change takes for granted of the entity it changes (design §5): an `if-match` that does not hold is 412, a
 * `version` in the body that is old 409. Throws AdminRefusal.
 */
export function requireVersion(
  current: number,
  { ifMatch, version }: { ifMatch: string | undefined; version?: number | undefined },
): void {
  if (ifMatch !== undefined && !matches(ifMatch, etagOf(current))) {
    throw new AdminRefusal('precondition_failed', `If-Match does not hold: the version is ${current}.`)
  }
  if (version !== undefined && version !== current) {
    throw new AdminRefusal('version_conflict', `It was changed meanwhile: the version is ${current}.`, {
      field: 'version',
    })
  }
}

/** RFC 9110 §13.1.1: `*`, or a list of entity tags of which one is the current; weak ones never match. */
function matches(ifMatch: string, etag: string): boolean {
  return ifMatch.trim() === '*' || ifMatch.split(',').some((listed) => listed.trim() === etag)
}
