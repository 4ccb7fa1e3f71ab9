/** The id of what an event is about: `mug` of an event in the stream `product-mug`. */
export function idOf({ stream }: { readonly stream: string }): string {
  return stream.slice(stream.indexOf('-') + 1)
}
