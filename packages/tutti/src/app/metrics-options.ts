import { OptionError } from '../kernel/index.ts'

/** How metrics are read by Prometheus and its like. */
export interface MetricsOptions {
  /** @default '/metrics' */
  readonly path?: string
  /** What readers have to send as `Authorization: Bearer …`: at least 16 characters. Without it whoever reaches the path may read. */
  readonly token?: string
  /** Serves metrics on a port of their own, and not on that of the application. 0 takes a free one. */
  readonly port?: number
  /** Which address that port is opened on. @default '127.0.0.1' */
  readonly host?: string
}

/** Where metrics are, on whatever port. */
export function metricsPath(metrics: boolean | MetricsOptions | undefined): string {
  return typeof metrics === 'object' && metrics.path !== undefined ? metrics.path : '/metrics'
}

const metricsOptions: Readonly<Record<keyof MetricsOptions, true>> = { path: true, token: true, port: true, host: true }
const shortestToken = 16

/** Throws an `OptionError` for options that do not exist or cannot be meant. */
export function checkMetricsOptions(options: MetricsOptions): void {
  const where = 'new App({ telemetry: { metrics'
  const unknown = Object.keys(options).find((key) => !(key in metricsOptions))
  if (unknown !== undefined)
    throw new OptionError(
      `${where} }) received the option ${JSON.stringify(unknown)}, which does not exist; known are ${Object.keys(metricsOptions).join(', ')}.`,
      { code: 'TUTTI_OPTION_UNKNOWN' },
    )
  const { path, port, host, token } = options
  if (path !== undefined && !/^(?:\/[\w.~-]+)+$/.test(path))
    throw new OptionError(`${where}: { path } } }) received ${JSON.stringify(path)}; wanted a path such as "/metrics".`)
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new OptionError(`${where}: { port } } }) received ${JSON.stringify(port)}; wanted a whole number from 0 to 65535.`)
  if (host !== undefined && port === undefined)
    throw new OptionError(`${where}: { host } } }) was given without a port; give both, or none where the application's port is to serve.`)
  // A variable of the environment that is missing must not open the page to everybody.
  if ('token' in options && !(typeof token === 'string' && token.length >= shortestToken))
    throw new OptionError(
      `${where}: { token } } }) received ${token === undefined ? 'undefined' : `a token of ${String(token).length} characters`}; wanted at least ${shortestToken} characters.`,
    )
}
