/** What one message of the client's comes to: tool results apart from the rest, since they go first. */
export interface TurnPiece<Block> {
  readonly role: 'user' | 'assistant'
  readonly results: readonly Block[]
  readonly blocks: readonly Block[]
}

export interface Turn<Block> {
  readonly role: 'user' | 'assistant'
  readonly blocks: Block[]
}

/**
 * Joins neighbours of one role into one turn, for providers whose turns alternate (providers' facts §3.3): all tool
 * results that answer one assistant turn stand in one user turn, before its other content. Pieces without blocks
 * vanish.
 */
export function mergeTurns<Block>(pieces: readonly TurnPiece<Block>[]): Turn<Block>[] {
  const turns: { role: TurnPiece<Block>['role']; results: Block[]; blocks: Block[] }[] = []
  for (const { role, results, blocks } of pieces) {
    if (results.length + blocks.length === 0) continue
    const last = turns.at(-1)
    if (last?.role === role) {
      last.results.push(...results)
      last.blocks.push(...blocks)
    } else {
      turns.push({ role, results: [...results], blocks: [...blocks] })
    }
  }
  return turns.map(({ role, results, blocks }) => ({ role, blocks: [...results, ...blocks] }))
}
