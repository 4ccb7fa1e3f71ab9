/** Writes plain values in a media type: how an application answers in XML, CSV or MessagePack besides JSON. */
export interface Encoder {
  /** Such as `application/xml`; also matched by `Accept: application/*`. */
  readonly mediaType: string
  /** Sent as `Content-Type`. @default the media type */
  readonly contentType?: string
  encode(value: unknown): string | Uint8Array
}

/** JSON (RFC 8259). */
export const jsonEncoder: Encoder = {
  mediaType: 'application/json',
  encode: (value) => JSON.stringify(value) ?? 'null',
}
