import { z } from 'zod'

/** RFC 9110 §5.6.2 and §5.5: a token, and what may stand in a value. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** The gateway's own: the signer's, the transport's, and those by which a message is framed. */
const reserved = [
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
  'upgrade',
]

const headerName = z
  .string()
  .toLowerCase()
  .regex(HEADER_NAME, { error: 'is no name for a header' })
  .refine((name) => !reserved.includes(name), { error: 'is a header that the gateway sets itself' })

/** What one upstream needs otherwise than its provider's table says (design §5, connections). */
export const overrides = z.strictObject({
  set: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Top-level fields set in the provider's body, last"),
  drop: z.array(z.string().min(1)).optional().describe("Top-level fields taken out of the provider's body"),
  headers: z.record(headerName, z.string().regex(HEADER_VALUE, { error: 'must be printable' })).optional(),
  capabilities: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number or true or false' }),
    )
    .optional()
    .describe("Switches of the provider's per-model table, by name"),
})
