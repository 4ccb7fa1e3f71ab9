import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = new URL('../../../../../', import.meta.url)

/** Which files of the description and its page a process has loaded or read, after an app has answered `path`. */
async function loadedFor(path: string): Promise<readonly string[]> {
  // Modules are seen as they are loaded, and files of packages as they are read.
  const program = `
    import { registerHooks } from 'node:module'
    import { promises } from 'node:fs'
    const seen = []
    registerHooks({ load(url, context, next) { seen.push(url); return next(url, context) } })
    const { readFile } = promises
    promises.readFile = (file, ...rest) => { seen.push(String(file)); return readFile(file, ...rest) }
    const { App } = await import('tutti')
    const app = new App({ name: 't', log: { level: 'silent' } }).get('/', () => 'hello')
    const response = await app.fetch(new Request('http://localhost${path}'))
    await response.bytes()
    console.log(JSON.stringify({ status: response.status, seen }))
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@tutti/source', '--input-type=module', '--eval', program], {
    cwd: new URL('packages/tutti/', root),
  })
  const { status, seen } = JSON.parse(stdout) as { status: number; seen: readonly string[] }
  expect(status).toBe(200)
  expect(seen.length).toBeGreaterThan(10)
  return seen
    .filter((file) => /\/openapi\/(?:document|docs-site|docs-assets)\.ts$|swagger-ui(?:-dist)?\//.test(file))
    .map((file) => file.split('/').slice(-2).join('/'))
}

it('an app that nobody asks for its description loads nothing of it', async () => {
  expect(await loadedFor('/')).toEqual([])
})

it('each part is loaded by the first request for it', async () => {
  expect((await loadedFor('/openapi.json')).toSorted()).toEqual(['openapi/docs-site.ts', 'openapi/document.ts'])
  // The file comes from a built package, or from Swagger UI's own before a build.
  expect(await loadedFor('/docs/swagger-ui.css')).toEqual(
    expect.arrayContaining(['openapi/docs-assets.ts', expect.stringMatching(/^swagger-ui(?:-dist)?\/swagger-ui\.css$/)]),
  )
})
