import type { SimulatedRatio } from '../store/eviction-simulation.ts'
import { roughSize } from './figures.ts'

const width = 720
const height = 380
const left = 60
const right = 20
const top = 50
const bottom = 50
const colours: Readonly<Record<string, string>> = { gdsf: '#1b6ca8', lru: '#b3541e', sieve: '#2e7d4f' }
const textRows = 16
const marks: Readonly<Record<string, string>> = { gdsf: 'g', lru: 'l', sieve: 's' }
const percent = 100

/** Hit ratio (solid) and byte hit ratio (dashed) over the size of the cache, which has a logarithmic axis. */
export function ratioSvg(ratios: readonly SimulatedRatio[], title: string): string {
  const sizes = sizesOf(ratios)
  const policies = [...new Set(ratios.map(({ policy }) => policy))]
  const x = scaleOf(sizes, left, width - right)
  const y = (share: number): number => height - bottom - share * (height - bottom - top)
  const lines = policies.flatMap((policy) => {
    const own = ratios.filter((ratio) => ratio.policy === policy).sort((a, b) => a.quotaBytes - b.quotaBytes)
    const path = (shareIn: (ratio: SimulatedRatio) => number): string =>
      own.map((ratio) => `${x(ratio.quotaBytes).toFixed(1)},${y(shareIn(ratio)).toFixed(1)}`).join(' ')
    const stroke = `fill="none" stroke="${colours[policy]}" stroke-width="2"`
    return [
      `<polyline ${stroke} points="${path((ratio) => ratio.hitRatio)}"/>`,
      `<polyline ${stroke} stroke-dasharray="5 4" points="${path((ratio) => ratio.byteHitRatio)}"/>`,
    ]
  })
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const line = `<line x1="${left}" x2="${width - right}" y1="${y(share)}" y2="${y(share)}" stroke="#ccc"/>`
    return `${line}<text x="${left - 8}" y="${y(share) + 4}" text-anchor="end">${share * percent} %</text>`
  })
  const ticks = sizes.map(
    (bytes) =>
      `<text x="${x(bytes).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">${roughSize(Math.round(bytes))}</text>`,
  )
  const legend = policies.map(
    (policy, at) => `<text x="${left + at * 70}" y="${top - 12}" fill="${colours[policy]}">${policy}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="20" font-size="14">${escaped(title)}</text>
${legend.join('\n')}
<text x="${width - right}" y="${top - 12}" text-anchor="end">solid: objects, dashed: bytes</text>
${[...grid, ...ticks, ...lines].join('\n')}
<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">size of the cache</text>
</svg>
`
}

/** Hit ratio over size for a terminal: `g`, `l` and `s` are the policies, `*` several of them. */
export function ratioText(ratios: readonly SimulatedRatio[]): string {
  const sizes = sizesOf(ratios)
  const columns = sizes.length * 10
  const rows = Array.from({ length: textRows + 1 }, () => Array.from({ length: columns }, () => ' '))
  for (const { policy, quotaBytes, hitRatio } of ratios) {
    const row = rows[textRows - Math.round(hitRatio * textRows)]!
    const column = sizes.indexOf(quotaBytes) * 10 + 5
    const before = row[column]!
    row[column] = before === ' ' || before === marks[policy] ? marks[policy]! : '*'
  }
  const text = rows.map((row, at) => {
    const share = at % 4 === 0 ? `${Math.round((1 - at / textRows) * percent)} %` : ''
    return `${share.padStart(6)} |${row.join('').trimEnd()}`
  })
  const axis = `       +${'-'.repeat(columns)}`
  const names = `        ${sizes.map((bytes) => roughSize(Math.round(bytes)).padStart(9).padEnd(10)).join('')}`
  const legend = '        hit ratio of objects: g gdsf, l lru, s sieve, * several'
  return `${[...text, axis, names.trimEnd(), legend].join('\n')}\n`
}

function sizesOf(ratios: readonly SimulatedRatio[]): number[] {
  return [...new Set(ratios.map(({ quotaBytes }) => quotaBytes))].sort((a, b) => a - b)
}

function scaleOf(sizes: readonly number[], from: number, to: number): (bytes: number) => number {
  const low = Math.log(sizes[0]!)
  const span = Math.log(sizes.at(-1)!) - low
  return (bytes) => (span === 0 ? (from + to) / 2 : from + 30 + ((Math.log(bytes) - low) / span) * (to - from - 60))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
