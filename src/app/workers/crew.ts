import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Answers } from './channel.ts'
import { type Exit, launchMember, type Member } from './member.ts'
import { createRestarts } from './restarts.ts'

export interface CrewOptions {
  readonly count: number
  readonly log: Log
  readonly clock: Clock
  /** What a member may ask besides what concerns its own life. */
  readonly answers: Answers
  /** A member listens. */
  readonly onServing: (member: Member) => void
  /** A member has ended; `isExpected`: it was told to. */
  readonly onGone: (member: Member, isExpected: boolean) => void
  /** They cannot be kept running; the last one's reason, if it gave one. */
  readonly onHopeless: (reason: string | null) => void
}

/** So many workers, each started again when it ends. */
export interface Crew {
  readonly start: () => void
  readonly all: () => readonly Member[]
  /** Those that listen. */
  readonly serving: () => readonly Member[]
  /** Nobody is started any more. Resolves to whether all ended well, once all have. */
  readonly end: () => Promise<boolean>
  readonly killAll: () => void
}

export function createCrew({ count, log, clock, answers, onServing, onGone, onHopeless }: CrewOptions): Crew {
  const members = new Map<number, Member>()
  const restarts = createRestarts({ places: count, clock })
  const pauses = new Set<NodeJS.Timeout>()
  const all = () => [...members.values()]
  let whenEmpty: (() => void) | null = null
  let endedWell = true

  function answersTo(member: () => Member): Answers {
    return {
      ...answers,
      place: () => member().place,
      started(url) {
        member().url = String(url)
        restarts.served(member().place)
        onServing(member())
      },
      failed(reason) {
        member().failure = String(reason)
      },
      last(text) {
        member().text = String(text)
      },
    }
  }

  function launch(place: number): void {
    restarts.begun(place)
    members.set(place, launchMember({ place, answersTo, onExit }))
  }

  function onExit(member: Member, exit: Exit): void {
    members.delete(member.place)
    onGone(member, whenEmpty !== null)
    if (whenEmpty === null) return restart(member, exit)
    if (exit.code !== 0) endedWell = false
    if (members.size === 0) whenEmpty()
  }

  function restart(member: Member, exit: Exit): void {
    const pauseMs = restarts.ended(member.place)
    tellExit(log, member, exit, pauseMs)
    if (pauseMs === null) return onHopeless(member.failure)
    const timer = setTimeout(() => {
      pauses.delete(timer)
      launch(member.place)
    }, pauseMs)
    pauses.add(timer)
  }

  return {
    start() {
      for (let place = 0; place < count; place++) launch(place)
    },
    all,
    serving: () => all().filter(({ url }) => url !== null),
    async end() {
      for (const timer of pauses) clearTimeout(timer)
      await new Promise<void>((resolve) => {
        whenEmpty = resolve
        if (members.size === 0) resolve()
      })
      return endedWell
    },
    killAll() {
      for (const member of members.values()) member.kill()
    },
  }
}

function tellExit(log: Log, { place, pid, failure, url }: Member, exit: Exit, pauseMs: number | null): void {
  log.error(url === null ? 'a worker could not start' : 'a worker ended', {
    worker: place,
    pid,
    ...exit,
    ...(failure === null ? {} : { reason: failure }),
    ...(pauseMs === null ? {} : { again_in_ms: Math.round(pauseMs) }),
  })
}
