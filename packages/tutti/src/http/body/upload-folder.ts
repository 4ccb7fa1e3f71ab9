import { services, type HttpContext } from '../context.ts'

/** A private folder for the files of one request; removed with everything in it when the response is complete or the client has gone. */
export class UploadFolder {
  readonly path: string
  #removed = false

  private constructor(path: string) {
    this.path = path
  }

  /** Makes one in `parent`, readable by this user alone. */
  static async open(ctx: HttpContext, parent: string): Promise<UploadFolder> {
    const { join } = process.getBuiltinModule('node:path')
    const folder = new UploadFolder(await process.getBuiltinModule('node:fs/promises').mkdtemp(join(parent, 'tutti-upload-')))
    ctx.exchange.once('close', () => folder.#removeLater(ctx))
    return folder
  }

  get removed(): boolean {
    return this.#removed
  }

  /** A path for a further file: random, whatever the client calls it. */
  next(): string {
    const { join } = process.getBuiltinModule('node:path')
    return join(this.path, process.getBuiltinModule('node:crypto').randomUUID())
  }

  async remove(): Promise<void> {
    if (this.#removed) return
    this.#removed = true
    await process.getBuiltinModule('node:fs/promises').rm(this.path, { recursive: true, force: true, maxRetries: 3 })
  }

  /** As work in the background, which a shutdown waits for. */
  #removeLater(ctx: HttpContext): void {
    if (this.#removed) return
    const { background, log } = ctx[services]
    const remove = (): Promise<void> => this.remove()
    try {
      background.defer(remove, 'removal of uploaded files')
    } catch {
      // The process ends already; the folder need not outlive it.
      remove().catch((error: unknown) => log.error('Uploaded files could not be removed.', { error, folder: this.path }))
    }
  }
}
