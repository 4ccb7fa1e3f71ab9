import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const entry = new URL('../../../src/index.ts', import.meta.url).href

/** Starts an application in a process of its own and tells which of its files and of those of ws were loaded. */
async function loaded(declare: string): Promise<{ library: boolean; server: boolean }> {
  const script = `
    import { createRequire, registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load(url, context, next) { urls.push(url); return next(url, context) } })
    const { App } = await import(${JSON.stringify(entry)})
    const app = new App({ name: 't', log: { level: 'silent' } })
    ${declare}
    await app.listen(0)
    console.log(JSON.stringify({ library: urls.some((url) => /node_modules\\/ws\\//.test(url)), server: urls.some((url) => url.endsWith('websocket/server.ts')) }))
    await app.stop()
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@tutti/source', '--input-type=module', '-e', script])
  return JSON.parse(stdout) as { library: boolean; server: boolean }
}

it('the WebSocket server and its library are loaded only where a route wants them', async () => {
  expect(await loaded(`app.get('/', () => 'hi')`)).toEqual({ library: false, server: false })
  expect(await loaded(`app.ws('/', {})`)).toEqual({ library: true, server: true })
})
