import type { Readable } from 'node:stream'
import { TuttiError } from '../../kernel/index.ts'

/** What an uploaded file is made of. */
export interface UploadedFileParts {
  readonly field: string
  readonly filename: string
  readonly contentType: string
  readonly size: number
  readonly path: string
  /** Whether the temporary files of the request have been removed. */
  readonly isGone: () => boolean
}

/**
 * A file that came with a multipart body, on disk under a random name. It is removed when the response is complete or the client has
 * gone, unless `saveTo` moved it. Everything about it but its size is what the client says.
 */
export class UploadedFile {
  /** The name of its form field. */
  readonly field: string
  /** The name that the client gives it, without path and control characters. For display: never a path. */
  readonly filename: string
  /** The media type that the client declares; what is in the file may be something else. */
  readonly contentType: string
  /** In bytes. */
  readonly size: number
  readonly #isGone: () => boolean
  #path: string
  #saved = false

  constructor(parts: UploadedFileParts) {
    this.field = parts.field
    this.filename = parts.filename
    this.contentType = parts.contentType
    this.size = parts.size
    this.#path = parts.path
    this.#isGone = parts.isGone
  }

  /** Where it is now. */
  get path(): string {
    return this.#path
  }

  /** Its bytes as a stream. Throws `TUTTI_FILE_GONE` after the response. */
  stream(): Readable {
    this.#assertThere()
    return process.getBuiltinModule('node:fs').createReadStream(this.#path)
  }

  /** All its bytes. Rejects with `TUTTI_FILE_GONE` after the response. */
  async bytes(): Promise<Buffer> {
    this.#assertThere()
    return process.getBuiltinModule('node:fs/promises').readFile(this.#path)
  }

  /**
   * Keeps it: moves it to `path`, whose folder must exist. Rejects with `TUTTI_FILE_EXISTS` where something is there already, unless
   * `overwrite` is set, and with `TUTTI_FILE_GONE` after the response.
   */
  async saveTo(path: string, { overwrite = false }: { readonly overwrite?: boolean } = {}): Promise<void> {
    this.#assertThere()
    try {
      await (overwrite ? replace(this.#path, path) : place(this.#path, path))
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause
      throw new TuttiError(
        'TUTTI_FILE_EXISTS',
        `The upload was to be saved as ${path}, where a file is already; choose another name, or pass { overwrite: true }.`,
        { cause },
      )
    }
    this.#path = path
    this.#saved = true
  }

  #assertThere(): void {
    if (this.#saved || !this.#isGone()) return
    throw new TuttiError(
      'TUTTI_FILE_GONE',
      `The upload of the field ${JSON.stringify(this.field)} was used after its response; keep it with saveTo(path) before that.`,
    )
  }
}

async function place(from: string, to: string): Promise<void> {
  const { constants, copyFile, link, unlink } = process.getBuiltinModule('node:fs/promises')
  try {
    await link(from, to)
  } catch (error) {
    // Another device, or a file system without links.
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') throw error
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
  await unlink(from)
}

async function replace(from: string, to: string): Promise<void> {
  const { copyFile, rename, unlink } = process.getBuiltinModule('node:fs/promises')
  try {
    await rename(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    await copyFile(from, to)
    await unlink(from)
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
