/** A Kubernetes object, not checked yet. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly [field: string]: unknown
}

export function titleOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata?.name}`
}
