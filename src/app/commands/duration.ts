const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** `90s`, `30m`, `24h`, `7d` in seconds; null: it is none, or nothing. */
export function readDuration(text: unknown): number | null {
  const { count, unit } = /^(?<count>\d{1,9})(?<unit>[smhd])$/.exec(String(text))?.groups ?? {}
  const seconds = Number(count) * (SECONDS[unit as keyof typeof SECONDS] ?? 0)
  return seconds > 0 ? seconds : null
}
