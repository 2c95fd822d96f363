import { assert, constantFrom, property, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scrub, scrubProse } from './scrub.ts'

// Put together here so that no scanner takes them for real ones.
const secrets = {
  jwt: ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiJhbGljZSJ9', 'c2lnbmF0dXJl'].join('.'),
  openai: `sk-${'proj-'}aB3dE5gH7jK9`,
  groq: `gsk_${'x7'.repeat(10)}`,
  huggingface: `hf_${'Ab1'.repeat(8)}`,
  nvidia: `nvapi-${'Zz-9_'.repeat(4)}`,
  masked: `sk-ab${'*'.repeat(9)}x9`,
  google: `AIza${'Sy-_9'.repeat(7)}`,
}
const surrounded = {
  bearer: ['Authorization: Bearer ', 'opaque.value-1'],
  basic: ['Basic ', 'dXNlcjpwYXNzd29yZA=='],
  'a member of JSON': ['{"api_key":"', 'plainvalue', '"}'],
  'a form': ['grant_type=x&client_secret=', 'plain+value', '&scope=y'],
  'a query': ['https://host.test/v1?key=', 'plainvalue', '&alt=sse'],
  'a signed URL': ['https://host.test/?X-Amz-Signature=', 'abcdef0123', '&X=1'],
  'user information': ['redis://user:', 'pass%40word', '@host:6379'],
  'a password alone': ['redis://:', 'password', '@host:6379'],
  'a private key': ['-----BEGIN PRIVATE KEY-----', '\nMIGHAgEAMBMG\nByqGSM49\n', '-----END'],
} as const

describe('scrub', () => {
  it.each(Object.entries(secrets))('takes out a token of the kind %s wherever it stands', (_, secret) => {
    assert(
      property(tuple(string(), constantFrom(' ', '"', "'", '=', ':', '(', '\n')), ([text, edge]) => {
        const shown = scrub(`${text}${edge}${secret}${edge}${text}`)
        expect(shown).not.toContain(secret.slice(4, 14))
      }),
      { verbose: true },
    )
  })

  it.each(Object.entries(surrounded))('takes out what stands in %s, and leaves the rest', (_, parts) => {
    const [before, secret, after = ''] = parts
    const shown = scrub(`${before}${secret}${after}`)
    expect(shown).not.toContain(secret)
    expect(shown.startsWith(before)).toBe(before !== '-----BEGIN PRIVATE KEY-----')
    expect(shown.endsWith(after)).toBe(true)
  })

  it('leaves ids', () => {
    const id = 'req_0123456789abcdef0123456789abcdef'
    expect(scrub(id)).toBe(id)
  })

  it.each([
    'system:serviceaccount:team-a:default',
    'https://login.issuer.test/tenant/v2.0',
    'alice@example.test',
    'connect ECONNREFUSED 10.0.0.1:443',
    'gpt-4o-2024-08-06',
    "ENOENT: no such file or directory, open '/etc/modelgate/tls/tls.key'",
  ])('leaves %s', (text) => {
    expect(scrub(text)).toBe(text)
    expect(scrubProse(text)).toBe(text)
  })

  it('is bounded in length', () => {
    for (const start of ['key', 'plain']) {
      expect(scrub(`${start} ${'a '.repeat(20_000)}`).length).toBeLessThan(17_000)
    }
  })

  it('takes time in proportion, however a text repeats what secrets begin with', () => {
    const starts = [
      'eyJ-',
      'sk-',
      'AIza',
      '-----BEGIN ',
      'bearer ',
      'basic ',
      'token="',
      '?key=',
      '://a:',
      '@',
    ]
    const startedAt = performance.now()
    for (const start of starts) scrub(start.repeat(16_000 / start.length))
    expect(performance.now() - startedAt).toBeLessThan(500)
  })
})

describe('scrubProse', () => {
  it('also takes out what is long and mixed', () => {
    const hex = '0123456789abcdef'.repeat(2)
    const aws = `wJalrXUtnFEMI/K7MDENG/${'bPxRfiCYzEXAMPLEKE'}`
    expect(aws).toHaveLength(40)
    expect(scrubProse(`refused ${hex} and ${aws}.`)).toBe('refused [redacted] and [redacted].')
  })

  it('leaves words and paths', () => {
    const text = 'internationalisationmisunderstandings in /usr/local/lib/node20/something/quite/deep/down'
    expect(scrubProse(text)).toBe(text)
  })
})
