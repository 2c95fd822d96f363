/** Larger tokens are refused before any work is done on them: 16 KiB. */
export const MAX_TOKEN_CHARACTERS = 16 * 1024
