import { afterAll, describe, expect, it } from 'vitest'
import { createExpressionPool } from './expression-pool.ts'
import { evaluatorLimits } from './limits.ts'

const pool = createExpressionPool()
afterAll(() => pool.close())

const job = (source: string, input: unknown = { a: { b: 'text' } }) => ({
  expressions: [{ name: 'request', source }],
  input: JSON.stringify(input),
})
const sane = job('a.b & "!"')
const saneAnswer = { request: 'text!' }

/** Each would end or block the process it ran in, or reach out of JSONata. */
const hostile: readonly (readonly [name: string, source: string, message: RegExp])[] = [
  ['endless recursion', '($f := function($x){ $f($x) + 1 }; $f(1))', /Stack overflow/],
  ['endless recursion in tail position', '($f := function($x){ $f($x) }; $f(1))', /timeout after 250/],
  [
    'recursion that gathers',
    '($f := function($l){ $f($append($l, $l)) }; $f([1..9]))',
    /sequence|larger|exceed/,
  ],
  ['padding to gigabytes', '$pad("x", 4000000000)', /\$pad would make/],
  ['padding to the left', '$pad("x", -4000000000)', /\$pad would make/],
  ['padding by a picture', '$fromMillis(0, "[Y,400000000]")', /\$fromMillis takes no width/],
  ['a range of 1e9', '[1..1000000000]', /sequence/],
  ['a range of 9e6', '[1..9000000]', /sequence/],
  ['loops in loops', '$map([1..99999], function($v){ $map([1..99999], function($w){ $w }) })', /timeout/],
  ['a text doubled', '$reduce([1..40], function($s, $i){ $s & $s }, "xxxxxxxxxx")', /larger than/],
  [
    'one text in many places',
    '($t := $pad("x", 90000); $r := $map([1..99], function($i){ {"t": $t} }); $string($r))',
    /larger than/,
  ],
  ['a long separator', '$join($split($pad("x", 9000), ""), $pad("y", 9000))', /\$join would make/],
  ['a long replacement', '$replace($pad("x", 9000, "x"), "x", $pad("y", 9000))', /\$replace would make/],
  ['too many parts', '$split($pad("x", 200000), "")', /\$split would make/],
  ['a regular expression that backtracks', '$contains($pad("a", 50, "a") & "!", /^(a+)+$/)', /switched off/],
  ['a match', '$match("aaa", function($s){ {"match": "", "start": 0, "end": 0} })', /switched off/],
  ['a signature', 'function($x)<s+s+s+s+:s>{ $x }("a")', /signatures .* switched off/],
  ['a program in a text', '$eval("[1..9999]")', /\$eval is switched off/],
  ['a function for an answer', '$sum', /function/],
  ['syntax as deep as it goes', `${'('.repeat(15_000)}1`, /./],
  ['a long source', `"${'x'.repeat(40_000)}"`, /32768/],
]

describe('hostile expressions', () => {
  it.each([...hostile])(
    '%s: a clear error within the bound, and the next is answered',
    async (_name, source, message) => {
      const started = performance.now()
      await expect(pool.run(job(source))).rejects.toMatchObject({
        name: 'ExpressionError',
        expression: 'request',
        message: expect.stringMatching(message) as string,
      })
      expect(performance.now() - started).toBeLessThan(10_000)
      expect(await pool.run(sane)).toEqual(saneAnswer)
    },
  )

  it.each([
    '__proto__',
    'constructor',
    'a.constructor.constructor',
    '$lookup($, "__proto__")',
    '$lookup(a, "constructor")',
    '$sum.implementation',
    '$sum.constructor',
    'process.env',
    'globalThis',
    '$$.**.constructor',
  ])('reach nothing behind the data: %s', async (source) => {
    expect(await pool.run(job(source))).toEqual({})
  })

  it('leave no trace in what is evaluated after them', async () => {
    const polluting = [
      '$merge([{"__proto__": {"b": 1}}])',
      '{"__proto__": {"b": 1}}',
      '$ ~> |$|{"__proto__": {"b": 1}}|',
    ]
    for (const source of polluting)
      await pool.run(job(source, JSON.parse('{"__proto__": {"b": 1}}'))).catch(() => {})
    expect(await pool.run(job('b', {}))).toEqual({})
    expect(await pool.run(job('($sum := 1; $sum)'))).toEqual({ request: 1 })
    expect(await pool.run(job('$sum([1, 2])'))).toEqual({ request: 3 })
  })

  it('in a single step are ended with their worker, which is replaced', async () => {
    const list = Array.from({ length: 60_000 }, (_, index) => ({ a: { b: { c: index } } }))
    const own = createExpressionPool({ maxWorkers: 1, deadlineMs: 500 })
    await expect(own.run(job('$count($distinct(list))', { list }))).rejects.toMatchObject({
      kind: 'bounds',
      message: 'It takes longer than 500 ms.',
      expression: 'request',
    })
    expect(await own.run(sane)).toEqual(saneAnswer)
    await own.close()
  })

  it('that exhaust the heap end their worker alone', async () => {
    // However slow the machine, memory runs out before time does.
    const limits = { ...evaluatorLimits, timeoutMs: 20_000 }
    const own = createExpressionPool({ maxWorkers: 1, maxHeapMb: 24, deadlineMs: 25_000, limits })
    const greedy = '($k := [1..90000]; $map([1..90000], function($v){ $reverse($k) }))'
    await expect(own.run(job(greedy))).rejects.toMatchObject({
      message: expect.stringMatching(/memory|ended/) as string,
    })
    expect(await own.run(sane)).toEqual(saneAnswer)
    await own.close()
  })
})

describe('the pool', () => {
  it('answers many at once, each its own', async () => {
    const all = Array.from({ length: 200 }, (_, index) => pool.run(job('n * 2', { n: index })))
    expect(await Promise.all(all)).toEqual(all.map((_, index) => ({ request: index * 2 })))
  })

  it('refuses inputs and answers over their bound', async () => {
    const own = createExpressionPool({ maxWorkers: 1, maxInput: 100, maxOutput: 100 })
    await expect(own.run(job('a', { a: 'x'.repeat(100) }))).rejects.toMatchObject({ kind: 'bounds' })
    await expect(own.run(job('$pad("x", 200)'))).rejects.toMatchObject({ kind: 'bounds' })
    expect(await own.run(sane)).toEqual(saneAnswer)
    await own.close()
  })

  it('refuses what would wait too long, and is not harmed by it', async () => {
    const own = createExpressionPool({ maxWorkers: 1, maxWaiting: 1 })
    const first = own.run(sane)
    await expect(own.run(sane)).rejects.toMatchObject({ kind: 'busy' })
    expect(await first).toEqual(saneAnswer)
    const impatient = createExpressionPool({ maxWorkers: 1, maxWaitMs: 1 })
    await expect(impatient.run(sane)).rejects.toMatchObject({ kind: 'busy' })
    await Promise.all([own.close(), impatient.close()])
  })

  it('refuses what waits and what comes once it is closed', async () => {
    const own = createExpressionPool()
    const waiting = own.run(sane).catch((error: unknown) => error)
    await own.close()
    expect(await waiting).toMatchObject({ kind: 'busy' })
    await expect(own.run(sane)).rejects.toMatchObject({ kind: 'busy' })
  })
})
