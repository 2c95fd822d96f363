import { answerBench } from './answers.ts'
import { arrivals } from './arrivals.ts'
import { closedLoop } from './closed-loop.ts'
import { createHeldStreams } from './held-streams.ts'

// The load, in a process of its own, so that its CPU is not the proxy's, and one for the whole run, so that it is warm.
const { open, frames, finish, release } = createHeldStreams()
answerBench({ closedLoop, arrivals, open, frames, finish, release })
