/** An element of a picture, as it is written. */
export type Shape = string

export interface Picture {
  readonly width: number
  readonly height: number
  /** What it shows, for those who do not see it. */
  readonly title: string
  readonly shapes: readonly Shape[]
}

/** An SVG document (SVG 1.1) with no background of its own and no outside parts. */
export function svgOf({ width, height, title, shapes }: Picture): string {
  const head = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': 'system-ui, sans-serif',
  }
  const inner = [`<title>${escape(title)}</title>`, ...shapes].map((shape) => `  ${shape}`).join('\n')
  return `<svg${attributes(head)}>\n${inner}\n</svg>\n`
}

export type Attributes = Readonly<Record<string, string | number>>

export function element(name: string, given: Attributes, content?: string): Shape {
  return content === undefined
    ? `<${name}${attributes(given)}/>`
    : `<${name}${attributes(given)}>${escape(content)}</${name}>`
}

export interface TextStyle {
  readonly size: number
  readonly fill: string
  readonly weight?: number
  readonly anchor?: 'start' | 'middle' | 'end'
}

export function text(x: number, y: number, content: string, style: TextStyle): Shape {
  const { size, fill, weight, anchor } = style
  const look = {
    ...(weight !== undefined && { 'font-weight': weight }),
    ...(anchor !== undefined && { 'text-anchor': anchor }),
  }
  return element('text', { x, y, 'font-size': size, fill, ...look }, content)
}

function attributes(given: Attributes): string {
  return Object.entries(given)
    .map(([name, value]) => ` ${name}="${escape(typeof value === 'number' ? shortest(value) : value)}"`)
    .join('')
}

function shortest(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} has no place in a picture`)
  return String(Math.round(value * 10) / 10)
}

const special: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escape(content: string): string {
  return content.replace(/[&<>"]/g, (character) => special[character] ?? character)
}
