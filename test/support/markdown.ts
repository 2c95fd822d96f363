export interface CodeBlock {
  readonly text: string
  /** Of its first line, from 1. */
  readonly line: number
}

/** The fenced blocks of a language, without their fences. */
export function codeBlocks(markdown: string, language: string): CodeBlock[] {
  const fence = new RegExp(`^([ ]*)\`\`\`${language}\\n([^]*?)^\\1\`\`\`$`, 'gm')
  return [...markdown.matchAll(fence)].map((found) => ({
    text: (found[2] ?? '').replaceAll(new RegExp(`^${found[1] ?? ''}`, 'gm'), ''),
    line: markdown.slice(0, found.index).split('\n').length + 1,
  }))
}

export interface Link {
  readonly text: string
  readonly target: string
}

/** Links and images of the text, code left out. */
export function linksIn(markdown: string): Link[] {
  const prose = withoutCode(markdown)
  return [...prose.matchAll(/\[([^\]]*)\]\(<?([^)\s>]+)>?\)/g)].map(([, text = '', target = '']) => ({
    text,
    target,
  }))
}

/** The anchors of a page's headings, as GitHub makes them. */
export function headingSlugs(markdown: string): Set<string> {
  const slugs = new Set<string>()
  for (const [, heading = ''] of withoutBlocks(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-')
    let unique = slug
    for (let count = 1; slugs.has(unique); count += 1) unique = `${slug}-${count}`
    slugs.add(unique)
  }
  return slugs
}

/** The cells of every row of every table. */
export function tableRows(markdown: string): string[][] {
  return [...markdown.matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  )
}

/** A command with the ids that this run has in place of those that were written down. */
export function fillIn(command: string, known: ReadonlyMap<string, string>): string {
  return [...known].reduce((text, [documented, actual]) => text.replaceAll(documented, actual), command)
}

/** Whether an output is as it was written down, but for what differs in every run; `…` stands for anything. */
export function matches(output: string, shown: string): boolean {
  const actual = plain(output)
  let from = 0
  for (const piece of shown.split('…').map(plain)) {
    const at = actual.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return true
}

/** Ids, times and measurements made the same, and white space too. */
function plain(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{24,}\b|req_\w+/g, 'ID')
    .replaceAll(/"key":"eyJ[\w.-]*"?/g, '"key":"')
    .replaceAll(/"created":\d+/g, '"created":0')
    .replaceAll(/("latency_ms":|dur=)[\d.]+/g, '$10')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^ *```[^]*?^ *```$/gm, '')
}

function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replaceAll(/`[^`\n]*`/g, 'code')
}
