import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type App, type AppOptions, createApp } from './app.ts'
import { banner } from './app/banner.ts'
import { type Config, findConfig, loadConfig } from './config.ts'
import { type Fault, formatFaults } from './config/fault.ts'
import { needsRestart } from './config/restart.ts'
import { createConfigWatcher } from './config/watch.ts'
import { createProviders } from './providers/index.ts'
import { createLog, type Log } from './telemetry/log.ts'

const usage = `Usage: modelgate [command]

  serve          start the gateway (the default)
  check-config   say what is wrong with the configuration, and exit

  --help, --version

The configuration is the file that MODELGATE_CONFIG names, else config/modelgate.yaml.
`

process.exit(await run(process.argv.slice(2)))

async function run(args: string[]): Promise<number> {
  const parsed = readArguments(args)
  if (parsed === null) return fail(usage)
  if (parsed.values.help) return say(usage)
  if (parsed.values.version) return say(`${readVersion()}\n`)
  const [command = 'serve', ...rest] = parsed.positionals
  if (rest.length > 0 || (command !== 'serve' && command !== 'check-config')) return fail(usage)
  const path = findConfig()
  const providers = createProviders()
  const loaded = await loadConfig({ path, providers })
  if ('faults' in loaded) return fail(`${formatFaults(path, loaded.faults)}\n`)
  if (command === 'check-config') return say(`${path}: no faults\n`)
  if (loaded.config.state.redis.enabled) {
    return fail('state.redis, or REDIS_URL, is set, and this version keeps its state embedded only\n')
  }
  return serve(loaded.config, { path, providers, files: loaded.files })
}

function readArguments(args: string[]) {
  try {
    const options = {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    } as const
    return parseArgs({ args, allowPositionals: true, options })
  } catch {
    return null
  }
}

interface Loaded {
  readonly path: string
  readonly providers: ReturnType<typeof createProviders>
  readonly files: Awaited<ReturnType<typeof loadConfig>>['files']
}

async function serve(config: Config, { path, providers, files }: Loaded): Promise<number> {
  const log = createLog({ level: config.telemetry.log_level })
  const started = await start({ config, providers, log, version: readVersion() })
  if ('failed' in started) return fail(`modelgate cannot start: ${started.failed}\n`)
  const { app, url } = started
  const stopped = stopSignal()
  // An error that nobody handled is a defect; the requests of everybody else are worth more than a clean crash.
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }))
  process.on('uncaughtException', (error) => log.error('uncaught exception', { error }))
  log.info('listening', { url, version: readVersion() })
  if (config.auth.issuers.length === 0) say(await welcome(app, url))
  const watcher = createConfigWatcher({
    load: () => loadConfig({ path, providers }),
    files,
    onChange: (next) => reload(app, config, next, log),
    onFault: (faults) => tellFaults(faults, log),
  })
  await stopped
  watcher.stop()
  await app.drain()
  await log.close()
  return 0
}

type Started = { readonly app: App; readonly url: string } | { readonly failed: string }

/** What can fail here is a taken port, or state that cannot be opened: the operator's to mend, so told in a sentence. */
async function start(options: AppOptions): Promise<Started> {
  try {
    const app = createApp(options)
    const { url } = await app.start()
    return { app, url }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  }
}

/** The first SIGTERM or SIGINT; a second one does not wait for the drain. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve()
        process.once(signal, () => process.exit(1))
      })
    }
  })
}

function reload(app: App, config: Config, next: Config, log: Log): void {
  app.reload(next)
  const restart = needsRestart(config, next)
  log.info('the configuration was taken up', restart.length > 0 ? { needs_restart: restart } : {})
}

function tellFaults(faults: readonly Fault[], log: Log): void {
  log.error('the configuration has faults, and the former one stays in force', { faults })
}

/** Tokens for whoever can read the terminal: no issuer is configured, so nobody else could get in. */
async function welcome({ gatewayKey, registry }: App, url: string): Promise<string> {
  const day = 24 * 60 * 60
  const issue = (teams: string[], roles: string[]) =>
    gatewayKey.issue({ subject: 'local', teams, roles, expiresInSeconds: day, tokenId: randomUUID() })
  const models = registry.current().models()
  const open = models.find(
    ({ kind, builtin, teamAccess }) => kind === 'chat' && (builtin || teamAccess === 'all'),
  )
  return banner({
    url,
    teamToken: await issue(['default'], []),
    adminToken: await issue([], ['admin']),
    model: open?.name ?? null,
  })
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

function fail(text: string): number {
  process.stderr.write(text)
  return 1
}
