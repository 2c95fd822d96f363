import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { substitute } from './substitute.ts'
import { configOf, linesOf, loadText } from './testing/load-text.ts'

const fill = (scalar: string, environment: Record<string, string> = {}, files: Record<string, string> = {}) =>
  substitute(scalar, environment, new Map(Object.entries(files).map(([path, text]) => [path, { text }])))

describe('one scalar', () => {
  it.each<[string, string]>([
    ['plain', 'plain'],
    ['${A}', 'a'],
    ['<${A}|${B}>', '<a|b>'],
    ['${NONE:-default}', 'default'],
    ['${EMPTY:-default}', 'default'],
    ['${EMPTY}', ''],
    ['${A:-default}', 'a'],
    ['${NONE:-}', ''],
    ['${NONE:-http://x:1/-y:-z}', 'http://x:1/-y:-z'],
    ['${file:/run/one}', 'one'],
    ['${file:/run/lines}', 'one\ntwo'],
    ['${file:/run/windows}', 'one'],
    ['$${A}', '${A}'],
    ['$$${A}', '$${A}'],
    ['$A $ $$ {A}', '$A $ $$ {A}'],
    ['${NESTED}', '${A} $${B}'],
  ])('%s', (scalar, expected) => {
    const environment = { A: 'a', B: 'b', EMPTY: '', NESTED: '${A} $${B}' }
    const files = { '/run/one': 'one\n', '/run/lines': 'one\ntwo\n', '/run/windows': 'one\r\n' }
    expect(fill(scalar, environment, files)).toMatchObject({ text: expected, faults: [] })
  })

  it.each<[string, string]>([
    ['${NONE}', 'NONE is not set in the environment'],
    ['${file:/none}', 'the file /none was not read'],
    ['${A B}', '${…} must be ${NAME}'],
    ['${1A}', '${…} must be ${NAME}'],
    ['${}', '${…} must be ${NAME}'],
    ['${A', '${…} must be ${NAME}'],
    ['${A-default}', '${…} must be ${NAME}'],
  ])('is at fault: %s', (scalar, expected) => {
    expect(fill(scalar, { A: 'a' }).faults).toEqual([expect.stringContaining(expected)])
  })

  it('names what came from outside, and not what stood in the file', () => {
    expect(fill('a${A}${NONE:-default}${file:/f}', { A: 'x' }, { '/f': 'y\n' }).values).toEqual(['x', 'y'])
  })
})

describe('a value from the environment', () => {
  it('is one value, whatever it holds', async () => {
    const values = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.constantFrom(
        'a\nadmin: { enabled: false }',
        '"}, x: {',
        '[1, 2]',
        '# no',
        '*a',
        '!!binary x',
        '${B}',
        '<<: *a',
      ),
    )
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const text = 'state: { data_dir: "${A}" }\nadmin: { enabled: true }'
        const result = await loadText(text, { environment: { A: `x${value}x` } })
        expect(result).toMatchObject({
          config: { state: { data_dir: `x${value}x` }, admin: { enabled: true } },
        })
      }),
    )
  })

  it('is a number or a boolean where one is wanted, quoted or not', async () => {
    const text =
      'listen: { port: "${P}" }\nhealth:\n  enabled: ${E}\n  timeout_seconds: 1${T}\nadmin: { port: "${Q}" }\nstate: { redis: { tls: "${S}" } }'
    const environment = { P: '8443', E: 'false', T: '.5', Q: '9', S: 'true' }
    const config = await configOf(text, { environment })
    expect(config.listen.port).toBe(8443)
    expect(config.health).toMatchObject({ enabled: false, timeout_seconds: 1.5 })
    expect(config.admin.port).toBe(9)
    expect(config.state.redis.tls).toBe(true)
  })

  it('is text where text is wanted, though it looks like a number', async () => {
    const config = await configOf('state:\n  data_dir: ${N}', { environment: { N: '007' } })
    expect(config.state.data_dir).toBe('007')
    expect(await linesOf('state: { data_dir: 7 }')).toEqual([
      '1: state.data_dir: data_dir must be text, not a number',
    ])
  })

  it.each(['0x1F', '1e3', 'Infinity', 'NaN', '1_000', 'yes', '', ' '])('is no number: %j', async (value) => {
    const faults = await linesOf('listen: { port: "${P}x" }', { environment: { P: value } })
    expect(faults).toEqual(['1: listen.port: port must be a number, not text'])
  })

  it('written in quotes in the file is no number', async () => {
    expect(await linesOf('listen: { port: "8080" }\nadmin: { enabled: "true" }')).toEqual([
      '1: listen.port: port must be a number, not text',
      '2: admin.enabled: enabled must be true or false, not text',
    ])
  })

  it('that is empty leaves its key out; a list leaves out its item', async () => {
    const text = [
      'listen: { port: "${NONE:-}", cors_origins: ["${NONE:-}", "https://a.test", "${BAD}"] }',
      'state: { redis: { url: "${REDIS:-}" } }',
    ].join('\n')
    expect(await linesOf(text, { environment: { BAD: 'no origin' } })).toEqual([
      '1: listen.cors_origins[1]: cors_origins[1] must be an origin, as https://app.example.com',
    ])
    const config = await configOf(text, { environment: { BAD: 'https://b.test' } })
    expect(config.listen).toMatchObject({ port: 8080, cors_origins: ['https://a.test', 'https://b.test'] })
    expect(config.state.redis.enabled).toBe(false)
  })

  it('is not looked for in keys or comments', async () => {
    expect(await linesOf('# ${NONE}\n${NONE}: 1')).toEqual(['2: ${NONE}: unknown key "${NONE}"'])
  })
})

describe('a mounted secret', () => {
  const text =
    'credentials:\n  - { name: a, creds_type: API_KEY, provider: openai, api_key: "${file:/run/key}" }'

  it('is filled in without the end of its line, and watched', async () => {
    const result = await loadText(text, { files: { '/run/key': 'sk-mounted\n' } })
    const credential = 'config' in result ? result.config.credentials[0] : undefined
    expect(credential?.creds_type === 'API_KEY' && credential.api_key?.reveal()).toBe('sk-mounted')
    expect([...result.files]).toEqual([
      ['/etc/modelgate.yaml', '2'],
      ['/run/key', '1'],
    ])
  })

  it('that cannot be read is a fault, and still watched', async () => {
    const result = await loadText(text)
    expect('faults' in result && result.faults).toEqual([
      {
        line: 2,
        column: 64,
        path: 'credentials[0].api_key',
        message: 'the file /run/key cannot be read: no file /run/key',
      },
    ])
    expect(result.files.get('/run/key')).toBeNull()
  })
})
