import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { expect, it } from 'vitest'
import { chart, helm, render, renderSidecarExample } from '../../tools/helm/render.ts'
import type { Manifest } from '../../tools/kubernetes/manifest.ts'

const shared = { redis: { existingSecret: 'redis', key: 'url' }, masterKey: { existingSecret: 'modelgate' } }

const named = (manifests: readonly Manifest[], kind: string) =>
  manifests.find((manifest) => manifest.kind === kind)

async function podOf(values: Record<string, unknown>): Promise<{ pod: IPodSpec; gateway: IContainer }> {
  const deployment = named(await render({ values }), 'Deployment') as unknown as IDeployment
  const pod = deployment.spec?.template.spec
  const [gateway] = pod?.containers ?? []
  if (pod === undefined || gateway === undefined) throw new Error('no gateway')
  return { pod, gateway }
}

it('secrets come from Secrets that are there, by the names the gateway reads; the chart writes none', async () => {
  const values = { ...shared, adminToken: { existingSecret: 'admin', key: 'token' } }
  const { gateway } = await podOf(values)
  const from = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } })
  expect(gateway.env).toEqual(
    expect.arrayContaining([
      { name: 'MODELGATE_MASTER_KEY', ...from('modelgate', 'master-key') },
      { name: 'MODELGATE_ADMIN_TOKEN', ...from('admin', 'token') },
      { name: 'REDIS_URL', ...from('redis', 'url') },
    ]),
  )
  expect(named(await render({ values }), 'Secret')).toBeUndefined()
})

it('what a user adds to the container is there', async () => {
  const env = [{ name: 'LOG_LEVEL', value: 'debug' }]
  const envFrom = [{ secretRef: { name: 'provider-keys' } }]
  const volumes = [{ name: 'google', secret: { secretName: 'google' } }]
  const volumeMounts = [{ name: 'google', mountPath: '/var/run/secrets/google', readOnly: true }]
  const { pod, gateway } = await podOf({ env, envFrom, volumes, volumeMounts })
  expect(gateway.env).toEqual(expect.arrayContaining(env))
  expect(gateway.envFrom).toEqual(envFrom)
  expect(pod.volumes).toEqual(expect.arrayContaining(volumes))
  expect(gateway.volumeMounts).toEqual(expect.arrayContaining(volumeMounts))
})

it('a pod pauses before SIGTERM, unless it is not to', async () => {
  const { gateway } = await podOf({})
  expect(gateway.lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } })
  const { pod, gateway: hasty } = await podOf({ preStop: { sleepSeconds: 0 } })
  expect(hasty.lifecycle).toBeUndefined()
  expect(pod.terminationGracePeriodSeconds).toBe(620)
})

it('probes leave the time that a replica needs, and no more', async () => {
  const { gateway } = await podOf({})
  const patience = (probe: { periodSeconds?: number; failureThreshold?: number } | undefined) =>
    (probe?.periodSeconds ?? 10) * (probe?.failureThreshold ?? 3)
  expect(patience(gateway.readinessProbe)).toBeLessThanOrEqual(10)
  expect(patience(gateway.livenessProbe)).toBe(60)
  expect(patience(gateway.startupProbe)).toBe(60)
  for (const probe of [gateway.readinessProbe, gateway.livenessProbe, gateway.startupProbe])
    expect(probe?.httpGet).toMatchObject({ port: 'telemetry', scheme: 'HTTP' })
})

it('the scaler goes by CPU and what is added, slowly down; the deployment then says no number', async () => {
  const metric = {
    type: 'Pods',
    pods: {
      metric: { name: 'modelgate_inflight_requests' },
      target: { type: 'AverageValue', averageValue: '200' },
    },
  }
  const values = { ...shared, autoscaling: { enabled: true, maxReplicas: 4, metrics: [metric] } }
  const manifests = await render({ values })
  const cpu = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
  }
  expect(named(manifests, 'HorizontalPodAutoscaler')?.['spec']).toMatchObject({
    minReplicas: 2,
    maxReplicas: 4,
    metrics: [cpu, metric],
    behavior: { scaleDown: { stabilizationWindowSeconds: 600 } },
  })
  expect(named(manifests, 'Deployment')?.['spec']).not.toHaveProperty('replicas')
  expect(named(manifests, 'Deployment')).toMatchObject({
    spec: { template: { spec: { containers: [{ resources: { requests: { cpu: '500m' } } }] } } },
  })
})

it('of several replicas one may be disrupted at a time; a single one holds nothing up', async () => {
  const several = await render({ values: { ...shared, replicaCount: 3 } })
  expect(named(several, 'PodDisruptionBudget')?.['spec']).toMatchObject({
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  })
  expect(named(several, 'Deployment')?.['spec']).toMatchObject({
    replicas: 3,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
  })
  expect(named(await render(), 'PodDisruptionBudget')).toBeUndefined()
})

it('replicas are spread over zones and nodes', async () => {
  const { pod } = await podOf({ ...shared, replicaCount: 3 })
  expect(pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual([
    'topology.kubernetes.io/zone',
    'kubernetes.io/hostname',
  ])
  const { pod: anywhere } = await podOf({ topologySpread: { enabled: false } })
  expect(anywhere.topologySpreadConstraints).toBeUndefined()
})

it('the service account has what a cloud wants to read, and no token of its own is mounted', async () => {
  const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/modelgate' }
  const account = named(await render({ values: { serviceAccount: { annotations } } }), 'ServiceAccount')
  expect(account).toMatchObject({ metadata: { annotations }, automountServiceAccountToken: false })
  const { pod } = await podOf({})
  expect(pod).toMatchObject({
    serviceAccountName: account?.metadata.name,
    automountServiceAccountToken: false,
  })
  const theirs = { serviceAccount: { create: false, name: 'theirs' } }
  expect((await podOf(theirs)).pod.serviceAccountName).toBe('theirs')
  expect(named(await render({ values: theirs }), 'ServiceAccount')).toBeUndefined()
})

it('Prometheus scrapes /metrics at the service that stays inside', async () => {
  const monitor = named(
    await render({ values: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } } }),
    'ServiceMonitor',
  )
  expect(monitor).toMatchObject({
    metadata: { labels: { release: 'prometheus' } },
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/component': 'internal' } },
      endpoints: [{ port: 'telemetry', path: '/metrics', interval: '30s', scrapeTimeout: '10s' }],
    },
  })
})

it('whoever installs it is told what becomes of state and of streams', async () => {
  const said = async (...sets: string[]) =>
    helm('install', 'test', chart, '--dry-run=client', ...sets.flatMap((set) => ['--set', set]))
  expect(await said()).toMatch(/State is embedded and goes with the pod[^]*A pod that ends has 625 s/)
  expect(await said('persistence.enabled=true')).toContain('State is embedded, on a volume')
  expect(await said('redis.existingSecret=redis', 'masterKey.existingSecret=modelgate')).toContain(
    'State is shared through Redis',
  )
  expect(await said('clusterIdentity.enabled=false')).toContain('No issuer is configured')
})

it('who sets Redis and no master key is told what to make, of the sidecar too', async () => {
  const redis = { url: 'redis://redis:6379' }
  const words = /masterKey\.existingSecret[^]*kubectl create secret generic/
  await expect(render({ values: { redis } })).rejects.toThrow(words)
  await expect(renderSidecarExample({ modelgate: { redis } })).rejects.toThrow(words)
  const complete = { redis, masterKey: { existingSecret: 'modelgate' } }
  expect(named(await renderSidecarExample({ modelgate: complete }), 'ConfigMap')).toBeDefined()
})
