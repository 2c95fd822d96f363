import jsonata from 'jsonata'
import { guard, guardedFunctions } from './guards.ts'
import { type Budget, type EvaluatorLimits, evaluatorLimits, LimitError } from './limits.ts'
import { createMeter, isFunction } from './meter.ts'
import { findSwitchedOff } from './switched-off.ts'
import type { NamedExpression } from './template.ts'

export interface Job {
  readonly expressions: readonly NamedExpression[]
  /** JSON. Where it may be a plain text (an event's data), `allowText` lets the expressions see it as a string. */
  readonly input: string
  readonly allowText?: boolean
}

export interface ExpressionFault {
  /** null: the input could not be read. */
  readonly expression: string | null
  readonly message: string
  /** Characters from the beginning of the expression, where JSONata tells. */
  readonly position: number | null
}

/** `values`: JSON of an object with a member for each expression that came to something. */
export type Reply = { readonly values: string } | { readonly fault: ExpressionFault }

export interface Evaluator {
  /** One job after the other. Never rejects. */
  evaluate(job: Job): Promise<Reply>
}

interface NativeFunction {
  implementation(this: unknown, ...args: unknown[]): unknown
}

const exitHook = Symbol.for('jsonata.__evaluate_exit')
const longestMessage = 300

/** Compiles and evaluates JSONata within bounds; runs in a worker, since one step may still take any time. */
export function createEvaluator(limits: EvaluatorLimits = evaluatorLimits): Evaluator {
  const compiled = new Map<string, jsonata.Expression>()
  let budget: Budget = limits
  let check: (value: unknown) => void = () => {}
  const checkResult = (_node: unknown, _input: unknown, _frame: unknown, result: unknown) => check(result)
  const replacements = guardNatives(() => budget)

  function compile(source: string, functions: ReadonlyMap<string, NativeFunction>): jsonata.Expression {
    const known = compiled.get(source)
    if (known !== undefined) return known
    if (source.length > limits.maxSource) {
      throw new LimitError(`an expression may have ${limits.maxSource} characters`)
    }
    const { timeoutMs: timeout, maxDepth: stack, maxItems: sequence } = limits
    const expression = jsonata(source, { timeout, stack, sequence, RegexEngine: NoPatterns })
    const switchedOff = findSwitchedOff(expression.ast())
    if (switchedOff !== null) throw switchedOff
    for (const [name, replacement] of functions) expression.assign(name, replacement)
    // Its type has no symbols, by which JSONata looks its hooks up.
    expression.assign(exitHook as unknown as string, checkResult)
    const oldest = compiled.keys().next().value
    if (compiled.size >= limits.maxCompiled && oldest !== undefined) compiled.delete(oldest)
    compiled.set(source, expression)
    return expression
  }

  async function evaluate({ expressions, input, allowText = false }: Job): Promise<Reply> {
    budget = { maxItems: limits.maxItems, maxUnits: limits.maxUnits + 2 * input.length }
    check = createMeter(budget.maxUnits)
    const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    let expression: string | null = null
    try {
      const data = readInput(input, allowText)
      const functions = await replacements
      for (const { name, source } of expressions) {
        expression = name
        const value: unknown = await compile(source, functions).evaluate(data)
        check(value)
        if (isFunction(value)) throw new LimitError('it comes to a function, not to a value')
        values[name] = value
      }
      return { values: JSON.stringify(values) }
    } catch (error) {
      return { fault: faultOf(expression, error) }
    }
  }

  return { evaluate }
}

/** Never reached, since expressions that hold one are refused: a lambda that came as data could still ask for it. */
const NoPatterns = class {
  constructor() {
    throw new LimitError('regular expressions are switched off: they can block')
  }
} as unknown as RegExpConstructor

/** JSONata's own functions with a look at their arguments before them. */
async function guardNatives(budget: () => Budget): Promise<ReadonlyMap<string, NativeFunction>> {
  const all = await Promise.all(
    guardedFunctions.map(async (name): Promise<[string, NativeFunction]> => {
      const native = (await jsonata(`$${name}`).evaluate(null)) as NativeFunction
      const implementation = function (this: unknown, ...args: unknown[]): unknown {
        guard(name, args, budget())
        return native.implementation.apply(this, args)
      }
      return [name, { ...native, implementation }]
    }),
  )
  return new Map(all)
}

function readInput(input: string, allowText: boolean): unknown {
  try {
    return JSON.parse(input)
  } catch {
    if (allowText) return input
    throw new LimitError('it is no JSON')
  }
}

/** JSONata throws plain objects. */
function faultOf(expression: string | null, thrown: unknown): ExpressionFault {
  const { message, position } = Object(thrown) as { message?: unknown; position?: unknown }
  const text = typeof message === 'string' && message !== '' ? message : 'it failed'
  return {
    expression,
    message: text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text,
    position: typeof position === 'number' ? position : null,
  }
}
