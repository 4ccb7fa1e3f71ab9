import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import { createShop } from '../src/app.ts'
import { config } from '../src/settings.ts'

const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

it('pictures are uploaded by administrators within limits, and downloaded whole or in ranges', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-'))
  const settings = config.load({ env: { SHOP_PICTURES: folder } })
  try {
    await using t = await testApp(createShop({ storage: 'sqlite::memory:', config: settings, log: { level: 'silent' } }))
    const upload = (bytes: Buffer, type: string, key = 'demo') => {
      const form = new FormData()
      form.set('picture', new Blob([new Uint8Array(bytes)], { type }), 'mug.png')
      return t.put('/products/mug/picture', { form, headers: { 'x-api-key': key } })
    }
    await t.get('/products/mug/picture').expect(404)
    await upload(png, 'image/png', 'no').expect(401)
    await upload(png, 'text/html').expect(415)
    await upload(Buffer.alloc(2 * 1024 * 1024 + 1), 'image/png').expect(413)
    await upload(png, 'image/png').expect(204)

    const whole = await t.get('/products/mug/picture').expect(200).expectHeader('content-type', 'image/png')
    expect(Buffer.from(whole.bytes)).toEqual(png)
    const part = await t
      .get('/products/mug/picture', { headers: { range: 'bytes=0-3' } })
      .expect(206)
      .expectHeader('content-range', `bytes 0-3/${png.length}`)
    expect(Buffer.from(part.bytes)).toEqual(png.subarray(0, 4))
  } finally {
    await rm(folder, { recursive: true })
  }
})
