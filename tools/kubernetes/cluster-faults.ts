import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec'
import type { IService } from 'kubernetes-models/v1/Service'
import { type Manifest, titleOf } from './manifest.ts'
import { ingressFaults, policyFaults } from './network-faults.ts'

interface Workload {
  readonly title: string
  readonly selector: Labels
  readonly pod: IPodTemplateSpec
  readonly containers: readonly IContainer[]
}
type Labels = Readonly<Record<string, string>>

/** ConfigMaps that every namespace has. */
const given = ['kube-root-ca.crt']
/** RFC 1123 labels, which most names must be; ports' names are shorter. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/

/**
 * What is wrong with manifests that are to be applied together, and that no type shows: names that lead nowhere,
 * selectors that select nothing, a sidecar that does not hold its application back. A sentence each.
 */
export function clusterFaults(manifests: readonly Manifest[]): string[] {
  const workloads = manifests.filter(({ kind }) => kind === 'Deployment').map(workloadOf)
  return [
    ...nameFaults(manifests),
    ...manifests.filter(({ apiVersion }) => /alpha|beta/.test(apiVersion)).map(passing),
    ...workloads.flatMap((workload) => [
      ...podFaults(workload, manifests),
      ...workload.containers.flatMap((container) => containerFaults(workload, container)),
    ]),
    ...manifests.flatMap((manifest) => selectorFaults(manifest, workloads)),
    ...manifests.flatMap((manifest) => targetFaults(manifest, manifests)),
    ...manifests.flatMap((manifest) => ingressFaults(manifest, manifests)),
    ...manifests.flatMap((manifest) => policyFaults(manifest, workloads)),
  ]
}

function passing(manifest: Manifest): string {
  return `${titleOf(manifest)}: clusters drop versions such as ${manifest.apiVersion}`
}

function workloadOf(manifest: Manifest): Workload {
  const spec = manifest['spec'] as { template: IPodTemplateSpec; selector: { matchLabels?: Labels } }
  const pod = spec.template.spec
  const containers = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]
  return {
    title: titleOf(manifest),
    selector: spec.selector.matchLabels ?? {},
    pod: spec.template,
    containers,
  }
}

function nameFaults(manifests: readonly Manifest[]): string[] {
  const titles = manifests.map(titleOf)
  return titles.flatMap((title, index) => [
    ...(LABEL.test(manifests[index]?.metadata.name ?? '') ? [] : [`${title}: the name is no DNS label`]),
    ...(titles.indexOf(title) < index ? [`${title}: is there twice`] : []),
  ])
}

function podFaults({ title, pod, selector, containers }: Workload, manifests: readonly Manifest[]): string[] {
  const faults: string[] = []
  if (!isWithin(selector, pod.metadata?.labels ?? {})) faults.push(`${title}: does not select its own pods`)
  const names = containers.map(({ name }) => name)
  if (new Set(names).size < names.length) faults.push(`${title}: two containers have one name`)
  const maps = manifests.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name)
  const claims = manifests.filter(({ kind }) => kind === 'PersistentVolumeClaim')
  for (const { name, configMap, projected, persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    const wanted = [configMap, ...(projected?.sources ?? []).map((source) => source.configMap)]
    for (const map of wanted.flatMap((source) => source?.name ?? [])) {
      if (![...maps, ...given].includes(map)) faults.push(`${title}: volume ${name} has no ConfigMap ${map}`)
    }
    const claim = persistentVolumeClaim?.claimName
    const isOwn = claims.some(({ metadata }) => metadata.name === claim)
    // Where the manifests bring claims, a volume on another is a slip; where they bring none, it is there already.
    if (claim !== undefined && claims.length > 0 && !isOwn)
      faults.push(`${title}: volume ${name} has no claim ${claim}`)
  }
  const seconds = pod.spec?.terminationGracePeriodSeconds ?? 30
  const sleeps = containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0)
  if (Math.max(...sleeps) >= seconds) faults.push(`${title}: preStop takes all the time there is for the end`)
  return faults
}

function containerFaults({ title, pod }: Workload, container: IContainer): string[] {
  const at = `${title}: container ${container.name}`
  const faults: string[] = []
  const volumes = (pod.spec?.volumes ?? []).map(({ name }) => name)
  const mounts = container.volumeMounts ?? []
  for (const { name } of mounts) if (!volumes.includes(name)) faults.push(`${at} has no volume ${name}`)
  const paths = mounts.map(({ mountPath }) => mountPath)
  if (new Set(paths).size < paths.length) faults.push(`${at} mounts two volumes at one path`)
  const ports = (container.ports ?? []).map(({ name }) => name ?? '')
  for (const name of ports) if (!PORT_NAME.test(name)) faults.push(`${at}: ${name} is no port's name`)
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
    const port = container[probe]?.httpGet?.port
    if (typeof port === 'string' && !ports.includes(port)) faults.push(`${at}: ${probe} has no port ${port}`)
  }
  const isInit = pod.spec?.initContainers?.includes(container) === true
  if (!isInit) return faults
  if (container.restartPolicy !== 'Always')
    faults.push(`${at} is no sidecar: it holds the pod up until it ends`)
  if (container.startupProbe === undefined) faults.push(`${at} does not say when the application may start`)
  return faults
}

function selectorFaults(manifest: Manifest, workloads: readonly Workload[]): string[] {
  const title = titleOf(manifest)
  const selector = selectorOf(manifest)
  if (selector === null) return []
  const selected = workloads.filter(({ pod }) => isWithin(selector, pod.metadata?.labels ?? {}))
  if (selected.length === 0) return [`${title}: selects no pods`]
  if (manifest.kind !== 'Service') return []
  const known = selected.flatMap(({ containers }) =>
    containers.flatMap(({ ports = [] }) => ports.flatMap(({ name, containerPort }) => [name, containerPort])),
  )
  return ((manifest as unknown as IService).spec?.ports ?? [])
    .filter(({ port, targetPort = port }) => !known.includes(targetPort))
    .map(({ targetPort }) => `${title}: the pods have no port ${targetPort}`)
}

function selectorOf({ kind, ...manifest }: Manifest): Labels | null {
  const spec = (manifest['spec'] ?? {}) as Record<string, unknown>
  if (kind === 'Service') return (spec['selector'] as Labels | undefined) ?? null
  const labels = { PodDisruptionBudget: spec['selector'], NetworkPolicy: spec['podSelector'] }[kind]
  return labels === undefined ? null : ((labels as { matchLabels?: Labels }).matchLabels ?? {})
}

/** What other objects name by kind and name, or by the labels of a Service. */
function targetFaults(manifest: Manifest, manifests: readonly Manifest[]): string[] {
  const title = titleOf(manifest)
  const spec = manifest['spec'] as Record<string, never>
  const titles = manifests.map(titleOf)
  if (manifest.kind === 'HorizontalPodAutoscaler') {
    const { kind, name } = spec['scaleTargetRef'] as unknown as { kind: string; name: string }
    return titles.includes(`${kind}/${name}`) ? [] : [`${title}: there is no ${kind}/${name}`]
  }
  if (manifest.kind === 'ServiceMonitor') {
    const { selector, endpoints } = spec as unknown as {
      selector: { matchLabels: Labels }
      endpoints: { port: string }[]
    }
    const services = manifests.filter(
      ({ kind, metadata }) => kind === 'Service' && isWithin(selector.matchLabels, metadata.labels ?? {}),
    ) as unknown as IService[]
    const ports = services.flatMap((service) => (service.spec?.ports ?? []).map(({ name }) => name))
    return endpoints
      .filter(({ port }) => !ports.includes(port))
      .map(({ port }) => `${title}: no ${port} to scrape`)
  }
  return []
}

function isWithin(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}
