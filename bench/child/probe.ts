import { answerBench } from './answers.ts'

// Loaded into every proxy that is a Node process (`--import`): collects garbage when asked to, so that what is
// measured afterwards is what is kept.

const collect = (globalThis as { gc?: (options?: object) => void }).gc

answerBench({
  /** Bytes of heap in use after a full collection. */
  collect: () => {
    // The second finds what finalizers of the first let go.
    collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    return process.memoryUsage().heapUsed
  },
})
