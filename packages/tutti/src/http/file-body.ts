import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ByteRange } from './ranges.ts'

const chunkSize = 64 * 1024

/** Sends parts of a file, and bytes between them. Fails where the file is shorter than it was, and closes the file in any case. */
export class FileBody extends Readable {
  readonly #handle: FileHandle
  readonly #pieces: readonly (ByteRange | Buffer)[]
  #current = 0
  /** How much of the current range has been read. */
  #offset = 0

  constructor(handle: FileHandle, pieces: readonly (ByteRange | Buffer)[]) {
    super({ highWaterMark: chunkSize })
    this.#handle = handle
    this.#pieces = pieces
  }

  override _read(): void {
    const piece = this.#pieces[this.#current]
    if (piece === undefined) this.push(null)
    else if (Buffer.isBuffer(piece)) {
      this.#current++
      this.push(piece)
    } else {
      this.#readRange(piece).then(
        (chunk) => this.push(chunk),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      )
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.#close(error, callback)
  }

  async #close(error: Error | null, callback: (error?: Error | null) => void): Promise<void> {
    let failure = error
    try {
      await this.#handle.close()
    } catch (reason) {
      failure ??= reason instanceof Error ? reason : null
    }
    callback(failure)
  }

  async #readRange({ start, end }: ByteRange): Promise<Buffer> {
    const chunk = await readPart(this.#handle, start + this.#offset, Math.min(chunkSize, end - start + 1 - this.#offset))
    this.#offset += chunk.length
    if (start + this.#offset > end) {
      this.#current++
      this.#offset = 0
    }
    return chunk
  }
}

/** Reads at least one byte, and at most `length`. Rejects at the end of the file. */
async function readPart(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, position)
  if (bytesRead === 0) throw new Error('The file became shorter while it was sent.')
  return bytesRead === length ? buffer : buffer.subarray(0, bytesRead)
}

/** Reads a small range as a whole. */
export async function readWhole(handle: FileHandle, { start, end }: ByteRange): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let at = start; at <= end;) {
    const chunk = await readPart(handle, at, end + 1 - at)
    chunks.push(chunk)
    at += chunk.length
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}
