import { LimitError } from './limits.ts'

/** The first part of a parsed expression that is switched off, as the error to throw, with its position; or null. */
export function findSwitchedOff(tree: object): (Error & { position: number | null }) | null {
  const seen = new Set<object>()
  const waiting: object[] = [tree]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    const fault = faultOf(node)
    if (fault !== null) return Object.assign(new LimitError(fault), { position: positionOf(node) })
    for (const part of Object.values(node)) {
      if (typeof part === 'object' && part !== null) waiting.push(part as object)
    }
  }
  return null
}

/** A function's signature is matched by a regular expression made of it. */
function faultOf(node: object): string | null {
  if (!('type' in node)) return null
  if (node.type === 'regex') return 'regular expressions are switched off: they can block'
  if (node.type === 'lambda' && 'signature' in node && node.signature !== undefined) {
    return 'signatures of functions are switched off: they are matched by regular expressions'
  }
  return null
}

function positionOf(node: object): number | null {
  return 'position' in node && typeof node.position === 'number' ? node.position : null
}
