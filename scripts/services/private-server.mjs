// A real server that one test has for itself, to stop, crash and start as it likes.
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as host from './host.mjs'
import { createManager } from './manager.mjs'
import { services } from './table.mjs'

export { freePort } from './host.mjs'

export async function privateServer(name) {
  const root = await mkdtemp(join(tmpdir(), `tutti-${name}-`))
  // Its system user has to get in.
  await chmod(root, 0o755)
  const port = await host.freePort()
  const table = services.filter((service) => service.name === name).map((service) => ({ ...service, port }))
  const manager = createManager({ root, table, env: {} })
  const start = async () => {
    const [found] = await manager.up([name])
    if (found?.source !== 'started') throw new Error(`${name} did not start: ${found?.reason}`)
    return found.url
  }
  const state = async () => JSON.parse(await readFile(join(root, `.tutti/services/${name}.json`), 'utf8'))
  const stop = async () => {
    await manager.down([name])
  }
  const url = await start()
  const { log } = await state()
  return {
    url,
    data: join(dirname(log), 'data'),
    start,
    stop,
    async crash() {
      process.kill((await state()).pid, table[0].crash)
      await stop()
    },
    async remove() {
      await stop()
      await rm(dirname(log), { recursive: true, force: true })
      await rm(root, { recursive: true, force: true })
    },
  }
}
