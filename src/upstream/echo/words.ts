/** A text in pieces of one word each, the space after it included: joined they are the text. */
export function splitWords(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? []
}

/** How many words: what the echo upstream counts as tokens. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}
