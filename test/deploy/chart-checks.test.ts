import { beforeAll, expect, it } from 'vitest'
import { render, renderSidecarExample } from '../../tools/helm/render.ts'
import { clusterFaults } from '../../tools/kubernetes/cluster-faults.ts'
import type { Manifest } from '../../tools/kubernetes/manifest.ts'
import { typeFaults } from '../../tools/kubernetes/type-faults.ts'

let good: Manifest[]
beforeAll(async () => {
  const values = {
    redis: { url: 'redis://redis' },
    masterKey: { existingSecret: 'modelgate' },
    autoscaling: { enabled: true },
    serviceMonitor: { enabled: true },
    networkPolicy: { enabled: true },
    ingress: { enabled: true, hosts: [{ host: 'models.example.com' }] },
  }
  good = [...(await render({ values })), ...(await renderSidecarExample())]
}, 60_000)

async function faultsOf(manifests: readonly Manifest[]): Promise<string[]> {
  return [...clusterFaults(manifests), ...(await typeFaults(manifests))]
}

it('finds nothing where there is nothing', async () => {
  expect(good.length).toBeGreaterThan(8)
  expect(await faultsOf(good)).toEqual([])
})

const deployment = 'Deployment/test-modelgate'
const container = 'spec.template.spec.containers.0'

/** Each is one change to good manifests: where, what (undefined takes it away), and a word of what is said of it. */
it.each([
  [
    'a field that is misspelt',
    deployment,
    `${container}.readynessProbe`,
    { periodSeconds: 3 },
    'readynessProbe',
  ],
  ['a field of the wrong type', deployment, 'spec.minReadySeconds', '10', 'string'],
  ['a field that is missing', deployment, 'spec.selector.matchLabels', { app: 'other' }, 'its own pods'],
  ['a required field taken away', deployment, `${container}.name`, undefined, 'name'],
  ['a word that is none of its list', deployment, `${container}.imagePullPolicy`, 'Sometimes', 'Sometimes'],
  ['a kind that its version has not', deployment, 'apiVersion', 'apps/v3', 'no such type'],
  ['a version that clusters have dropped', deployment, 'apiVersion', 'apps/v1beta1', 'clusters drop'],
  [
    'a probe of a port that is not there',
    deployment,
    `${container}.livenessProbe.httpGet.port`,
    'web',
    'no port web',
  ],
  [
    'a mount without its volume',
    deployment,
    `${container}.volumeMounts.0.name`,
    'nothing',
    'no volume nothing',
  ],
  [
    'a volume without its ConfigMap',
    deployment,
    'spec.template.spec.volumes.0.configMap.name',
    'x',
    'no ConfigMap x',
  ],
  ['a pause longer than the end', deployment, `${container}.lifecycle.preStop.sleep.seconds`, 900, 'preStop'],
  [
    'a Service that selects nothing',
    'Service/test-modelgate',
    'spec.selector',
    { app: 'x' },
    'selects no pods',
  ],
  ['a Service to a port that is none', 'Service/test-modelgate', 'spec.ports.0.targetPort', 81, 'no port 81'],
  ['a name that is none', 'Service/test-modelgate', 'metadata.name', 'Model_Gate', 'no DNS label'],
  [
    'a scaler of nothing',
    'HorizontalPodAutoscaler/test-modelgate',
    'spec.scaleTargetRef.name',
    'x',
    'Deployment/x',
  ],
  [
    'a monitor of nothing',
    'ServiceMonitor/test-modelgate',
    'spec.endpoints.0.port',
    'web',
    'no web to scrape',
  ],
  [
    'a way in to a Service that is none',
    'Ingress/test-modelgate',
    'spec.rules.0.http.paths.0.backend.service.name',
    'x',
    'no Service/x',
  ],
  [
    'a way in to a port that is none',
    'Ingress/test-modelgate',
    'spec.rules.0.http.paths.0.backend.service.port.name',
    'web',
    'has no port web',
  ],
  [
    'a fence with a door that is none',
    'NetworkPolicy/test-modelgate',
    'spec.ingress.0.ports.0.port',
    'web',
    'no container has a port web',
  ],
  [
    'a sidecar that is none',
    'Deployment/shop',
    'spec.template.spec.initContainers.0.restartPolicy',
    undefined,
    'sidecar',
  ],
  [
    'a sidecar without a start',
    'Deployment/shop',
    'spec.template.spec.initContainers.0.startupProbe',
    undefined,
    'may start',
  ],
])('refuses %s', async (_, title, path, value, words) => {
  const manifests = structuredClone(good)
  const planted = manifests.find(({ kind, metadata }) => `${kind}/${metadata.name}` === title)
  expect(planted).toBeDefined()
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  const holder = keys.reduce(
    (at, key) => at[key] as Record<string, unknown>,
    planted as Record<string, unknown>,
  )
  if (value === undefined) delete holder[last]
  else holder[last] = value
  const faults = await faultsOf(manifests)
  expect(faults).not.toEqual([])
  expect(faults.join('\n')).toContain(words)
})

it('refuses a volume without its claim', async () => {
  const manifests = await render({ values: { persistence: { enabled: true } } })
  expect(await faultsOf(manifests)).toEqual([])
  const renamed = manifests.map((manifest) =>
    manifest.kind === 'PersistentVolumeClaim' ? { ...manifest, metadata: { name: 'other' } } : manifest,
  )
  expect(clusterFaults(renamed)).toEqual([expect.stringContaining('no claim test-modelgate')])
})
