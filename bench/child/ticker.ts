import { parentPort, workerData } from 'node:worker_threads'

// Says when the next request is due. Timers of Node's loop are 1 ms coarse and wait for the loop; this waits in a
// thread of its own, to some 50 µs.

const { startAt, everyMs, count } = workerData as { startAt: number; everyMs: number; count: number }
const nobody = new Int32Array(new SharedArrayBuffer(4))
for (let number = 0; number < count; number++) {
  const due = startAt + number * everyMs
  const wait = due - (performance.timeOrigin + performance.now())
  if (wait > 0) Atomics.wait(nobody, 0, 0, wait)
  parentPort?.postMessage(due)
}
