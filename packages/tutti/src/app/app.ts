import {
  createBackground,
  createContainer,
  createLifecycle,
  currentContext,
  milliseconds,
  OptionError,
  systemClock,
  TuttiError,
  type Background,
  type Clock,
  type Container,
  type Dependency,
  type Duration,
  type Lifecycle,
  type LifecycleHook,
  type RegisteredConfig,
} from '../kernel/index.ts'
import {
  fetchThrough,
  HttpContext,
  jsonEncoder,
  ResponseCache,
  Router,
  type Address,
  type ErrorMapper,
  type Handler,
  type HttpApplication,
  type Method,
  type Middleware,
  type OpenApiDocument,
  type Route,
  type RouteOptions,
  type SocketRoute,
} from '../http/index.ts'
import type { MessageNeeds } from '../cqrs/index.ts'
import type { AggregateRules } from '../events/index.ts'
import type { CheckOptions, CheckWork, HealthReport, Phase } from '../health/index.ts'
import type { RequestDefinition } from '../message/index.ts'
import type { Topic } from '../messaging/index.ts'
import type { ProjectorDefinition } from '../projections/index.ts'
import type { Workflow } from '../workflow/index.ts'
import { createLogger, type Logger } from '../observe/index.ts'
import type { Storage } from '../storage/index.ts'
import { Backend } from './backend.ts'
import { BackendBuilder } from './backend-builder.ts'
import { isConfigDefinition } from './config/define-config.ts'
import { compileHttp } from './compile-http.ts'
import { Console } from './console/console.ts'
import { describeApi, type OpenApiChange } from './docs.ts'
import { Module } from './module.ts'
import { isAggregate } from './messages.ts'
import { checkOptions, type AppOptions } from './options.ts'
import { isPlugin, orderPlugins, type PluginOf } from './plugin.ts'
import { routeInfo, type PlacedRoute, type RouteInfo } from './route-info.ts'
import { Probes } from './probes.ts'
import { isProjectorDefinition } from './read-models.ts'
import { isWorkflow } from './runs.ts'
import { Serving } from './serving.ts'
import { isRequestDefinition } from './stored-command.ts'
import { Telemetry } from './telemetry.ts'
import { isTopic } from './topics.ts'

/** What `app.use` takes. */
export type AppItem =
  | Middleware
  | Router
  | AggregateRules<unknown>
  | RequestDefinition
  | ProjectorDefinition
  | Topic
  | Workflow
  | Plugin
  | AppModule

/** A reusable part of an application: it may use whatever an application may, from routes and middleware to hooks and dependencies. */
export type Plugin = PluginOf<App>

/** A named group of what applications are made of. */
export interface AppModule extends Module<AppItem> {}

type Hook = (app: App) => unknown

/** How an application stops. */
export interface StopOptions {
  /** How long idle connections may still send a request, so that those already on their way are answered. @default 0, and 500 ms on SIGTERM */
  readonly grace?: Duration
}

/** How an application starts. */
export interface AppStartOptions {
  /**
   * `false` opens what is stored, to be looked at and acted upon by a tool, and takes up no work: no events, messages, runs, schedules or
   * requests, no hooks and no telemetry. @default true
   */
  readonly work?: boolean
}

/** An application: routes, middleware and everything else that Tutti offers, put together in one place. */
export class App extends BackendBuilder {
  readonly name: string
  readonly log: Logger
  readonly #options: AppOptions
  readonly #routes: PlacedRoute[] = []
  readonly #sockets: SocketRoute[] = []
  readonly #middleware: Middleware[] = []
  readonly #errorMappers: ErrorMapper[] = []
  readonly #documentChanges: OpenApiChange[] = []
  readonly #plugins: Plugin[] = []
  readonly #modules: AppModule[] = []
  readonly #hooks: LifecycleHook[] = []
  readonly #container: Container<HttpContext>
  readonly #background: Background
  readonly #lifecycle: Lifecycle
  protected override readonly backend: Backend
  readonly #serving: Serving
  readonly #probes: Probes
  readonly #console: Console
  readonly #telemetry: Telemetry
  #stopping = false
  readonly #responses: ResponseCache
  #clock: Clock
  #config: RegisteredConfig | undefined
  #http: HttpApplication | undefined
  #starting: Promise<HttpApplication> | undefined
  #prepared: Promise<void> | undefined

  /** Throws `TUTTI_OPTION_UNKNOWN` or `TUTTI_OPTION_INVALID` for options that cannot be meant. */
  constructor(options: AppOptions = {}) {
    super()
    checkOptions(options)
    this.#options = options
    this.name = options.name ?? 'app'
    this.#clock = options.clock ?? systemClock
    const { log } = options
    this.#telemetry = new Telemetry({ name: this.name, options: options.telemetry, log: () => this.log })
    const named = log !== undefined && 'info' in log ? log : { ...log, base: { app: this.name, ...log?.base } }
    this.log = 'info' in named ? named : createLogger(named, this.#telemetry)
    this.#responses = new ResponseCache(options.http?.responseCache)
    const drain = milliseconds(options.drainTimeout ?? '30s')
    this.#container = createContainer<HttpContext>({ config: () => this.config, ...(options.clock && { clock: options.clock }) })
    this.#background = createBackground({ onError: (error) => this.log.error('Background work failed.', { error }) })
    this.#probes = new Probes({ options: options.health, log: this.log, clock: () => this.#clock, phase: () => this.#phase })
    this.backend = new Backend({
      name: this.name,
      options,
      log: this.log,
      clock: () => this.#clock,
      tracer: (scope) => this.#telemetry.tracer(scope),
      probes: this.#probes,
      withDependencies: (needs, use) => this.#withDependencies(needs, use),
    })
    this.#serving = new Serving(
      {
        name: this.name,
        log: this.log,
        start: (server) => this.#start(server),
        stop: (how) => this.stop(how),
        compiled: () => this.#compiled(),
      },
      options,
    )
    this.#console = new Console(options.console, {
      name: this.name,
      log: this.log,
      clock: () => this.#clock,
      backend: this.backend,
      telemetry: this.#telemetry,
      health: () => this.health(),
      routes: () => this.routes(),
      modules: () => this.#modules,
    })
    this.#lifecycle = createLifecycle({ stopTimeout: drain + 1000, totalStopTimeout: drain + 5000 })
  }

  /** The configuration, loaded and checked when it is first read, at the start at the latest. Throws `TUTTI_CONFIG_INVALID`. */
  get config(): RegisteredConfig {
    const { config } = this.#options
    // Where no type is registered, an empty record is a configuration; where one is, its owner has one to give.
    return (this.#config ??= isConfigDefinition(config) ? (config.load() as RegisteredConfig) : (config ?? ({} as RegisteredConfig)))
  }

  /** Adds middleware around everything, routers, plugins and modules. Throws once the application has started. */
  use(...items: readonly AppItem[]): this {
    for (const item of items) this.#use(item, undefined)
    return this
  }

  /**
   * Adds a check to `/health` and `/health/ready`: a function that throws when something is wrong. Storages and projections report by
   * themselves.
   */
  healthCheck(name: string, check: CheckWork, options?: CheckOptions): this {
    this.assertOpen(`healthCheck(${name})`)
    this.#probes.add(name, check, options)
    return this
  }

  /** How the application is: what `/health` tells. */
  health(): Promise<HealthReport> {
    return this.#probes.report()
  }

  /** Maps what handlers throw to answers; the first mapper that returns something decides. Without one errors become problem documents. */
  onError(mapper: ErrorMapper): this {
    this.assertOpen('onError')
    this.#errorMappers.push(mapper)
    return this
  }

  /** Adjusts the API description before it is served; several do so in the order of declaration. */
  openapi(change: OpenApiChange): this {
    this.assertOpen('openapi')
    this.#documentChanges.push(change)
    return this
  }

  /** Does something before the application takes requests, in the order of declaration. If it fails the start fails. */
  onStart(hook: Hook, name = hook.name || 'onStart'): this {
    return this.#hook({ name, start: () => hook(this) })
  }

  /** Does something once the application takes requests. If it fails the start fails. */
  onReady(hook: Hook, name = hook.name || 'onReady'): this {
    return this.#hook({ name, ready: () => hook(this) })
  }

  /** Does something when the application stops, after the last request, in reverse order of declaration. */
  onStop(hook: Hook, name = hook.name || 'onStop'): this {
    return this.#hook({ name, stop: () => hook(this) })
  }

  /** Forgets the responses that were kept under one of these tags (`cache: { tags }`); without tags all of them. */
  invalidate(...tags: readonly string[]): this {
    this.#responses.invalidate(...tags)
    return this
  }

  /** Uses a value or another dependency in place of a dependency, in tests above all. */
  override<T>(dependency: Dependency<T, HttpContext>, replacement: NoInfer<T> | Dependency<NoInfer<T>, HttpContext>): this {
    this.#container.override(dependency, replacement)
    return this
  }

  /** The value of a dependency of app scope, for hooks and plugins; handlers declare theirs with `deps`. */
  async resolve<T>(dependency: Dependency<T, HttpContext>): Promise<T> {
    return this.#container.resolve(dependency)
  }

  /** Goes by another clock, in tests. */
  useClock(clock: Clock): this {
    this.assertOpen('useClock')
    this.#clock = clock
    return this
  }

  /** Every route with what it was declared with, in the order of declaration; those of plugins once the application was prepared. */
  routes(): RouteInfo[] {
    return this.#routes.map(routeInfo)
  }

  /** The modules that were used. */
  modules(): readonly AppModule[] {
    return this.#modules
  }

  /** Where the application listens; `undefined` before `listen` and after `stop`. */
  get address(): Address | undefined {
    return this.#serving.address
  }

  /**
   * Starts the application and takes requests. Resolves with the address. Rejects, and stops what was started, where a hook fails
   * (`TUTTI_START_FAILED`) or the port is taken (`TUTTI_PORT_IN_USE`). SIGTERM and SIGINT stop it.
   */
  async listen(port?: number, host?: string): Promise<Address> {
    if (this.#starting !== undefined || this.#serving.isSupervising)
      throw new TuttiError(
        'TUTTI_APP_STARTED',
        'listen was called on an application that has started already; call it once, instead of start().',
      )
    return this.#serving.listen(port, host)
  }

  /** Starts the application without a socket: for `fetch`, tests and serverless hosts. Idempotent. */
  async start({ work = true }: AppStartOptions = {}): Promise<void> {
    await (work ? this.#start() : (this.#starting ??= this.#startIdle()))
  }

  /** Checks the configuration and has plugins declare what they bring, without a start: for tools that tell what there is. Idempotent. */
  prepare(): Promise<void> {
    return (this.#prepared ??= this.#prepareOnce())
  }

  /** The API description (OpenAPI), whether it is served or not. */
  async apiDescription(): Promise<OpenApiDocument> {
    await this.prepare()
    const { docs, http = {} } = this.#options
    return describeApi(docs, {
      name: this.name,
      routes: this.#routes.map(({ route }) => route),
      mediaTypes: [jsonEncoder, ...(http.encoders ?? [])].map(({ mediaType }) => mediaType),
      changes: this.#documentChanges,
    })
  }

  /**
   * Opens the storages without starting, and leaves them as they are, for tools that look after schemas: its own, and that of read models
   * where it is another one; none where nothing uses one. `stop` closes them.
   */
  async openStorages(): Promise<readonly Storage[]> {
    await this.prepare()
    return this.backend.openStorages()
  }

  /** Answers a web `Request` without a socket; starts the application if need be. */
  async fetch(request: Request): Promise<Response> {
    return fetchThrough(this.#http ?? (await this.#start()), request)
  }

  /**
   * Stops: no new requests, those that run finish, then background work, `onStop` hooks and dependencies. Idempotent. Rejects with
   * `TUTTI_STOP_FAILED` where something did not end well, or had to be cut off when the drain time was over.
   */
  async stop({ grace = 0 }: StopOptions = {}): Promise<void> {
    this.#stopping = true
    this.#console.close()
    await this.#serving.stop(milliseconds(grace))
    await this.#lifecycle.stop()
    // They may have been opened without a start.
    await this.backend.stores.close()
  }

  /** Takes TLS certificates anew without dropping connections. Rejects with `TUTTI_TLS_INVALID`, and goes on with those in use, where the new ones are of no use. */
  async reloadCertificates(): Promise<void> {
    await this.#serving.reloadCertificates()
  }

  /** Renews all worker processes one by one without failing a request; rejects where a new one does not start. No effect without workers. */
  async restartWorkers(): Promise<void> {
    await this.#serving.restartWorkers()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  protected override add(method: Method, path: string, [options, handler]: readonly [RouteOptions, Handler<string, never>]): void {
    this.#addRoute({ method, path: path === '' ? '/' : path, options, middleware: options.use ?? [], handler }, undefined)
  }

  protected override addSocket(socket: SocketRoute): void {
    const { route } = socket
    this.assertOpen(`WS ${route.path}`)
    this.#sockets.push({ ...socket, route: { ...route, path: route.path === '' ? '/' : route.path } })
  }

  get #phase(): Phase {
    if (this.#stopping) return 'stopping'
    return this.#lifecycle.state === 'running' ? 'running' : 'starting'
  }

  #use(item: AppItem, module: string | undefined): void {
    this.assertOpen('use')
    if (isRequestDefinition(item)) this.backend.messages.declare(item)
    else if (isAggregate(item)) this.backend.messages.addAggregate(item)
    else if (isWorkflow(item)) this.backend.runs.add(item)
    else if (isTopic(item)) this.backend.topics.declare(item)
    else if (isProjectorDefinition(item)) this.backend.readModels.add(item)
    else if (typeof item === 'function') this.#middleware.push(item)
    else if (item instanceof Router) {
      for (const route of item.routes()) this.#addRoute(route, module)
      this.#sockets.push(...item.sockets())
    } else if (item instanceof Module) {
      this.#modules.push(item)
      for (const part of item.items) this.#use(part, item.name)
    } else if (isPlugin(item)) this.#plugins.push(item)
    else
      throw new OptionError(
        `app.use received ${describe(item)}; wanted middleware, a router, an aggregate, a projection, a workflow, a topic, a command or query, a plugin ({ name, setup }) or a module.`,
      )
  }

  #addRoute(route: Route, module: string | undefined): void {
    this.assertOpen(`${route.method} ${route.path}`)
    this.#routes.push({ route, module })
  }

  #hook(hook: LifecycleHook): this {
    this.assertOpen(hook.name)
    this.#hooks.push(hook)
    return this
  }

  protected override assertOpen(what: string): void {
    if (this.#http === undefined) return
    throw new TuttiError('TUTTI_APP_STARTED', `${what} came after the application had started; declare everything before listen().`)
  }

  #start(server?: LifecycleHook): Promise<HttpApplication> {
    this.#starting ??= this.#startOnce(server)
    return this.#starting
  }

  async #prepareOnce(): Promise<void> {
    void this.config
    for (const plugin of orderPlugins(this.#plugins)) await plugin.setup(this)
  }

  async #startIdle(): Promise<HttpApplication> {
    await this.prepare()
    const http = (this.#http = await this.#compile())
    this.#lifecycle.add({ name: 'dependencies', stop: () => this.#container.dispose() })
    for (const hook of [...this.backend.foundation, ...this.backend.idle]) this.#lifecycle.add(hook)
    await this.#lifecycle.start()
    return http
  }

  async #startOnce(server: LifecycleHook | undefined): Promise<HttpApplication> {
    await this.prepare()
    const http = (this.#http = await this.#compile())
    // Stopped in reverse: the server first, then background work, which may need what hooks close, then hooks, dependencies and telemetry.
    this.#lifecycle.add({
      name: 'telemetry',
      start: () => this.#telemetry.open(),
      ready: () => this.#telemetry.keep({ listens: server !== undefined }),
      stop: () => this.#telemetry.close(),
    })
    this.#lifecycle.add({ name: 'dependencies', stop: () => this.#container.dispose() })
    for (const hook of this.backend.foundation) this.#lifecycle.add(hook)
    for (const hook of this.#hooks) this.#lifecycle.add(hook)
    for (const hook of this.backend.workers) this.#lifecycle.add(hook)
    this.#lifecycle.add({ name: 'background work', stop: () => this.#drainBackground() })
    if (server !== undefined) this.#lifecycle.add(server)
    await this.#lifecycle.start()
    return http
  }

  async #withDependencies<T>(needs: MessageNeeds, use: (deps: unknown) => Promise<T>): Promise<T> {
    return use(await this.#container.resolveAll(needs, HttpContext.of(currentContext())?.scope))
  }

  async #drainBackground(): Promise<void> {
    const unfinished = await this.#background.drain(this.#options.drainTimeout ?? '30s')
    if (unfinished.length > 0)
      throw new TuttiError('TUTTI_DRAIN_TIMEOUT', `Background work did not end in the drain time: ${unfinished.join(', ')}.`)
  }

  #compiled(): HttpApplication {
    return this.#http as HttpApplication
  }

  #compile(): Promise<HttpApplication> {
    const { log } = this
    const { health } = this.#options
    return compileHttp(this.name, this.#options, {
      services: {
        log,
        clock: this.#clock,
        dependencies: this.#container,
        background: this.#background,
        verbs: this.backend.messages.verbs,
        storage: () => this.backend.storage(),
        responses: this.#responses,
        telemetry: this.#telemetry.requests([pathOf(health, '/health'), pathOf(this.#options.console, '/console')]),
      },
      routes: this.#routes.map(({ route }) => route),
      sockets: this.#sockets,
      middleware: this.#middleware,
      errorMappers: this.#errorMappers,
      documentChanges: this.#documentChanges,
      probes: this.#probes,
      mounts: (routes) => this.#console.mounts(routes),
    })
  }
}

/** Where a part that answers requests of its own is. */
function pathOf(options: boolean | { readonly path?: string } | undefined, usual: string): string {
  return typeof options === 'object' ? (options.path ?? usual) : usual
}

function describe(item: unknown): string {
  return typeof item === 'object' && item !== null ? `an object with ${Object.keys(item).join(', ') || 'no members'}` : String(item)
}
