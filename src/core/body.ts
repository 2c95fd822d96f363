/** What a request carries. Several pieces: a large body that is not copied together to be sent. */
export type RequestBody = Uint8Array | string | readonly Uint8Array[]

/** The body in one, for who must see it whole. */
export function wholeBody(body: RequestBody | null): Uint8Array | string {
  if (body === null) return ''
  return typeof body === 'string' || body instanceof Uint8Array ? body : Buffer.concat(body)
}

export function bodyLength(body: RequestBody): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  return body instanceof Uint8Array ? body.length : body.reduce((sum, piece) => sum + piece.length, 0)
}
