/** Stands for the colour of text, which depends on what the picture is seen on. */
export const ink = '#010203'

/** How text of a picture is set. */
export type Font = Readonly<{ size: number; bold?: boolean; opacity?: number }>

/**
 * The width of a text in pixels, at most: in the widest of the fonts that a page may choose for `system-ui` (DejaVu Sans, Verdana), since the
 * picture is laid out where it is drawn and read elsewhere.
 */
export function widthOf(text: string, { size, bold = false }: Font): number {
  let ems = 0
  for (const character of text) ems += widths.find(([set]) => set.test(character))?.[1] ?? 0.64
  return ems * size * (bold ? 1.13 : 1)
}

const widths: readonly (readonly [RegExp, number])[] = [
  [/[ijlI.,:;|'’! ]/, 0.33],
  [/[frt()[\]/\\"-]/, 0.45],
  [/[mMW@%—]/, 1],
  [/w/, 0.82],
  [/[\p{Lu}×≤≥+=<>]/u, 0.84],
  [/[^ -ÿ]/, 1], // whatever else: as broad as it is high
]

/** Breaks a text between words into lines no wider than `width`; a longer word has a line of its own. */
export function wrap(text: string, width: number, font: Font): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length > 0 && widthOf(longer, font) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

export const lineHeight = ({ size }: Font): number => Math.round(size * 1.3)

/** Lines of text as echarts wants them, from the left and the top. */
export const words = (lines: readonly string[], x: number, top: number, font: Font, fill = ink): readonly object[] =>
  lines.map((text, i) => ({
    type: 'text',
    x,
    y: top + i * lineHeight(font),
    style: {
      text,
      fill,
      opacity: font.opacity ?? 1,
      fontSize: font.size,
      fontWeight: font.bold === true ? 600 : 400,
      fontFamily: 'system-ui, sans-serif',
      verticalAlign: 'top',
    },
  }))
