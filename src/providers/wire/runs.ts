/** Output of one step: neighbouring events of one chunk are one slice of it, uncopied. */
export class Runs {
  #parts: Buffer[] = []
  #bytes: Buffer | null = null
  #start = 0
  #end = 0

  add(bytes: Buffer, start: number, end: number): void {
    if (this.#bytes === bytes && this.#end === start) {
      this.#end = end
      return
    }
    this.#flush()
    this.#bytes = bytes
    this.#start = start
    this.#end = end
  }

  addText(text: string): void {
    this.#flush()
    this.#parts.push(Buffer.from(text))
  }

  /** Everything since the last call, or null for nothing. */
  take(): Buffer | null {
    this.#flush()
    const parts = this.#parts
    if (parts.length === 0) return null
    this.#parts = []
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  #flush(): void {
    const bytes = this.#bytes
    if (bytes === null) return
    const whole = this.#start === 0 && this.#end === bytes.length
    this.#parts.push(whole ? bytes : bytes.subarray(this.#start, this.#end))
    this.#bytes = null
  }
}
