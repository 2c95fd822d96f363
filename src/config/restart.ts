import type { Config } from './load.ts'

/** What takes effect without a restart (design §12). */
const reloadable = new Set<keyof Config>(['credentials', 'models', 'teams', 'routes', 'certificate'])

/**
 * The sections in which two configurations differ and which only a restart takes up, so that the operator can be told.
 * Issuers are taken up; the rest of `auth` is not. Differences of secrets alone are not seen.
 */
export function needsRestart(previous: Config, next: Config): string[] {
  const fixed = (config: Config): Record<string, unknown> => ({
    ...config,
    auth: { ...config.auth, issuers: [] },
  })
  const before = fixed(previous)
  const after = fixed(next)
  return Object.keys(after).filter(
    (section) =>
      !reloadable.has(section as keyof Config) &&
      JSON.stringify(before[section]) !== JSON.stringify(after[section]),
  )
}
