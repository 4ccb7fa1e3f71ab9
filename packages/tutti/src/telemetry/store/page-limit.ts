const usual = 100
const most = 1_000

/** How many are told at a time. */
export function pageLimit(asked: number | undefined): number {
  return asked === undefined || !(asked >= 1) ? usual : Math.min(Math.floor(asked), most)
}
