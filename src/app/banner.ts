/** What a newcomer needs to try the gateway; printed once, on plain standard output, and never in the log. */
export interface BannerFacts {
  readonly url: string
  readonly teamToken: string
  readonly adminToken: string
  /** A chat model that the team may use; null where there is none yet. */
  readonly model: string | null
}

export function banner({ url, teamToken, adminToken, model }: BannerFacts): string {
  const lines = [
    'Modelgate is ready, on embedded state and with no issuer configured: whoever can read this may use it.',
    '',
    `  base URL     ${url}/v1`,
    `  team token   ${teamToken}`,
    `  admin token  ${adminToken}`,
  ]
  if (model !== null) lines.push('', 'Try it:', '', `  ${curl(url, teamToken, model)}`)
  return `\n${lines.join('\n')}\n\n`
}

function curl(url: string, token: string, model: string): string {
  const body = { model, stream: true, messages: [{ role: 'user', content: 'Hello from the other side' }] }
  const words = [
    'curl -sN',
    `${url}/v1/chat/completions`,
    '-H',
    quoted(`authorization: Bearer ${token}`),
    '-H',
    quoted('content-type: application/json'),
    '-d',
    quoted(JSON.stringify(body)),
  ]
  return words.join(' ')
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
