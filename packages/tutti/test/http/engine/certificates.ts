import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A certificate with its key, as PEM and as files. */
export interface Issued {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

/** An authority for the length of a test, made with openssl. */
export class TestAuthority {
  readonly folder: string
  readonly ca: Issued
  #count = 0

  private constructor(folder: string, ca: Issued) {
    this.folder = folder
    this.ca = ca
  }

  static async create(name = 'Test Authority'): Promise<TestAuthority> {
    const folder = await mkdtemp(join(tmpdir(), 'tutti-tls-'))
    const [keyFile, certFile] = [join(folder, 'ca.key'), join(folder, 'ca.crt')]
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      keyFile,
      '-out',
      certFile,
    ])
    return new TestAuthority(folder, { keyFile, certFile, key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') })
  }

  /** Issues a certificate for 127.0.0.1 and localhost. */
  async issue(name: string): Promise<Issued> {
    const base = join(this.folder, `${++this.#count}`)
    const [keyFile, certFile, requestFile, extensions] = [`${base}.key`, `${base}.crt`, `${base}.csr`, `${base}.ext`]
    await writeFile(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
    await run('openssl', [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/O=Shop/CN=${name}`,
      '-keyout',
      keyFile,
      '-out',
      requestFile,
    ])
    await run('openssl', [
      'x509',
      '-req',
      '-in',
      requestFile,
      '-CA',
      this.ca.certFile,
      '-CAkey',
      this.ca.keyFile,
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      extensions,
      '-out',
      certFile,
    ])
    return { keyFile, certFile, key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') }
  }

  /** The key of a certificate, encrypted. */
  async encrypt(issued: Issued, passphrase: string): Promise<string> {
    const file = `${issued.keyFile}.enc`
    await run('openssl', ['ec', '-in', issued.keyFile, '-aes256', '-passout', `pass:${passphrase}`, '-out', file])
    return readFile(file, 'utf8')
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}
