import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

interface Loaded {
  /** The modules of ours and of third parties, as URLs. */
  readonly files: readonly string[]
  /** Node's own modules. */
  readonly builtins: readonly string[]
}

const folder = join(import.meta.dirname, 'fixtures/startup')

/** What a server has loaded by the time at which its port is open. */
async function loadedBy(fixture: string): Promise<Loaded> {
  const args = ['-r', join(folder, 'trace.cjs'), join(folder, fixture)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: '' } })
  return JSON.parse(stdout) as Loaded
}

const sourcesOf = ({ files }: Loaded): string[] => files.flatMap((file) => file.split('/packages/tutti/src/').slice(1))

/** What a hello app is loaded without: each belongs to a feature that it does not use. */
const lazyParts = [
  'app/workers.ts',
  'app/worker.ts',
  'http/body/limited.ts',
  'http/body/multipart-intake.ts',
  'http/engine/front.ts',
  'http/engine/http2.ts',
  'http/engine/serve-http2.ts',
  'http/file-response.ts',
  'http/media-types.ts',
  'http/openapi/docs-assets.ts',
  'http/openapi/docs-site.ts',
  'http/openapi/document.ts',
  'http/static-lookup.ts',
  'http/websocket/library.ts',
  'http/websocket/server.ts',
]

describe('when a hello app listens', () => {
  let hello: Loaded
  let bare: Loaded
  beforeAll(async () => {
    ;[hello, bare] = await Promise.all([loadedBy('hello.ts'), loadedBy('bare.ts')])
  })

  it('no third-party package has been loaded', () => {
    // pino comes with the first line that is logged, which says that the application listens.
    expect(hello.files.filter((file) => file.includes('/node_modules/'))).toEqual([])
  })

  it('parts that it does not use have not been loaded', () => {
    const sources = sourcesOf(hello)
    expect(sources).toContain('http/application.ts')
    expect(sources.filter((source) => lazyParts.includes(source))).toEqual([])
    // From the sources each file costs a fraction of a millisecond; published they are one. Raise this for what every application needs.
    expect(sources.length).toBeLessThanOrEqual(265)
  })

  it('the parts that are to be loaded later exist', () => {
    expect(lazyParts.filter((source) => !existsSync(join(folder, '../../../src', source)))).toEqual([])
  })

  it('Node has loaded hardly more of its own than for a bare server', () => {
    const more = hello.builtins.filter((name) => !bare.builtins.includes(name))
    const heavy =
      /^(?:crypto|fs\/promises|http2|tls|util|worker_threads|zlib|internal\/crypto\/.*|internal\/deps\/undici.*|internal\/webstreams\/.*)$/
    expect(more.filter((name) => heavy.test(name))).toEqual([])
    expect(more.length).toBeLessThanOrEqual(15)
    expect(hello.builtins.filter((name) => name.includes('undici'))).toEqual([])
  })
})
