import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as host from '../../../scripts/services/host.mjs'
import { createManager } from '../../../scripts/services/manager.mjs'
import { services } from '../../../scripts/services/table.mjs'

export async function privateServer() {
  const root = await mkdtemp(join(tmpdir(), 'tutti-mysql-'))
  // Its system user has to get in.
  await chmod(root, 0o755)
  const port = await host.freePort()
  const table = services.filter(({ name }) => name === 'mariadb').map((service) => ({ ...service, port }))
  const manager = createManager({ root, table, env: {} })
  const start = async () => {
    const [found] = await manager.up(['mariadb'])
    if (found?.source !== 'started') throw new Error(`MariaDB did not start: ${found?.reason}`)
    return found.url
  }
  const state = async () => JSON.parse(await readFile(join(root, '.tutti/services/mariadb.json'), 'utf8'))
  const stop = async () => {
    await manager.down(['mariadb'])
  }
  const url = await start()
  const { log } = await state()
  return {
    url,
    start,
    stop,
    async crash() {
      process.kill((await state()).pid, 'SIGKILL')
      await stop()
    },
    async remove() {
      await stop()
      await rm(dirname(log), { recursive: true, force: true })
      await rm(root, { recursive: true, force: true })
    },
  }
}
