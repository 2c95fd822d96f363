export type CapabilityValue = string | number | boolean

/** What models of a provider can do: the first row whose text is in the model's name counts, laid over `base`. */
export interface CapabilityTable<Capabilities> {
  readonly base: Capabilities
  readonly rows: readonly (readonly [nameHas: string, capabilities: Partial<Capabilities>])[]
}

/**
 * One model's capabilities: the table's, then each of `overrides` in turn (a dialect's, a connection's
 * `overrides.capabilities`). An override of another name or type than the table's is passed over.
 */
export function resolveCapabilities<Capabilities extends object>(
  table: CapabilityTable<Capabilities>,
  modelName: string,
  ...overrides: readonly (Readonly<Record<string, CapabilityValue>> | undefined)[]
): Capabilities {
  const name = modelName.toLowerCase()
  const row = table.rows.find(([nameHas]) => name.includes(nameHas))
  const resolved = { ...table.base, ...row?.[1] } as Record<string, unknown>
  for (const [key, value] of overrides.flatMap((one) => Object.entries(one ?? {}))) {
    if (Object.hasOwn(resolved, key) && typeof resolved[key] === typeof value) resolved[key] = value
  }
  return resolved as Capabilities
}
