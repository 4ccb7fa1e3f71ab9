/** What wire types 0 and 2 of Protocol Buffers hold: a number, or bytes. Fields of other types are left out. */
type Field = readonly [number: number, value: number | Uint8Array]

/**
 * The milliseconds after which a server wants to be asked again, from the `google.rpc.Status` that it sent along with an error.
 * `undefined` where it says nothing about it, or cannot be read.
 */
export function retryDelayOf(status: Uint8Array): number | undefined {
  for (const detail of messages(status, 3)) {
    const [type] = messages(detail, 1)
    if (type === undefined || !Buffer.from(type).toString('latin1').endsWith('/google.rpc.RetryInfo')) continue
    for (const info of messages(detail, 2)) {
      const [delay = new Uint8Array()] = messages(info, 1)
      const [seconds, nanos] = [1, 2].map((field) => fields(delay).find(([number]) => number === field)?.[1])
      return (typeof seconds === 'number' ? seconds * 1000 : 0) + (typeof nanos === 'number' ? nanos / 1e6 : 0)
    }
  }
  return undefined
}

function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  return fields(bytes).flatMap(([number, value]) => (number === field && typeof value === 'object' ? [value] : []))
}

function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) break
    }
    return value
  }
  while (at < bytes.length) {
    const tag = varint()
    const [field, type] = [Math.floor(tag / 8), tag % 8]
    if (type === 0) found.push([field, varint()])
    else if (type === 2) {
      const length = varint()
      found.push([field, bytes.subarray(at, at + length)])
      at += length
    } else if (type === 1 || type === 5) at += type === 1 ? 8 : 4
    else break
  }
  return found
}
