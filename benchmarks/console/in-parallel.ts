/** How many things go on at a time. */
const breadth = 256

/** Does something for each number from 0 to below `count`, many at a time. */
export async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index)
  }
  await Promise.all(Array.from({ length: breadth }, one))
}
