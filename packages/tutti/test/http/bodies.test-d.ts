import type { Readable } from 'node:stream'
import * as z from 'zod'
import { App } from '../../src/index.ts'
import { bytes, form, multipart, stream, text, upload, uploads, type UploadedFile } from '../../src/http/index.ts'

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

function assert<T extends true>(): T | undefined {
  return undefined
}

const app = new App()

app.post('/', { body: text() }, ({ body }) => void assert<Equals<typeof body, string>>())
app.post('/', { body: text({ schema: z.string().transform(Number) }) }, ({ body }) => void assert<Equals<typeof body, number>>())
app.post('/', { body: bytes() }, ({ body }) => void assert<Equals<typeof body, Buffer>>())
app.post('/', { body: stream() }, ({ body }) => void assert<Equals<typeof body, Readable>>())
app.post('/', { body: form(z.object({ a: z.coerce.number() })) }, ({ body }) => void assert<Equals<typeof body, { a: number }>>())

const body = multipart({
  fields: z.object({ name: z.string() }),
  files: { avatar: upload({ maxSize: '1mb' }), photos: uploads({ max: 3 }), note: upload({ optional: true }) },
})
app.post('/', { body }, ({ body }) => {
  assert<Equals<typeof body.name, string>>()
  assert<Equals<typeof body.avatar, UploadedFile>>()
  assert<Equals<typeof body.photos, readonly UploadedFile[]>>()
  assert<Equals<typeof body.note, UploadedFile | undefined>>()
  // @ts-expect-error no such field
  void body.other
})
app.post('/', { body: multipart({ files: { a: upload() } }) }, ({ body }) => void assert<Equals<typeof body.a, UploadedFile>>())

// @ts-expect-error not a size
upload({ maxSize: '1 megabyte' })
// @ts-expect-error a list has a maximum instead
uploads({ optional: true })
