import type { HttpContext } from './context.ts'
import type { Fail, Handle } from './middleware.ts'
import type { HttpServices } from './services.ts'

/** A part of an application that answers everything below a path, outside of its middleware and routes. */
export interface Mount {
  /** Such as `/console`. */
  readonly path: string
  /** Makes what answers; called with the first request. */
  readonly open: (services: HttpServices<HttpContext>) => Promise<Handle>
}

/** Has mounts answer what is theirs, and `inside` everything else. */
export function withMounts(
  mounts: readonly Mount[],
  inside: Handle,
  { services, fail }: { readonly services: HttpServices<HttpContext>; readonly fail: Fail },
): Handle {
  return mounts.reduce<Handle>((others, { path, open }) => {
    let opened: Promise<Handle> | undefined
    const answer = async (ctx: HttpContext): Promise<Awaited<ReturnType<Handle>>> => {
      try {
        opened ??= open(services)
        return await (
          await opened
        )(ctx)
      } catch (error) {
        // It may work the next time.
        opened = undefined
        return fail(error, ctx)
      }
    }
    return (ctx) => (isBelow(ctx.path, path) ? answer(ctx) : others(ctx))
  }, inside)
}

function isBelow(path: string, mount: string): boolean {
  return path.startsWith(mount) && (path.length === mount.length || path[mount.length] === '/')
}
