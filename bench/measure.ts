import type { Readings } from './rows.ts'
import type { Scene } from './scene.ts'
import type { Subject } from './subjects.ts'
import { type Contestant, rowOf, type Stage, type Task } from './task.ts'

/**
 * Measures every contestant in every round, one after the other, in turn from the front and from the back, so that
 * what the machine does meanwhile falls on all.
 */
export async function measure(scene: Scene, task: Task, rounds: number): Promise<Readings> {
  const readings = new Map<string, Record<string, number>[] | null>()
  const withStage = async <T>(
    contestant: Contestant,
    use: (stage: Stage) => Promise<T>,
  ): Promise<T | null> => {
    const { subject: name } = contestant
    const subject: Subject | null = await (task.isFresh ? scene.fresh(name) : scene.shared(name))
    if (subject === null) return null
    try {
      return await use({ scene, subject, contestant })
    } finally {
      if (task.isFresh) await subject.stop()
    }
  }
  if (task.warmUp !== undefined) {
    for (const contestant of task.contestants) await withStage(contestant, task.warmUp)
  }
  for (let round = 0; round < Math.min(rounds, task.maxRounds ?? rounds); round++) {
    const order = round % 2 === 0 ? task.contestants : task.contestants.toReversed()
    for (const contestant of order) {
      const reading = await withStage(contestant, task.measure)
      if (reading === null) readings.set(rowOf(contestant), null)
      else readings.set(rowOf(contestant), [...(readings.get(rowOf(contestant)) ?? []), reading])
    }
  }
  return readings
}
