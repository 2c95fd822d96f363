/**
 * Why the registry takes no writes now. `uncertain`: the store did not answer a write, which it may have made, whole,
 * or not at all; `busy`: too many writers, or too many waiting.
 */
export type UnavailableReason = 'starting' | 'down' | 'suspect' | 'busy' | 'uncertain'

const messages: Record<UnavailableReason, string> = {
  starting: 'The registry has not been read yet.',
  down: 'The store does not answer, so that nothing can be changed.',
  suspect:
    'The store has lost what was in it, and is not believed until an import or accept_reset says what is true.',
  busy: 'Too many changes are being made at once.',
  uncertain: 'The store failed or did not answer in time: whether the change was made is not known yet.',
}

/** Thrown by the editor and the audit trail; the control plane answers it as 503. */
export class RegistryUnavailable extends Error {
  readonly reason: UnavailableReason

  constructor(reason: UnavailableReason, options: { cause?: unknown } = {}) {
    super(messages[reason], options)
    this.name = 'RegistryUnavailable'
    this.reason = reason
  }
}
