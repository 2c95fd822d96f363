/** Runs one piece of work after another, in the order of asking. */
export type Turns = <Result>(work: () => Promise<Result>) => Promise<Result>

/** `onFull` makes the error with which those beyond `most` waiting are turned away. */
export function createTurns({ most, onFull }: { most: number; onFull: () => Error }): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (work) => {
    if (waiting >= most) throw onFull()
    waiting += 1
    const turn = last.then(work).finally(() => {
      waiting -= 1
    })
    last = turn.catch(() => undefined)
    return turn
  }
}
