/** A column of a table. */
export interface Column<Row> {
  readonly key: string
  readonly title: string
  /** What it shows where the table is given no cell for it, and what it is sorted by. */
  readonly value?: (row: Row) => string | number | undefined
  /** As in `grid-template-columns`. @default 'minmax(0, 1fr)' */
  readonly width?: string
  /** Numbers stand at the end. @default 'start' */
  readonly align?: 'start' | 'end'
  /** @default false */
  readonly sortable?: boolean
  /** Where it stands on a phone: above at the left or right, below, or nowhere. @default 'below' */
  readonly phone?: 'first' | 'side' | 'below' | 'hidden'
}

export interface Sorting {
  readonly key: string
  readonly descending: boolean
}

/** The rows in the order of a column; rows without a value come last. Equal ones keep their order. */
export function sortedRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | undefined): readonly Row[] {
  const value = columns.find(({ key }) => key === sorting?.key)?.value
  if (sorting === undefined || value === undefined) return rows
  const direction = sorting.descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [left, right] = [value(a), value(b)]
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined)
    return direction * (typeof left === 'number' && typeof right === 'number' ? left - right : String(left).localeCompare(String(right)))
  })
}

/** What a click on a column's title leads to: up, down, and back to the order as it came. */
export function nextSorting(sorting: Sorting | undefined, key: string): Sorting | undefined {
  if (sorting?.key !== key) return { key, descending: false }
  return sorting.descending ? undefined : { key, descending: true }
}

/** Which rows are drawn: those in sight, and some around them. */
export function drawnRange({
  top,
  height,
  rowHeight,
  count,
}: {
  readonly top: number
  readonly height: number
  readonly rowHeight: number
  readonly count: number
}): {
  readonly from: number
  readonly to: number
} {
  const around = 8
  const from = Math.max(0, Math.min(count, Math.floor(top / rowHeight) - around))
  return { from, to: Math.min(count, Math.ceil((top + height) / rowHeight) + around) }
}
