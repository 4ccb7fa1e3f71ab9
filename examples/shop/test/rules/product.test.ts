import { given } from 'tutti/testing'
import { describe, it } from 'vitest'
import { Product } from '../../src/catalogue/product.ts'

const { added, changed, removed } = Product.events
const { add, change, remove } = Product.commands
const mug = { name: 'Mug', category: 'kitchen', price: 1490 }
const dearMug = { ...mug, price: 1690 }

describe('a product', () => {
  it('is added once', () => {
    given(Product)
      .when(add('mug', mug))
      .thenEmitted(added(mug))
      .thenState({ listed: true, ...mug })
    given(Product, added(mug)).when(add('mug', mug)).thenRejected('PRODUCT_EXISTS')
  })

  it('is changed and removed as long as it is sold', () => {
    given(Product, added(mug))
      .when(change('mug', dearMug))
      .thenEmitted(changed(dearMug))
      .thenState({ listed: true, ...dearMug })
    given(Product, added(mug), changed(dearMug)).when(remove('mug', {})).thenEmitted(removed({})).thenState({ listed: false })
    given(Product).when(change('mug', dearMug)).thenRejected('NO_SUCH_PRODUCT')
    given(Product, added(mug), removed({})).when(remove('mug', {})).thenRejected('NO_SUCH_PRODUCT')
  })

  it('may come back', () => {
    given(Product, added(mug), removed({})).when(add('mug', dearMug)).thenEmitted(added(dearMug))
  })

  it('has a price', () => {
    given(Product)
      .when(add('mug', { ...mug, price: 0 }))
      .thenInvalid('price')
  })
})
