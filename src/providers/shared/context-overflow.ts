/** How providers say that a prompt is longer than the model's context (providers' facts §16, §7.9, §6). */
const overflows: readonly RegExp[] = [
  /prompt is too long/i,
  /input is too long/i,
  /maximum context length/i,
  /context[ _]?(?:length|window|limit)[^.]{0,80}(?:exceed|too)|exceed[^.]{0,80}context[ _](?:length|window|limit)/i,
  /input token count[^.]{0,80}exceeds/i,
  /too many (?:input )?tokens(?! per)/i,
]

/** Whether a refusal's message means that the conversation does not fit into the model. */
export function isContextOverflow(message: string): boolean {
  return overflows.some((pattern) => pattern.test(message))
}
