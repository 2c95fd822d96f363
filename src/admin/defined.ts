type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined | null> }

/** The members that have a value: what is absent in a record is absent, not undefined or null. */
export function defined<Fields extends Record<string, unknown>>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as Defined<Fields>
}
