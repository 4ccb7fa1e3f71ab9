import { createRequire } from 'node:module'
import { Transform, type Readable, type TransformCallback } from 'node:stream'
import type { BusboyConstructor, BusboyFileStream, BusboyHeaders, BusboyInstance } from '@fastify/busboy'
import { cleanFilename } from '../content-disposition.ts'
import type { HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import { rawHeader } from '../source.ts'
import { unsupported } from './errors.ts'
import { bodyStream } from './limited.ts'
import { matchesType } from './media-type.ts'
import { UploadFolder } from './upload-folder.ts'
import { noParts, type IntakeLimits, type ReceivedParts, type RefusedFile } from './received-parts.ts'
import { UploadedFile } from './uploaded-file.ts'
import type { UploadRule } from './upload.ts'

/** More unexpected parts than this end the upload. */
const strayParts = 16

let busboy: BusboyConstructor | undefined

/** Takes a multipart body apart. Where it fails, what was written is removed before the promise rejects. */
export async function receiveParts(ctx: HttpContext, limit: number, limits: IntakeLimits): Promise<ReceivedParts> {
  const parser = createParser(ctx, limits)
  const takesFiles = Object.keys(limits.files).length > 0
  const folder = takesFiles ? await UploadFolder.open(ctx, limits.folder ?? process.getBuiltinModule('node:os').tmpdir()) : undefined
  const intake = new Intake(limits, folder)
  try {
    return await intake.run(bodyStream(ctx, limit), parser)
  } catch (error) {
    await folder?.remove()
    throw error
  }
}

function createParser(ctx: HttpContext, limits: IntakeLimits): BusboyInstance {
  busboy ??= (createRequire(import.meta.url)('@fastify/busboy') as { readonly Busboy: BusboyConstructor }).Busboy
  const files = Object.values(limits.files).reduce((sum, { max }) => sum + max, 0)
  const headers: BusboyHeaders = { 'content-type': rawHeader(ctx.source.rawHeaders, 'content-type') ?? '' }
  try {
    return new busboy({
      headers,
      isPartAFile: (_name, _type, filename) => filename !== undefined,
      limits: {
        fields: limits.maxFields,
        fieldSize: limits.maxFieldSize,
        parts: limits.maxFields + files + strayParts,
        headerSize: limits.maxHeaderSize,
        headerPairs: 20,
      },
    })
  } catch (cause) {
    throw malformed(cause)
  }
}

class Intake {
  readonly #limits: IntakeLimits
  readonly #folder: UploadFolder | undefined
  readonly #parts = noParts()
  readonly #open = new Set<Readable>()
  readonly #writes: Promise<void>[] = []
  readonly #counts = new Map<string, number>()
  readonly #failed = Promise.withResolvers<never>()
  #failure: unknown

  constructor(limits: IntakeLimits, folder: UploadFolder | undefined) {
    this.#limits = limits
    this.#folder = folder
    // Whoever runs the intake waits for it; a failure before that is no unhandled one.
    this.#failed.promise.catch(() => {})
  }

  async run(input: Readable, parser: BusboyInstance): Promise<ReceivedParts> {
    const { maxFields, maxFieldSize } = this.#limits
    const finished = new Promise<void>((resolve) => parser.once('finish', resolve))
    input.on('error', (error) => this.#fail(error))
    parser.on('error', (cause) => this.#fail(malformed(cause)))
    parser.on('partsLimit', () => this.#fail(tooMuch('more parts than are expected here')))
    parser.on('fieldsLimit', () => this.#fail(tooMuch(`more than the ${maxFields} fields that are allowed here`)))
    parser.on('field', (name, value, ...[, valueCut]) => {
      if (valueCut) this.#fail(tooMuch(`a field larger than the ${maxFieldSize} bytes that are allowed here`))
      else if (name !== undefined) this.#addField(name, value)
    })
    parser.on('file', (name, stream, ...[filename, , type]) => this.#addFile({ name, filename, type }, stream))
    try {
      input.pipe(parser)
      await Promise.race([finished, this.#failed.promise])
      await Promise.race([Promise.all(this.#writes), this.#failed.promise])
      return this.#parts
    } catch (error) {
      input.unpipe(parser)
      input.destroy()
      for (const stream of this.#open) stream.destroy()
      await Promise.allSettled(this.#writes)
      throw error
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#failed.reject(this.#failure)
  }

  #addField(name: string, value: string): void {
    const { fields } = this.#parts
    const known = fields[name]
    if (known === undefined) fields[name] = value
    else if (typeof known === 'string') fields[name] = [known, value]
    else known.push(value)
  }

  #addFile(
    { name, filename, type }: { readonly name: string | undefined; readonly filename: string; readonly type: string },
    stream: BusboyFileStream,
  ): void {
    stream.on('error', (error) => this.#fail(error instanceof HttpError ? error : malformed(error)))
    const rule = name !== undefined && Object.hasOwn(this.#limits.files, name) ? this.#limits.files[name] : undefined
    if (name === undefined || rule === undefined || this.#folder === undefined) {
      this.#refuse({ name: name ?? '', code: 'file_unexpected', message: 'no file is expected here' }, stream)
      return
    }
    if (filename === '') {
      // What browsers send for a file input in which nothing was chosen.
      stream.once('data', () => this.#parts.refused.push({ name, code: 'file_unnamed', message: 'the file has no name' }))
      stream.resume()
      return
    }
    const count = this.#counts.get(name) ?? 0
    this.#counts.set(name, count + 1)
    if (count >= rule.max)
      this.#refuse({ name, code: 'files_too_many', message: `wanted at most ${rule.max} file${rule.max === 1 ? '' : 's'}` }, stream)
    else if (!matchesType(type, rule.types)) {
      stream.resume()
      this.#fail(unsupported(type, rule.types))
    } else this.#writes.push(this.#write({ name, filename, type, place: count }, { rule, stream, folder: this.#folder }))
  }

  #refuse(refused: RefusedFile, stream: Readable): void {
    if (!this.#parts.refused.some(({ name, code }) => name === refused.name && code === refused.code)) this.#parts.refused.push(refused)
    stream.resume()
  }

  async #write(
    { name, filename, type, place }: { readonly name: string; readonly filename: string; readonly type: string; readonly place: number },
    { rule, stream, folder }: { readonly rule: UploadRule; readonly stream: Readable; readonly folder: UploadFolder },
  ): Promise<void> {
    const path = folder.next()
    const counter = new Counter(rule.maxSize, () =>
      tooMuch(`a file larger than the ${rule.maxSize} bytes that are allowed for ${JSON.stringify(name)}`),
    )
    this.#open.add(stream)
    try {
      const target = process.getBuiltinModule('node:fs').createWriteStream(path, { flags: 'wx', mode: 0o600 })
      await process.getBuiltinModule('node:stream/promises').pipeline(stream, counter, target)
    } catch (error) {
      this.#fail(error)
      throw error
    } finally {
      this.#open.delete(stream)
    }
    const list = this.#parts.files.get(name) ?? []
    this.#parts.files.set(name, list)
    list[place] = new UploadedFile({
      field: name,
      filename: cleanFilename(filename),
      contentType: type,
      size: counter.size,
      path,
      isGone: () => folder.removed,
    })
  }
}

class Counter extends Transform {
  readonly #limit: number
  readonly #error: () => Error
  size = 0

  constructor(limit: number, error: () => Error) {
    super()
    this.#limit = limit
    this.#error = error
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.size += chunk.length
    if (this.size > this.#limit) callback(this.#error())
    else callback(null, chunk)
  }
}

function tooMuch(what: string): HttpError {
  return new HttpError('TUTTI_BODY_TOO_LARGE', `The request body has ${what}.`, { status: 413 })
}

function malformed(cause: unknown): HttpError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HttpError('TUTTI_BODY_MALFORMED', `The request body is not a valid multipart form: ${reason}.`, { status: 400, cause })
}
