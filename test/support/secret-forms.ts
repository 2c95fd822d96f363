/** What a secret may look like in a text that is not to hold it: as it is, escaped, encoded, and both. */
export function secretForms(secret: string): string[] {
  const plain = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
  return plain.flatMap((form) => [
    form,
    Buffer.from(form).toString('hex'),
    // Wherever it begins within groups of three bytes; the ends depend on what is around it.
    ...[0, 1, 2].flatMap((shift) => {
      const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(form)])
      return [bytes.toString('base64'), bytes.toString('base64url')].map((text) => text.slice(4, -4))
    }),
  ])
}
