import type { TurnPiece } from './merge-turns.ts'
import { invalid } from './refusals.ts'
import type { PlacedMessage } from './system-messages.ts'

/**
 * Throws 400 `invalid_request` where a whole turn of the user holds nothing that could be sent: without it the
 * conversation would be another (providers' facts §3.3). `pieces` are the messages', one for one; `model` is what the
 * message calls it.
 */
export function refuseEmptyTurns(
  messages: readonly PlacedMessage[],
  pieces: readonly TurnPiece<unknown>[],
  model: string,
): void {
  let start = 0
  for (let end = 1; end <= pieces.length; end++) {
    if (pieces[end]?.role === pieces[start]?.role) continue
    const turn = pieces.slice(start, end)
    const isEmpty = turn.every(({ results, blocks }) => results.length + blocks.length === 0)
    if (isEmpty && turn[0]?.role === 'user') {
      const at = `${messages[start]?.at}.content`
      throw invalid(at, `\`${at}\` is empty: ${model} needs some text, image or file in every user turn.`)
    }
    start = end
  }
}
