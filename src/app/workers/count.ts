import type { Config } from '../../config.ts'

export interface WorkerCount {
  /** 1: this process serves by itself. */
  readonly count: number
  /** Why it is fewer than was asked for, in words for the log; null: it is not. */
  readonly because: string | null
}

/** How many processes serve; `cores` is what `auto` stands for. */
export function workerCount({ workers, state }: Config, cores: number): WorkerCount {
  const asked = workers === 'auto' ? Math.max(1, cores) : workers
  if (asked === 1 || state.redis.enabled) return { count: asked, because: null }
  return {
    count: 1,
    because:
      'the state is embedded, which only one process can keep: several workers share theirs through Redis',
  }
}
