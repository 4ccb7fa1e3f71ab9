// Run in the page: `see` follows a link to a view, scrolls in it, and tells how the page did meanwhile.
const tasks = []
new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })

const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve))

async function until(isDone, time) {
  const end = performance.now() + time
  while (!isDone() && performance.now() < end) await drawn()
  return isDone()
}

function follow(path) {
  const link = document.createElement('a')
  link.href = path === '' ? './' : path
  document.body.append(link)
  link.click()
  link.remove()
}

/** How many rows the table has, drawn or not. */
function rows() {
  return Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') ?? 1) - 1
}

globalThis.see = async ({ path, ready, scrolls = 0 }) => {
  // Another view first, so that what is seen is not what was there before.
  follow('audit')
  if (!(await until(() => document.querySelector(ready) === null, 10_000))) throw new Error(`${ready} is in another view as well`)
  tasks.length = 0
  const start = performance.now()
  follow(path)
  const isThere = await until(() => document.querySelector(ready) !== null, 30_000)
  if (!isThere) throw new Error(`${path} shows nothing: ${document.querySelector('main')?.textContent.slice(-300)}`)
  const shown = performance.now() - start
  for (let i = 0; i < scrolls; i++) {
    const table = document.querySelector('[role=grid]')
    const before = rows()
    if (table === null) break
    table.scrollTop = table.scrollHeight
    await until(() => rows() > before, 2_000)
  }
  // Long tasks are told a little later.
  await new Promise((resolve) => setTimeout(resolve, 100))
  return { shown, longestTask: Math.max(0, ...tasks), rows: rows() }
}
