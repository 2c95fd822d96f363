import type { LeaseStore } from '../contract.ts'
import type { Keys } from './keys.ts'
import type { RunScript } from './scripts.ts'

export function createLeases({ run, keys }: { run: RunScript; keys: Keys }): LeaseStore {
  return {
    async take(name, holder, ms) {
      const whole = Math.max(1, Math.ceil(ms))
      const left = Number(await run('lease-take', [keys.lease(name)], [holder, `${whole}`]))
      return left < 0 ? { held: true, remainingMs: ms } : { held: false, remainingMs: left }
    },
    async release(name, holder) {
      await run('lease-release', [keys.lease(name)], [holder])
    },
  }
}
