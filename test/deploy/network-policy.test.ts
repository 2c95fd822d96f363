import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { beforeAll, describe, expect, it } from 'vitest'
import { render } from '../../tools/helm/render.ts'

type Labels = Readonly<Record<string, string>>
type Rules = NonNullable<NonNullable<INetworkPolicy['spec']>['ingress']>

const namespace = (name: string): Labels => ({ 'kubernetes.io/metadata.name': name })
const from = (name: string) => [{ namespaceSelector: { matchLabels: namespace(name) } }]
const values = {
  redis: { url: 'redis://redis:6379' },
  masterKey: { existingSecret: 'modelgate' },
  config: { admin: { port: 8081 } },
  networkPolicy: {
    enabled: true,
    clients: from('shop'),
    scrapers: from('monitoring'),
    admins: from('platform'),
  },
}

/** A policy, and the ports of the pods that it is for. */
interface Fence {
  readonly policy: INetworkPolicy
  readonly ports: ReadonlyMap<string, number>
}

async function fence(more: Record<string, unknown> = {}): Promise<Fence> {
  const manifests = await render({ values: { ...values, ...more } })
  const policy = manifests.find(({ kind }) => kind === 'NetworkPolicy') as unknown as INetworkPolicy
  const deployment = manifests.find(({ kind }) => kind === 'Deployment') as unknown as IDeployment
  const [container] = deployment.spec?.template.spec?.containers ?? []
  const ports = (container?.ports ?? []).map(({ name = '', containerPort }) => [name, containerPort] as const)
  return { policy, ports: new Map(ports) }
}

/** Whether a rule's ports have this one: by number, or by the name that the pod gives it; without ports, all. */
function hasPort({ ports }: Fence, rule: Rules[number], port: number, protocol: string): boolean {
  if (rule.ports === undefined) return true
  return rule.ports.some((entry) => {
    const number = typeof entry.port === 'string' ? ports.get(entry.port) : entry.port
    return number === port && (entry.protocol ?? 'TCP') === protocol
  })
}

/** NetworkPolicy's own rule: any of the rules, and of each any peer; a rule without peers is for all. */
function letsIn(at: Fence, namespaceLabels: Labels, port: number): boolean {
  return (at.policy.spec?.ingress ?? []).some((rule) => {
    const isFrom = rule.from?.some(({ namespaceSelector, podSelector, ipBlock }) => {
      if (podSelector !== undefined || ipBlock !== undefined) throw new Error('not expected here')
      return Object.entries(namespaceSelector?.matchLabels ?? {}).every(
        ([name, value]) => namespaceLabels[name] === value,
      )
    })
    return isFrom !== false && hasPort(at, rule, port, 'TCP')
  })
}

function letsOut(at: Fence, address: string, port: number, protocol = 'TCP'): boolean {
  return (at.policy.spec?.egress ?? []).some((rule) => {
    const isTo = rule.to?.some(({ ipBlock }) => {
      if (ipBlock === undefined) throw new Error('not expected here')
      const { cidr, except = [] } = ipBlock
      return isWithin(address, cidr) && !except.some((block) => isWithin(address, block))
    })
    return isTo !== false && hasPort(at, rule, port, protocol)
  })
}

function isWithin(address: string, cidr: string): boolean {
  const [network = '', length = '0'] = cidr.split('/')
  if (network.includes(':') !== address.includes(':')) return false
  if (length === '0') return true
  const bits = (text: string) =>
    text
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
  return bits(address).startsWith(bits(network).slice(0, Number(length)))
}

let fenced: Fence
beforeAll(async () => {
  fenced = await fence()
}, 60_000)

describe('the network policy lets in', () => {
  it.each([
    ['a client', 'shop', 8080, true],
    ['a client at telemetry', 'shop', 9090, false],
    ['a client at the control plane', 'shop', 8081, false],
    ['Prometheus', 'monitoring', 9090, true],
    ['Prometheus at the data plane', 'monitoring', 8080, false],
    ['whoever manages it', 'platform', 8081, true],
    ['others', 'elsewhere', 8080, false],
  ])('%s: %s at %i, %s', (_, name, port, isAllowed) => {
    expect(letsIn(fenced, namespace(name), port)).toBe(isAllowed)
  })

  it('everybody where nobody is named, but to the control plane on a port of its own nobody', async () => {
    const open = await fence({ networkPolicy: { enabled: true } })
    for (const port of [8080, 9090]) expect(letsIn(open, namespace('elsewhere'), port)).toBe(true)
    expect(letsIn(open, namespace('elsewhere'), 8081)).toBe(false)
  })

  it('scrapers and clients at the one port, where there is one', async () => {
    const one = await fence({ config: { telemetry: { port: null } } })
    for (const name of ['shop', 'monitoring']) expect(letsIn(one, namespace(name), 8080)).toBe(true)
    expect(letsIn(one, namespace('elsewhere'), 8080)).toBe(false)
  })
})

describe('the network policy lets out', () => {
  it.each([
    ['DNS', '10.96.0.10', 53, 'UDP', true],
    ['DNS in long answers', '10.96.0.10', 53, 'TCP', true],
    ['DNS of the node', '169.254.20.10', 53, 'UDP', true],
    ['HTTPS to a provider', '192.0.2.7', 443, 'TCP', true],
    ['HTTPS by IPv6', '2001:db8::7', 443, 'TCP', true],
    ['the API server, for its keys', '172.18.0.2', 6443, 'TCP', true],
    ['Redis', '10.1.2.3', 6379, 'TCP', true],
    ['a Sentinel', '10.1.2.3', 26_379, 'TCP', true],
    ['plain HTTP', '192.0.2.7', 80, 'TCP', false],
    ['the metadata of a cloud', '169.254.169.254', 80, 'TCP', false],
    ['the metadata of a cloud by HTTPS', '169.254.169.254', 443, 'TCP', false],
    ['another database', '10.1.2.3', 5432, 'TCP', false],
  ])('%s: %s %i/%s, %s', (_, address, port, protocol, isAllowed) => {
    expect(letsOut(fenced, address, port, protocol)).toBe(isAllowed)
  })

  it('Redis on the port that it has', async () => {
    const other = await fence({ networkPolicy: { enabled: true, redisPorts: [6380] } })
    expect(letsOut(other, '10.1.2.3', 6380)).toBe(true)
    expect(letsOut(other, '10.1.2.3', 6379)).toBe(false)
  })

  it('nothing to Redis where there is none, and nothing to the API server where it is not asked', async () => {
    const alone = await fence({ redis: {}, masterKey: {}, clusterIdentity: { enabled: false } })
    expect(letsOut(alone, '10.1.2.3', 6379)).toBe(false)
    expect(letsOut(alone, '172.18.0.2', 6443)).toBe(false)
    expect(letsOut(alone, '192.0.2.7', 443)).toBe(true)
  })
})
