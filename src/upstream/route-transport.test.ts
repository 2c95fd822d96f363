import { expect, it } from 'vitest'
import type { Transport } from '../core/transport.ts'
import { createRouteTransport } from './route-transport.ts'
import { options, post } from './testing/exchanges.ts'

it('sends internal URLs to the internal transport, and all others out', async () => {
  const seen: string[] = []
  const noting = (name: string): Transport => ({
    dispatch: ({ url }) => {
      seen.push(`${name} ${url}`)
      return Promise.reject(new Error('noted'))
    },
  })
  const transport = createRouteTransport({ internal: noting('inside'), http: noting('outside') })
  for (const url of [
    'internal://echo/v1/models',
    'https://api.example.com/internal://',
    'http://internal/',
  ]) {
    await expect(transport.dispatch(post(url), options())).rejects.toThrow('noted')
  }
  expect(seen).toEqual([
    'inside internal://echo/v1/models',
    'outside https://api.example.com/internal://',
    'outside http://internal/',
  ])
})
