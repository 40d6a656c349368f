/** Whether so many of all are at least this share. None never are, whatever the share. */
export const reaches = (count: number, all: number, percent: number): boolean =>
  count > 0 && (count / all) * 100 >= percent - 1e-9 // 29 of 50 is 57.99999999999999 %

/** The share in percent, to a tenth. */
export const percentOf = (count: number, all: number): number =>
  all === 0 ? 0 : Math.round((count / all) * 1_000) / 10
