import { bytes, OptionError, type Size } from '../../kernel/index.ts'
import { isSchema, toJsonSchema, type InferOutput, type JsonSchema, type Schema, type StandardSchemaV1 } from '../../schema/index.ts'
import { wrapLists } from '../string-parts.ts'
import { requireType } from './media-type.ts'
import { noParts, type ReceivedParts } from './received-parts.ts'
import type { BodyReader } from './reader.ts'
import type { UploadedFile } from './uploaded-file.ts'
import type { UploadRule } from './upload.ts'

type Rules = Readonly<Record<string, UploadRule>>

/** What a multipart body may hold. */
export interface MultipartOptions<Fields extends Schema, Files extends Rules> {
  /** Checks the fields that are not files: texts by name, lists where a name is repeated. Without it they are ignored. */
  readonly fields?: Fields
  /** The fields that take files. Files elsewhere are refused with 422. @default none */
  readonly files?: Files
  /** The most fields that are not files. @default 100 */
  readonly maxFields?: number
  /** The largest of them. @default '64kb' */
  readonly maxFieldSize?: Size
  /** The largest head of a part: its name, file name and type; what is longer is cut off. @default '8kb' */
  readonly maxHeaderSize?: Size
  /** The largest body. A `bodyLimit` of the route goes before it. @default what the files may have together, and 1 MB for everything else */
  readonly maxTotal?: Size
  /** Where files are kept until the response is complete, in a folder of their own. @default the system's folder for temporary files */
  readonly folder?: string
}

/** What a handler gets: the fields as their schema gives them, and each file under its name. */
export type MultipartBody<Fields extends Schema, Files extends Rules> = InferOutput<Fields> & {
  readonly [Name in keyof Files]: Files[Name] extends UploadRule<true>
    ? readonly UploadedFile[]
    : Files[Name] extends UploadRule<false, true>
      ? UploadedFile | undefined
      : UploadedFile
}

const mediaTypes = ['multipart/form-data']

/**
 * Reads forms with files (`multipart/form-data`, RFC 7578). Files go to disk as they arrive, under random names in a private folder,
 * and are removed after the response unless `saveTo` moved them. What breaks a limit ends the upload at once: 413 for sizes and numbers
 * of parts, 415 for media types. Missing, unexpected and too many files are reported together with the problems of the fields (422).
 */
export function multipart<const Files extends Rules = Record<never, never>, Fields extends Schema = Schema<unknown, Record<never, never>>>(
  options: MultipartOptions<Fields, Files>,
): BodyReader<MultipartBody<Fields, Files>>
export function multipart(options: MultipartOptions<Schema, Rules>): BodyReader<unknown> {
  const { fields, files = {}, maxFields = 100 } = options
  if (fields !== undefined && !isSchema(fields))
    throw new OptionError('multipart: fields is not a schema; wanted any Standard Schema, such as z.object({ … }).')
  if (!Number.isInteger(maxFields) || maxFields < 0)
    throw new OptionError(`multipart received maxFields ${String(maxFields)}; wanted a whole number of 0 or more.`)
  const together = Object.values(files).reduce((sum, { maxSize, max }) => sum + maxSize * max, bytes('1mb'))
  const limits = {
    files,
    maxFields,
    maxFieldSize: bytes(options.maxFieldSize ?? '64kb'),
    maxHeaderSize: bytes(options.maxHeaderSize ?? '8kb'),
    folder: options.folder,
  }
  return {
    mediaTypes,
    schema: schemaOf(fields, files),
    limit: options.maxTotal === undefined ? together : bytes(options.maxTotal),
    empty: noParts,
    describe: () => describe(fields, files),
    async read(ctx, limit) {
      requireType(ctx, mediaTypes)
      // Loaded with the first form.
      const { receiveParts } = await import('./multipart-intake.ts')
      return receiveParts(ctx, limit, limits)
    },
  }
}

/** Fields and files are checked together, so that all that is wrong with a form is told at once. */
function schemaOf(fields: Schema | undefined, files: Rules): Schema {
  const wrap = fields === undefined ? undefined : wrapLists(fields)
  const judge = (received: ReceivedParts, result: StandardSchemaV1.Result<unknown>): StandardSchemaV1.Result<unknown> => {
    const issues = [...(result.issues ?? []), ...fileIssues(received, files)]
    if (issues.length > 0 || result.issues !== undefined) return { issues }
    const body: Record<string, unknown> = { ...(result.value as Record<string, unknown>) }
    for (const [name, { list }] of Object.entries(files)) {
      const got = received.files.get(name) ?? []
      if (list) body[name] = got
      else if (got[0] !== undefined) body[name] = got[0]
    }
    return { value: body }
  }
  return {
    '~standard': {
      version: 1,
      vendor: 'tutti',
      validate(value) {
        const received = value as ReceivedParts
        if (fields === undefined) return judge(received, { value: {} })
        const result = fields['~standard'].validate(wrap === undefined ? received.fields : wrap(received.fields))
        return result instanceof Promise ? result.then((settled) => judge(received, settled)) : judge(received, result)
      },
    },
  }
}

interface FileIssue extends StandardSchemaV1.Issue {
  readonly code: string
}

function fileIssues({ files, refused }: ReceivedParts, rules: Rules): FileIssue[] {
  const issues = refused.map(({ name, code, message }): FileIssue => ({ path: [name], message, code }))
  for (const [name, { list, min }] of Object.entries(rules)) {
    const count = files.get(name)?.length ?? 0
    if (count >= min || refused.some((refusal) => refusal.name === name)) continue
    issues.push({
      path: [name],
      code: count === 0 ? 'file_missing' : 'files_missing',
      message: list ? `wanted at least ${min} files, received ${count}` : 'the file is missing',
    })
  }
  return issues
}

function describe(fields: Schema | undefined, files: Rules): JsonSchema {
  const binary = { type: 'string', format: 'binary' } as const
  const own: JsonSchema = {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(files).map(([name, { list, min, max }]) => [
        name,
        list ? { type: 'array', items: binary, minItems: min, maxItems: max } : binary,
      ]),
    ),
    required: Object.entries(files).flatMap(([name, { min }]) => (min > 0 ? [name] : [])),
  }
  const described = fields === undefined ? undefined : toJsonSchema(fields, 'input')
  return described === undefined ? own : { allOf: [described, own] }
}
