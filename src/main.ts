import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { type App, type AppOptions, createApp } from './app.ts'
import { banner } from './app/banner.ts'
import { runCommandLine } from './app/command-line.ts'
import { exportCommand } from './app/commands/export.ts'
import { importCommand } from './app/commands/import.ts'
import { rotateMasterKeyCommand } from './app/commands/rotate-master-key.ts'
import { tokenCommand } from './app/commands/token.ts'
import { workerCount } from './app/workers/count.ts'
import { isMember, joinOthers, type Membership } from './app/workers/membership.ts'
import { runPrimary } from './app/workers/primary.ts'
import { type Config, findConfig, loadConfig } from './config.ts'
import { type Fault, formatFaults } from './config/fault.ts'
import { needsRestart } from './config/restart.ts'
import { createConfigWatcher } from './config/watch.ts'
import { createProviders } from './providers/index.ts'
import { createDescriptorDestination } from './telemetry/destination.ts'
import { createLog, type Log } from './telemetry/log.ts'

/** For what follows the last request: probes, records, connections to Redis and providers. */
const closingMs = 30_000
/** What a pipe takes whole: several processes write to one log. */
const pipeBytes = 4096

// A diagnostic report, as a crash may leave one, has no need of the master key and of credentials by `${NAME}`.
process.report.excludeEnv = true
// Where V8 sees objects outlive its young generation, as a stream's do, it makes all that follow from the same place in
// the old one, those of short requests as well: docs/decisions/2026-11-21-no-pretenuring.md
setFlagsFromString('--no-allocation-site-pretenuring')
// A request runs through many small functions once each: docs/decisions/2026-11-21-more-inlining.md
setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000')

const onState = { load: async () => (await load())?.config ?? null, out: say, err: fail }

process.exit(
  await runCommandLine({
    args: process.argv.slice(2),
    commands: {
      serve: { summary: 'start the gateway', run: serveConfigured },
      'check-config': { summary: 'say what is wrong with the configuration, and exit', run: checkConfig },
      token: tokenCommand(onState),
      'rotate-master-key': rotateMasterKeyCommand(onState),
      export: exportCommand(onState),
      import: importCommand(onState),
    },
    usual: 'serve',
    version: readVersion(),
    note: 'The configuration is the file that MODELGATE_CONFIG names, else config/modelgate.yaml.',
    out: say,
    err: fail,
  }),
)

async function checkConfig(): Promise<number> {
  const loaded = await load()
  return loaded === null ? 1 : say(`${loaded.path}: no faults\n`)
}

async function serveConfigured(): Promise<number> {
  const loaded = await load()
  if (loaded === null) return 1
  if (isMember()) return serve(loaded, await joinOthers())
  const { count, because } = workerCount(loaded.config, availableParallelism())
  return count === 1 ? serve(loaded, null, because) : lead(loaded.config, count)
}

/** Starts so many processes of this one, and serves nothing itself. */
async function lead({ telemetry, drain }: Config, count: number): Promise<number> {
  const stopped = stopSignal()
  const log = createLog({ level: telemetry.log_level })
  tellUnhandled(log)
  const drainMs = (drain.grace_seconds + drain.timeout_seconds) * 1000 + closingMs
  const { code, failed } = await runPrimary({ count, log, version: readVersion(), stopped, drainMs })
  await log.close()
  return failed === null ? code : cannotStart(failed, null)
}

/** Of several only the process that started them tells why, and once. */
async function cannotStart(reason: string, membership: Membership | null): Promise<number> {
  if (membership === null) return fail(`modelgate cannot start: ${reason}\n`)
  await membership.failed(reason)
  return 1
}

/** An error that nobody handled is a defect; the requests of everybody else are worth more than a clean crash. */
function tellUnhandled(log: Log): void {
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }))
  process.on('uncaughtException', (error) => log.error('uncaught exception', { error }))
}

/** null: the configuration has faults, and they are told. */
async function load(): Promise<Loaded | null> {
  const path = findConfig()
  const providers = createProviders()
  const loaded = await loadConfig({ path, providers })
  if ('config' in loaded) return { path, providers, config: loaded.config, files: loaded.files }
  fail(`${formatFaults(path, loaded.faults)}\n`)
  return null
}

interface Loaded {
  readonly config: Config
  readonly path: string
  readonly providers: ReturnType<typeof createProviders>
  readonly files: Awaited<ReturnType<typeof loadConfig>>['files']
}

async function serve(
  { config, path, providers, files }: Loaded,
  membership: Membership | null,
  because: string | null = null,
): Promise<number> {
  // Before anything else: to process 1 of a container a signal without a handler is no signal at all.
  const stopped = membership === null ? stopSignal() : Promise.race([stopSignal(), membership.ended])
  const destination =
    membership === null ? undefined : createDescriptorDestination({ maxWriteBytes: pipeBytes })
  const log = createLog({ level: config.telemetry.log_level, destination })
  const started = await start({ config, providers, log, version: readVersion(), membership })
  if ('failed' in started) return cannotStart(started.failed, membership)
  const { app, url } = started
  tellUnhandled(log)
  if (membership === null) log.info('listening', { url, version: readVersion() })
  if (because !== null) log.info('one process serves, not several', { because })
  await membership?.started(url)
  // What is printed goes to whoever collects logs, where more than one person's machine is set up.
  const isTryout = config.auth.issuers.length === 0 && !config.state.redis.enabled
  if (isTryout) say(await welcome(app, url))
  const watcher = createConfigWatcher({
    load: () => loadConfig({ path, providers }),
    files,
    onChange: (next) => reload(app, config, next, log),
    onFault: (faults) => tellFaults(faults, log),
  })
  membership?.onReload(() => void watcher.reload())
  const why = await stopped
  watcher.stop()
  await app.drain(why === 'alone')
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
