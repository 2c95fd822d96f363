// What the bench and the processes it starts say to each other.

/** How the scripted upstream answers, whatever it is asked. */
export interface UpstreamScript {
  /** 0: a whole answer, not a stream. */
  readonly chunks: number
  /** From one write to the next, the first at once; 0: as fast as they are taken. */
  readonly everyMs: number
  /** Chunks to each write. */
  readonly burst: number
}

export const wholeAnswer: UpstreamScript = { chunks: 0, everyMs: 0, burst: 1 }

/** Where requests go, and what they are. */
export interface Target {
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  readonly model: string
  readonly promptBytes: number
  readonly isStream: boolean
}

/** A fixed number of requests, each connection's next when its last is answered. */
export interface ClosedLoop extends Target {
  readonly requests: number
  readonly connections: number
  /** Of each stream: all of them must come, in order. */
  readonly chunks: number
}

/** Requests that leave when they are due, whether or not earlier ones are answered. */
export interface Arrivals extends Target {
  readonly perSecond: number
  readonly seconds: number
}

/** Streams that are opened and held. */
export interface Opening extends Target {
  readonly streams: number
  /** Of each stream until its end. */
  readonly chunks: number
}

export interface LoopResult {
  readonly seconds: number
}

/** ms from when a request was due: to its answer's end, or to the first content where it is a stream. */
export interface ArrivalsResult {
  readonly p50: number
  readonly p99: number
  /** ms that the load itself was late in sending, the 99th percentile: what latencies hold that is not the proxy's. */
  readonly late: number
}

export interface FramesResult {
  readonly frames: number
  /** Frames that did not come, came twice or came out of order, and streams that did not end as they should. */
  readonly lost: number
}
