/** The names of everything in Redis. One hash tag holds them together in a Cluster, so that a script may touch several. */
export function createKeys({ prefix, database }: { prefix: string; database: number }) {
  if (prefix === '' || /[{}\s]/.test(prefix)) {
    throw new Error('the key prefix must be text without braces and spaces')
  }
  const key = (name: string) => `{${prefix}}:${name}`
  return {
    /** Hash: `epoch`, `revision`, `floor` (what was deleted up to that revision is no longer listed). */
    registry: key('registry'),
    /** Hash: member (`kind:id`) to JSON. */
    entities: key('entities'),
    /** Sorted set: every entity that is there, and those lately deleted, by the place of its last change in the log. */
    changes: key('changes'),
    /** Sorted set: of `changes`, the deleted ones. */
    deleted: key('deleted'),
    /** List of `sequence at json`, oldest first. */
    audit: key('audit'),
    /** Hash: name to bytes. */
    blobs: key('blobs'),
    /** Hash: connection to `until sequence json`; the empty field has the last sequence. */
    outages: key('outages'),
    /** Hash: `kind:id` to `at json`. */
    evidence: key('evidence'),
    /** Written for a moment now and then, to see whether writes are taken. */
    sign: key('sign-of-life'),
    /** String: the holder. */
    lease: (name: string) => key(`lease:${name}`),
    // Channels are the same in every database of a server.
    registryChannel: key(`registry-channel:${database}`),
    poolChannel: key(`pool-channel:${database}`),
  }
}

export type Keys = ReturnType<typeof createKeys>
