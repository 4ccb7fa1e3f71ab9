import type { HttpContext } from './context.ts'
import { HttpError } from './errors.ts'
import { fileResponse } from './file-response.ts'
import { contentTypeOf } from './media-types.ts'
import { negotiate } from './negotiate.ts'
import { openFile, type OpenFile } from './open-file.ts'
import { reply } from './reply.ts'
import type { HttpResponse } from './response.ts'
import { rawHeader } from './source.ts'
import { precompressedSuffixes, type Folder, type PrecompressedEncoding } from './static-folder.ts'

/** What is at a path of decoded names: a file, or the way to a folder's index. `undefined` where there is neither. */
export async function findFile(
  ctx: HttpContext,
  folder: Folder,
  names: readonly string[],
): Promise<HttpResponse | ReturnType<typeof reply> | undefined> {
  if (folder.dotfiles !== 'allow' && names.some((name) => name.startsWith('.'))) {
    if (folder.dotfiles === 'ignore') return undefined
    throw new HttpError('TUTTI_FILE_FORBIDDEN', 'Files whose name begins with a dot are not served.', { status: 403 })
  }
  const isFolder = names.length === 0 ? false : names.at(-1) === ''
  if (isFolder) return folder.index === false ? undefined : send(ctx, folder, [...names.slice(0, -1), folder.index].join('/'))
  const sent = names.length === 0 ? undefined : await send(ctx, folder, names.join('/'))
  if (sent !== undefined || folder.index === false) return sent
  const index = await openFile([...names, folder.index].join('/'), folder)
  if (index === undefined) return undefined
  await index.handle.close()
  // From the root of this host, and encoded anew: no path can name another host.
  const location = `${folder.prefix}/${names.map((name) => `${encodeURIComponent(name)}/`).join('')}`
  return reply(301, undefined, { location: ctx.queryString === '' ? location : `${location}?${ctx.queryString}` })
}

async function send(ctx: HttpContext, folder: Folder, path: string): Promise<HttpResponse | undefined> {
  const plain = await openFile(path, folder)
  if (plain === undefined) return undefined
  const packed = folder.precompressed.length === 0 ? undefined : await openPacked(ctx, folder, path)
  if (packed !== undefined) await plain.handle.close()
  return fileResponse(ctx, packed?.file ?? plain, {
    ...folder.head,
    contentType: contentTypeOf(path),
    variant: packed?.encoding,
    headers: { vary: folder.precompressed.length === 0 ? undefined : 'Accept-Encoding', 'content-encoding': packed?.encoding },
  })
}

/** The file in the encoding that the client likes best of those that are there; `undefined` where that is none. */
async function openPacked(
  ctx: HttpContext,
  folder: Folder,
  path: string,
): Promise<{ readonly file: OpenFile; readonly encoding: PrecompressedEncoding } | undefined> {
  const accept = rawHeader(ctx.source.rawHeaders, 'accept-encoding')
  if (accept === undefined || accept.trim() === '') return undefined
  let offers = folder.precompressed
  while (offers.length > 0) {
    const best = negotiate(accept, [...offers, 'identity'])
    const encoding = offers.find((offer) => offer === best)
    if (encoding === undefined) return undefined
    const file = await openFile(path + precompressedSuffixes[encoding], folder)
    if (file !== undefined) return { file, encoding }
    offers = offers.filter((offer) => offer !== encoding)
  }
  return undefined
}
