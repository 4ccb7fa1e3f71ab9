import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Where a service of the tests answers: at the address that the environment names, else it is brought up. Throws where there is none. */
export function serviceUrl({ name, variable }: { readonly name: string; readonly variable: string }): string {
  const given = process.env[variable]
  if (given !== undefined && given !== '') return given
  const { stdout, status } = spawnSync(process.execPath, [join(root, 'scripts/services.mjs'), 'up', name, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [service] = JSON.parse(stdout) as readonly { readonly url?: string; readonly reason?: string }[]
  if (status !== 0 || service?.url === undefined) throw new Error(`${name} does not answer: ${service?.reason}`)
  return service.url
}
