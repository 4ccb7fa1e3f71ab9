/** Wraps what goes on inside of it. What it returns is the result; nothing keeps what `next()` gave. */
export type Layer<Ctx> = (ctx: Ctx, next: () => Promise<unknown>) => unknown

/** A function in its layers, the first one outermost. A layer that calls `next` twice gets the same twice. */
export function layered<Ctx>(layers: readonly Layer<Ctx>[], inside: (ctx: Ctx) => unknown): (ctx: Ctx) => Promise<unknown> {
  return layers.reduceRight<(ctx: Ctx) => Promise<unknown>>(
    (inner, layer) => async (ctx) => {
      let downstream: Promise<unknown> | undefined
      const result = await layer(ctx, () => (downstream ??= inner(ctx)))
      return result === undefined ? downstream : result
    },
    async (ctx) => inside(ctx),
  )
}
