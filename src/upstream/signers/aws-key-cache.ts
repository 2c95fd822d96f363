import type { AwsKeys } from './aws-keys.ts'
import {
  createTokenCache,
  type LoadToken,
  type OnExchange,
  type TokenCache,
  type TokenCacheOptions,
} from './token-cache.ts'

export type { OnExchange }
export type AwsKeyCacheOptions = Omit<TokenCacheOptions, 'failed'>
export type LoadAwsKeys = LoadToken<AwsKeys>
export type AwsKeyCache = TokenCache<AwsKeys>

/** Temporary AWS keys by id, kept and renewed as `createTokenCache` does. */
export function createAwsKeyCache(options: AwsKeyCacheOptions): AwsKeyCache {
  return createTokenCache({ ...options, failed: 'AWS could not be reached for temporary credentials.' })
}
