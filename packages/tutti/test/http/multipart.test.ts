import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App } from '../../src/index.ts'
import { multipart, upload, uploads, type MultipartOptions } from '../../src/http/index.ts'
import { RawConnection } from './raw-connection.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-test-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const nothingLeft = async (): Promise<void> => expect.poll(() => readdir(folder)).toEqual([])

function image(size: number, type = 'image/png'): Blob {
  return new Blob([Buffer.alloc(size, 'p')], { type })
}

function formOf(parts: Readonly<Record<string, string | Blob | readonly (string | Blob)[]>>): FormData {
  const form = new FormData()
  for (const [name, values] of Object.entries(parts)) {
    for (const value of Array.isArray(values) ? values : [values]) {
      if (typeof value === 'string') form.append(name, value)
      else form.append(name, value, `${name}.png`)
    }
  }
  return form
}

interface Answer {
  readonly status: number
  readonly body: { readonly code?: string; readonly errors?: readonly { readonly path: string; readonly code: string }[] } & Record<
    string,
    unknown
  >
}

async function profileApp(): Promise<{ readonly url: string; readonly post: (form: FormData) => Promise<Answer> } & AsyncDisposable> {
  const app = new App({ name: 't', log: { level: 'silent' } })
  const body = multipart({
    fields: z.object({ name: z.string(), age: z.coerce.number(), tags: z.array(z.string()).optional() }),
    files: {
      avatar: upload({ maxSize: '64kb', types: ['image/*'] }),
      photos: uploads({ max: 2, maxSize: 1000 }),
      note: upload({ optional: true }),
    },
    maxFields: 5,
    maxFieldSize: 200,
    folder,
  })
  app.post('/profile', { body }, async ({ body: { avatar, photos, note, ...fields } }) => ({
    fields,
    avatar: {
      name: avatar.filename,
      type: avatar.contentType,
      size: avatar.size,
      read: (await avatar.bytes()).length,
      mode: (await stat(avatar.path)).mode & 0o777,
    },
    photos: photos.map(({ size }) => size),
    note: note === undefined ? 'none' : (await note.bytes()).toString(),
  }))
  app.post('/broken', { body }, () => {
    throw new Error('after the upload')
  })
  const { url } = await app.listen(0)
  const post = async (form: FormData): Promise<Answer> => {
    const response = await fetch(`${url}/profile`, { method: 'POST', body: form })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
  return { url, post, [Symbol.asyncDispose]: () => app.stop() }
}

const good = { name: 'Ann', age: '30', avatar: image(50_000) }

describe('multipart', () => {
  it('gives fields by schema and files from disk, and removes them after the response', async () => {
    await using app = await profileApp()
    const { status, body } = await app.post(formOf({ ...good, tags: 'one', photos: [image(10), image(20)], note: image(3) }))
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        fields: { name: 'Ann', age: 30, tags: ['one'] },
        avatar: { name: 'avatar.png', type: 'image/png', size: 50_000, read: 50_000, mode: 0o600 },
        photos: [10, 20],
        note: 'ppp',
      },
    })
    await nothingLeft()
  })

  it('tells everything that is wrong at once', async () => {
    await using app = await profileApp()
    const { status, body } = await app.post(formOf({ age: 'x', virus: image(3), photos: [image(1), image(1), image(1)] }))
    expect(status).toBe(422)
    expect(body.errors?.map(({ path }) => path)).toEqual(['body.name', 'body.age', 'body.virus', 'body.photos', 'body.avatar'])
    await nothingLeft()
  })

  it('answers an empty request like a form without parts', async () => {
    await using app = await profileApp()
    const response = await fetch(`${app.url}/profile`, { method: 'POST' })
    const problem = (await response.json()) as Answer['body']
    expect(response.status).toBe(422)
    expect(problem.errors?.map(({ path }) => path)).toContain('body.avatar')
  })

  it.each([
    ['a file that is too large', { ...good, avatar: image(70_000) }, 413],
    ['one of several that is too large', { ...good, photos: [image(10), image(1001)] }, 413],
    ['a media type', { ...good, avatar: image(10, 'text/html') }, 415],
    ['a field that is too large', { ...good, name: 'n'.repeat(201) }, 413],
    ['too many fields', { ...good, tags: ['1', '2', '3', '4'] }, 413],
    ['too many parts', { ...good, photos: Array.from({ length: 40 }, () => image(1)) }, 413],
    ['everything together', { ...good, other: image(2_300_000) }, 413],
  ])('refuses %s and leaves nothing behind', async (_, parts, expected) => {
    await using app = await profileApp()
    const { status } = await app.post(formOf(parts))
    expect(status).toBe(expected)
    await nothingLeft()
  })

  it('takes a file input in which nothing was chosen for a missing file', async () => {
    await using app = await profileApp()
    const form = formOf({ ...good })
    form.set('note', new Blob([]), '')
    const { status, body } = await app.post(form)
    expect([status, body['note']]).toEqual([200, 'none'])
  })

  it('removes files where the handler fails', async () => {
    await using app = await profileApp()
    const response = await fetch(`${app.url}/broken`, { method: 'POST', body: formOf(good) })
    expect(response.status).toBe(500)
    await nothingLeft()
  })

  it('leaves nothing of a client that goes away in mid-upload', async () => {
    await using app = await profileApp()
    const connection = await RawConnection.open(app.url)
    connection.send('POST /profile HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 60000\r\n\r\n')
    connection.send(
      `--b\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n${'x'.repeat(30_000)}`,
    )
    await expect.poll(() => readdir(folder)).toHaveLength(1)
    expect((await stat(join(folder, (await readdir(folder))[0] ?? ''))).mode & 0o777).toBe(0o700)
    await connection[Symbol.asyncDispose]()
    await nothingLeft()
  })

  it('keeps what saveTo moved, and never overwrites unasked', async () => {
    const target = await mkdtemp(join(tmpdir(), 'tutti-kept-'))
    await writeFile(join(target, 'taken'), 'before')
    const results: unknown[] = []
    const app = new App({ name: 't', log: { level: 'silent' } })
    let late: (() => Promise<Buffer>) | undefined
    app.post('/', { body: multipart({ files: { a: upload(), b: upload() }, folder }) }, async ({ body: { a, b } }) => {
      await a.saveTo(join(target, 'a'))
      results.push((await a.bytes()).toString(), a.path === join(target, 'a'))
      await b.saveTo(join(target, 'taken')).catch((error: unknown) => results.push((error as { code: string }).code))
      late = () => b.bytes()
    })
    const { url } = await app.listen(0)
    expect((await fetch(url, { method: 'POST', body: formOf({ a: image(2), b: image(3) }) })).status).toBe(204)
    await nothingLeft()
    expect(results).toEqual(['pp', true, 'TUTTI_FILE_EXISTS'])
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('pp')
    expect(await readFile(join(target, 'taken'), 'utf8')).toBe('before')
    await expect(late?.()).rejects.toMatchObject({ code: 'TUTTI_FILE_GONE' })
    await app.stop()
    await rm(target, { recursive: true })
  })

  it('removes files after a response without a socket as well', async () => {
    const app = new App({ name: 't', log: { level: 'silent' } })
    app.post('/', { body: multipart({ files: { a: upload() }, folder }) }, ({ body }) => body.a.size)
    const response = await app.fetch(new Request('http://t/', { method: 'POST', body: formOf({ a: image(7) }) }))
    expect(await response.json()).toBe(7)
    await nothingLeft()
    await app.stop()
  })

  it('never uses the name that a client gives as a path', async () => {
    const names: string[] = []
    const app = new App({ name: 't', log: { level: 'silent' } })
    app.post('/', { body: multipart({ files: { a: upload() }, folder }) }, ({ body }) => {
      names.push(body.a.filename)
      expect(body.a.path.startsWith(folder)).toBe(true)
      expect(body.a.path).toMatch(/[\da-f-]{36}$/)
    })
    const { url } = await app.listen(0)
    for (const name of ['../../etc/passwd', '..\\..\\boot.ini', '/etc/shadow', 'a\u202egnp.exe']) {
      const form = new FormData()
      form.append('a', new Blob(['x']), name)
      await fetch(url, { method: 'POST', body: form })
    }
    expect(names).toEqual(['passwd', 'boot.ini', 'shadow', 'agnp.exe'])
    await app.stop()
  })

  it.each([
    ['no boundary', 'multipart/form-data', 'x', 400],
    ['no end', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', 400],
    [
      'no end of a file',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="avatar"; filename="f"\r\nContent-Type: image/png\r\n\r\nx',
      400,
    ],
    ['another type', 'application/json', '{}', 415],
  ])('answers what is no form: %s', async (_, ...[type, body, status]) => {
    await using app = await profileApp()
    const response = await fetch(`${app.url}/profile`, { method: 'POST', headers: { 'content-type': type }, body })
    expect(response.status).toBe(status)
    await nothingLeft()
  })

  it('settles on any bytes, and gives back any form as it was sent', async () => {
    const app = new App({ name: 't', log: { level: 'silent' } })
    const options: MultipartOptions<z.ZodType<Record<string, unknown>>, { readonly file: ReturnType<typeof uploads> }> = {
      fields: z.record(z.string(), z.unknown()),
      files: { file: uploads() },
      folder,
    }
    app.post('/', { body: multipart(options) }, async ({ body: { file, ...fields } }) => ({
      fields,
      files: await Promise.all(file.map(async (one) => (await one.bytes()).toString('hex'))),
    }))
    await app.start()
    const send = (body: Uint8Array<ArrayBuffer> | FormData): Promise<Response> =>
      app.fetch(
        new Request('http://t/', {
          method: 'POST',
          body,
          ...(body instanceof Uint8Array && { headers: { 'content-type': 'multipart/form-data; boundary=b' } }),
        }),
      )

    const token = fc.constantFrom(
      '--b',
      '--b--',
      '\r\n',
      '\r\n\r\n',
      '--',
      'b',
      'Content-Disposition: form-data; name="file"; filename="x"',
      'Content-Disposition: form-data; name="q"',
      'Content-Type: image/png',
      '\0',
      'x',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(token, fc.string()), { maxLength: 20 }), async (tokens) => {
        expect([200, 400, 413, 422]).toContain((await send(new Uint8Array(Buffer.from(tokens.join(''))))).status)
      }),
      { numRuns: 60 },
    )
    const name = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => text !== 'file')
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          name,
          fc.string().map((text) => text.toWellFormed().replaceAll(/[\r\n]/g, '')),
        ),
        fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 3 }),
        async (fields, files) => {
          const form = new FormData()
          for (const [key, value] of Object.entries(fields)) form.append(key, value)
          for (const bytes of files) form.append('file', new Blob([new Uint8Array(bytes)]), 'f')
          const response = await send(form)
          expect(await response.json()).toEqual({ fields: { ...fields }, files: files.map((bytes) => Buffer.from(bytes).toString('hex')) })
        },
      ),
      { numRuns: 30 },
    )
    await nothingLeft()
    await app.stop()
  })

  it('refuses rules that nothing can meet', () => {
    expect(() => uploads({ min: 3, max: 2 })).toThrow(/min 3 and max 2/)
  })
})
