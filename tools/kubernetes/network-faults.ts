import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IService } from 'kubernetes-models/v1/Service'
import { type Manifest, titleOf } from './manifest.ts'

/** An Ingress to a Service or a port that is not among the manifests; a sentence each. */
export function ingressFaults(manifest: Manifest, manifests: readonly Manifest[]): string[] {
  if (manifest.kind !== 'Ingress') return []
  const { rules = [] } = (manifest as unknown as IIngress).spec ?? {}
  const backends = rules
    .flatMap(({ http }) => http?.paths ?? [])
    .flatMap(({ backend }) => backend.service ?? [])
  return backends.flatMap(({ name, port }) => {
    const service = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name)
    if (service === undefined) return [`${titleOf(manifest)}: there is no Service/${name}`]
    const { ports = [] } = (service as unknown as IService).spec ?? {}
    const isThere = ports.some((entry) => entry.name === port?.name || entry.port === port?.number)
    return isThere ? [] : [`${titleOf(manifest)}: Service/${name} has no port ${port?.name ?? port?.number}`]
  })
}

/** A NetworkPolicy that lets in to a port by a name that no container has; a sentence each. */
export function policyFaults(
  manifest: Manifest,
  workloads: readonly { readonly containers: readonly IContainer[] }[],
): string[] {
  if (manifest.kind !== 'NetworkPolicy') return []
  const names = workloads.flatMap(({ containers }) => containers.flatMap(({ ports = [] }) => ports))
  const { ingress = [] } = (manifest as unknown as INetworkPolicy).spec ?? {}
  return ingress
    .flatMap(({ ports = [] }) => ports.map(({ port }) => port))
    .filter((port) => typeof port === 'string' && !names.some(({ name }) => name === port))
    .map((port) => `${titleOf(manifest)}: no container has a port ${port}`)
}
