import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadConfig } from '../../src/config.ts'
import { createProviders } from '../../src/providers/index.ts'
import { chart, helm, render, renderSidecarExample } from '../../tools/helm/render.ts'
import { clusterFaults } from '../../tools/kubernetes/cluster-faults.ts'
import type { Manifest } from '../../tools/kubernetes/manifest.ts'
import { typeFaults } from '../../tools/kubernetes/type-faults.ts'

const shared = { redis: { url: 'redis://redis:6379' }, masterKey: { existingSecret: 'modelgate' } }
const issuer = { issuer: 'https://login.example.com', audience: 'modelgate', teams: ['research'] }

/** Values, by what they are for. */
const matrix: Record<string, Record<string, unknown>> = {
  'as it comes': {},
  'two replicas, by Redis': { ...shared, replicaCount: 2 },
  'two replicas of one file': { replicaCount: 2, config: { admin: { enabled: false } } },
  'scaled by load': {
    ...shared,
    autoscaling: {
      enabled: true,
      metrics: [
        {
          type: 'Pods',
          pods: {
            metric: { name: 'modelgate_inflight_requests' },
            target: { type: 'AverageValue', averageValue: '50' },
          },
        },
      ],
    },
  },
  'everything in Secrets': {
    redis: { existingSecret: 'redis', key: 'url' },
    masterKey: { existingSecret: 'modelgate', key: 'master' },
    adminToken: { existingSecret: 'modelgate', key: 'admin' },
    envFrom: [{ secretRef: { name: 'provider-keys' } }],
    env: [{ name: 'LOG_LEVEL', value: 'debug' }],
    volumes: [{ name: 'google', secret: { secretName: 'google' } }],
    volumeMounts: [{ name: 'google', mountPath: '/var/run/secrets/google', readOnly: true }],
  },
  'on a volume': { persistence: { enabled: true, storageClassName: 'fast', size: '2Gi' } },
  'on a volume that is there': { persistence: { enabled: true, existingClaim: 'kept' } },
  'an identity at a cloud': {
    serviceAccount: {
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/modelgate' },
    },
    podLabels: { 'azure.workload.identity/use': 'true' },
  },
  'a service account that is there': { serviceAccount: { create: false, name: 'theirs' } },
  watched: {
    serviceMonitor: { enabled: true },
    prometheusRule: { enabled: true },
    dashboards: { enabled: true },
  },
  'behind an ingress': {
    ingress: {
      enabled: true,
      className: 'nginx',
      annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '1200' },
      hosts: [{ host: 'models.example.com' }],
      tls: [{ hosts: ['models.example.com'], secretName: 'models-tls' }],
    },
  },
  fenced: {
    ...shared,
    networkPolicy: {
      enabled: true,
      clients: [{ namespaceSelector: { matchLabels: { team: 'research' } } }],
      scrapers: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      egress: [{ ports: [{ port: 8443, protocol: 'TCP' }] }],
    },
  },
  'TLS of its own, all on one port': {
    config: {
      listen: { port: 8443, tls: { cert_file: '/tls/tls.crt', key_file: '/tls/tls.key' } },
      telemetry: { port: null },
      limits: { max_body_bytes: 67_108_864 },
      upstream: { total_timeout_ms: 900_000 },
    },
    volumes: [{ name: 'tls', secret: { secretName: 'tls' } }],
    volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
    serviceMonitor: { enabled: true },
    ingress: { enabled: true, hosts: [{ host: 'a.test', paths: ['/', '/v1'] }] },
    networkPolicy: { enabled: true },
  },
  'an issuer beside the cluster': {
    config: { auth: { issuers: [issuer] } },
    clusterIdentity: { teamPrefix: 'app-', issuer: 'https://oidc.example.com/id/A1' },
  },
  'an issuer instead of the cluster': {
    config: { auth: { issuers: [issuer] } },
    clusterIdentity: { enabled: false },
  },
  'the control plane on a port of its own': {
    config: { admin: { port: 8081 } },
    service: { type: 'LoadBalancer' },
  },
}

const rendered = new Map<string, Manifest[]>()
beforeAll(async () => {
  for (const [name, values] of Object.entries(matrix)) rendered.set(name, await render({ values }))
  rendered.set('a sidecar', await renderSidecarExample())
}, 60_000)

function of<Type>(name: string, kind: string): Type {
  const found = rendered.get(name)?.find((manifest) => manifest.kind === kind)
  if (found === undefined) throw new Error(`${name} has no ${kind}`)
  return found as unknown as Type
}
const podOf = (name: string) => of<IDeployment>(name, 'Deployment').spec?.template.spec
const fileOf = (name: string) => of<IConfigMap>(name, 'ConfigMap').data?.['modelgate.yaml'] ?? ''

describe.each([...Object.keys(matrix), 'a sidecar'])('the chart, %s', (name) => {
  it('is what Kubernetes takes', async () => {
    const manifests = rendered.get(name) ?? []
    expect(manifests.length).toBeGreaterThan(1)
    expect(clusterFaults(manifests)).toEqual([])
    expect(await typeFaults(manifests)).toEqual([])
  })

  it('has a configuration that the gateway takes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'modelgate-chart-'))
    try {
      const path = join(directory, 'modelgate.yaml')
      // Certificates come from a Secret; whether they are good is not the chart's to say.
      await writeFile(
        path,
        fileOf(name)
          .replace(/^ +(cert|key)_file: .*\n/gm, '')
          .replace('tls:\n', 'tls: {}\n'),
      )
      const environment = { POD_IP: '10.1.2.3', OPENAI_API_KEY: 'sk-planted' }
      const loaded = await loadConfig({ path, environment, providers: createProviders() })
      expect(loaded).not.toHaveProperty('faults')
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('leaves time for the pause, for the drain and for the end', () => {
    const { drain } = parse(fileOf(name)) as { drain: { grace_seconds: number; timeout_seconds: number } }
    const pod = podOf(name)
    const pause = pod?.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0
    const seconds = pause + drain.grace_seconds + drain.timeout_seconds
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(seconds + 10)
  })

  it('runs as nobody in particular, on a file system that it cannot change', () => {
    const pod = podOf(name)
    const all = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]
    const gateway = all.find((container) => container.name === 'modelgate')
    expect(gateway?.securityContext).toMatchObject({
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
  })
})

describe('the chart', () => {
  it('passes `helm lint`, and its package holds all that its templates read', async () => {
    expect(await helm('lint', '--strict', chart)).toContain('0 chart(s) failed')
    const directory = await mkdtemp(join(tmpdir(), 'modelgate-package-'))
    try {
      await helm('package', chart, '--destination', directory)
      const [name = ''] = await readdir(directory)
      const { stdout } = await promisify(execFile)('tar', ['-tzf', join(directory, name)])
      const files = stdout.trim().split('\n')
      for (const file of ['values.schema.json', 'templates/_sidecar.tpl', 'templates/deployment.yaml']) {
        expect(files).toContain(`modelgate/${file}`)
      }
      expect(files.filter((file) => file.includes('examples/'))).toEqual([])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('tells whoever installs it how to try it', async () => {
    const said = await helm('install', 'test', chart, '--namespace', 'gateways', '--dry-run=client')
    expect(said).toContain('http://test-modelgate.gateways.svc:80/v1')
    expect(said).toContain('create token default --audience modelgate')
  })

  it('takes rules and dashboards as they are written, what looks like a template of Helm’s included', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'modelgate-watched-'))
    try {
      await cp(chart, directory, { recursive: true, dereference: true })
      const summary = '{{ $labels.instance }} is down'
      const rules = [{ alert: 'Down', expr: 'up == 0', annotations: { summary } }]
      const groups = [{ name: 'planted', rules }]
      await writeFile(join(directory, 'files/prometheus/planted.rules.yml'), stringify({ groups }))
      await writeFile(join(directory, 'files/dashboards/Over_view.json'), '{"legend": "{{model}}"}')
      const values = { prometheusRule: { enabled: true }, dashboards: { enabled: true } }
      const manifests = await render({ chart: directory, values })
      const rule = manifests.find(({ kind }) => kind === 'PrometheusRule')
      expect(rule?.['spec']).toEqual({ groups: expect.arrayContaining(groups) })
      const dashboard = manifests.find(({ metadata }) => metadata.name === 'test-modelgate-over-view')
      expect(dashboard).toMatchObject({
        metadata: { labels: { grafana_dashboard: '1' } },
        data: { 'Over_view.json': '{"legend": "{{model}}"}\n' },
      })
      expect(await typeFaults(manifests)).toEqual([])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('drains for ten minutes unless told otherwise', async () => {
    expect(parse(fileOf('as it comes'))).toMatchObject({ drain: { timeout_seconds: 600 } })
    expect(podOf('as it comes')?.terminationGracePeriodSeconds).toBe(625)
    const [deployment] = (await render({ values: { config: { drain: { timeout_seconds: 30 } } } })).filter(
      ({ kind }) => kind === 'Deployment',
    )
    expect(deployment).toMatchObject({ spec: { template: { spec: { terminationGracePeriodSeconds: 55 } } } })
  })

  it('does not start a replica anew because it waits for Redis', () => {
    const [gateway] = podOf('two replicas, by Redis')?.containers ?? []
    expect(gateway).toMatchObject({
      startupProbe: { httpGet: { path: '/healthz' } },
      readinessProbe: { httpGet: { path: '/readyz' } },
      livenessProbe: { httpGet: { path: '/healthz' } },
    })
  })

  it('keeps streams whole behind ingress-nginx, and lets its annotations be replaced', () => {
    const prefix = 'nginx.ingress.kubernetes.io/'
    expect(of<IIngress>('behind an ingress', 'Ingress').metadata?.annotations).toMatchObject({
      [`${prefix}proxy-buffering`]: 'off',
      [`${prefix}proxy-body-size`]: '33554432',
      [`${prefix}proxy-read-timeout`]: '1200',
      [`${prefix}proxy-send-timeout`]: '600',
    })
    expect(of<IIngress>('TLS of its own, all on one port', 'Ingress').metadata?.annotations).toMatchObject({
      [`${prefix}proxy-body-size`]: '67108864',
      [`${prefix}proxy-read-timeout`]: '900',
      [`${prefix}backend-protocol`]: 'HTTPS',
    })
  })

  it('starts new pods for what a running gateway does not take up, and for nothing else', async () => {
    const checksum = async (config: Record<string, unknown>) => {
      const manifests = await render({ values: { config } })
      const deployment = manifests.find(({ kind }) => kind === 'Deployment') as unknown as IDeployment
      return deployment.spec?.template.metadata?.annotations?.['checksum/config']
    }
    const before = await checksum({})
    expect(await checksum({ models: [] })).toBe(before)
    expect(await checksum({ limits: { max_inflight: 5 } })).not.toBe(before)
  })

  it('asks the API server with the pod’s own token, and others as the internet does', () => {
    expect(fileOf('as it comes')).toContain(
      'jwks_uri: https://kubernetes.default.svc.cluster.local/openid/v1/jwks',
    )
    expect(fileOf('an issuer beside the cluster')).not.toContain('jwks_uri')
    expect(fileOf('an issuer beside the cluster')).toContain('team_prefix: app-')
  })
})

describe('values that would start and then not do what was meant are refused', () => {
  it.each([
    ['Redis without a master key', { redis: shared.redis }, 'masterKey.existingSecret'],
    [
      'several replicas, each with a control plane of its own',
      { replicaCount: 2 },
      'several replicas without Redis',
    ],
    [
      'a volume for several',
      { ...shared, replicaCount: 2, persistence: { enabled: true } },
      'instead of persistence',
    ],
    ['two issuers that may speak for any team', { config: { auth: { issuers: [issuer] } } }, 'teamPrefix'],
    [
      'Sentinels without a master key',
      { config: { state: { redis: { sentinels: ['s-1:26379'], sentinel_name: 'main' } } } },
      'masterKey.existingSecret',
    ],
    [
      'an end that is shorter than the drain',
      { terminationGracePeriodSeconds: 609 },
      'terminationGracePeriodSeconds is 609, and the pause and the drain take 610',
    ],
    [
      'a scaler with more at least than at most',
      { ...shared, autoscaling: { enabled: true, minReplicas: 11 } },
      'autoscaling.maxReplicas',
    ],
    [
      'a scaler by a share of nothing',
      { ...shared, autoscaling: { enabled: true }, resources: { requests: { cpu: null } } },
      'resources.requests.cpu',
    ],
    ['a word that is no value', { replicas: 3 }, 'replicas'],
    ['a type that is none', { service: { type: 'Everywhere' } }, '/service/type'],
    ['a password in the open', { ...shared, redis: { url: 'redis://:secret@redis' } }, '/redis/url'],
  ])('%s', async (_, values, words) => {
    await expect(render({ values })).rejects.toThrow(words)
  })
})

describe('the sidecar', () => {
  it('starts before the application, and is stopped after it', () => {
    const pod = podOf('a sidecar')
    expect(pod?.initContainers).toMatchObject([
      { name: 'modelgate', restartPolicy: 'Always', startupProbe: { httpGet: { path: '/readyz' } } },
    ])
    expect(pod?.containers.map(({ name }) => name)).toEqual(['application'])
  })

  it('is the application’s alone: its data plane is on loopback, what the kubelet probes on the pod’s address', () => {
    expect(parse(fileOf('a sidecar'))).toMatchObject({
      listen: { host: '127.0.0.1', port: 8080 },
      telemetry: { host: '${POD_IP}', port: 9090 },
      health: { enabled: false },
    })
    const [gateway] = podOf('a sidecar')?.initContainers ?? []
    expect(gateway?.ports).toEqual([{ name: 'mg-telemetry', containerPort: 9090 }])
    expect(gateway?.env).toContainEqual({
      name: 'POD_IP',
      valueFrom: { fieldRef: { fieldPath: 'status.podIP' } },
    })
  })

  it('takes the pod’s projected token for its local identity, and the namespace for its team', () => {
    const { auth } = parse(fileOf('a sidecar')) as {
      auth: { issuers: Record<string, unknown>[]; local_identity: { token_file: string } }
    }
    expect(auth.issuers).toMatchObject([
      { audience: 'modelgate', teams_claim: ['kubernetes.io', 'namespace'] },
    ])
    const pod = podOf('a sidecar')
    const mount = pod?.initContainers?.[0]?.volumeMounts?.find(({ name }) => name === 'modelgate-cluster')
    const sources = pod?.volumes?.find(({ name }) => name === 'modelgate-cluster')?.projected?.sources
    const token = sources?.find(({ serviceAccountToken }) => serviceAccountToken?.audience === 'modelgate')
    expect(auth.local_identity.token_file).toBe(`${mount?.mountPath}/${token?.serviceAccountToken?.path}`)
    expect(pod?.containers[0]?.volumeMounts).toBeUndefined()
  })

  it('is where the application’s client looks', () => {
    expect(podOf('a sidecar')?.containers[0]?.env).toContainEqual({
      name: 'OPENAI_BASE_URL',
      value: 'http://127.0.0.1:8080/v1',
    })
  })
})
