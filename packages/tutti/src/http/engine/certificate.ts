import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'
import type { HttpPeer } from '../source.ts'

/** The certificate that a client showed (mTLS). */
export interface ClientCertificate {
  /** Whom it is about, by the short names of X.500: `{ CN: 'billing', O: 'Shop' }`. */
  readonly subject: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Who vouches for it. */
  readonly issuer: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The other names, such as `DNS:billing.example, URI:spiffe://shop/billing`. */
  readonly alternativeNames: string | undefined
  /** SHA-256 of the whole certificate, in upper-case hex digits with colons. */
  readonly fingerprint256: string
  readonly serialNumber: string
  readonly validFrom: Date
  readonly validTo: Date
  /** Whether one of the authorities in `tls.ca` vouches for it. Look at this unless certificates are required. */
  readonly authorized: boolean
  /** Why not, such as `CERT_HAS_EXPIRED`. */
  readonly problem: string | undefined
  /** The certificate itself (DER). */
  readonly raw: Uint8Array
}

/** The certificate of the client behind a connection; `undefined` where it showed none. */
export function clientCertificateOf(peer: HttpPeer): ClientCertificate | undefined {
  const certificate: PeerCertificate | DetailedPeerCertificate | null | undefined = peer.getPeerCertificate?.()
  if (certificate?.raw === undefined) return undefined
  const problem: unknown = peer.authorizationError
  return {
    subject: { ...certificate.subject },
    issuer: { ...certificate.issuer },
    alternativeNames: certificate.subjectaltname,
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    validFrom: new Date(certificate.valid_from),
    validTo: new Date(certificate.valid_to),
    authorized: peer.authorized === true,
    problem:
      problem === undefined || problem === null
        ? undefined
        : problem instanceof Error
          ? problem.message
          : 'the certificate was not accepted',
    raw: certificate.raw,
  }
}
