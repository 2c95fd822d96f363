import { expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import { createFetchAsset } from './fetch-asset.ts'

const asked = { url: 'https://img.test/a.png', mediaTypes: ['image/png'], maxBytes: 10 }

it.each(['The address is refused.', 'The address is refused'])(
  'says in one sentence why not: %s',
  async (why) => {
    const dispatch = () => Promise.reject(new GatewayError('upstream_error', why))
    const fetchAsset = createFetchAsset({ transport: { dispatch } })
    await expect(fetchAsset(asked, new AbortController().signal)).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      message: 'A file that the request names by URL could not be fetched: The address is refused.',
    })
  },
)
