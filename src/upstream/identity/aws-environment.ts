import type { FetchText } from '../fetch-text.ts'

/** The variables that AWS's own SDKs read, by their names (`AWS_ACCESS_KEY_ID`, `AWS_WEB_IDENTITY_TOKEN_FILE`, …). */
export type AwsEnvironment = Readonly<Record<string, string | undefined>>

export interface IdentitySourceOptions {
  readonly environment: AwsEnvironment
  readonly fetchText: FetchText
}
