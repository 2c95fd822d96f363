import { inspect } from 'node:util'

/**
 * A secret value that cannot be printed by accident: string conversion, JSON and `util.inspect` all answer
 * `[secret]`. Only the code that signs or seals calls `reveal()`.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
