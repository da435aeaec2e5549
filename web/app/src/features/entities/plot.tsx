import type { MileageReading } from '@/api/types'
import { day } from '@/i18n/format'
import classes from './entities.module.css'
import { t } from './text'

const WIDTH = 640
const HEIGHT = 150
const PAD = { left: 8, right: 8, top: 18, bottom: 20 }

/** Readings over time; the table below says the same in numbers. */
export function MileagePlot({ readings }: { readings: MileageReading[] }) {
  const points = [...readings].reverse()
  const first = points[0]
  const last = points.at(-1)
  if (!first || !last || first.on === last.on) return null
  const from = Date.parse(first.on)
  const span = Date.parse(last.on) - from
  const low = Math.min(...points.map(point => point.value))
  const high = Math.max(...points.map(point => point.value), low + 1)
  const x = (point: MileageReading) => PAD.left + ((Date.parse(point.on) - from) / span) * (WIDTH - PAD.left - PAD.right)
  const y = (value: number) => HEIGHT - PAD.bottom - ((value - low) / (high - low)) * (HEIGHT - PAD.top - PAD.bottom)
  const base = HEIGHT - PAD.bottom
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className={classes.plot}
      role="img"
      aria-label={t.plot(points.length, t.km(first.value), t.km(last.value))}
    >
      <line x1={PAD.left} x2={WIDTH - PAD.right} y1={base} y2={base} className={classes.grid} />
      <line x1={PAD.left} x2={WIDTH - PAD.right} y1={PAD.top} y2={PAD.top} className={classes.grid} strokeDasharray="3 4" />
      <text x={PAD.left} y={PAD.top - 5}>
        {t.km(high)}
      </text>
      <text x={PAD.left} y={HEIGHT - 5}>
        {day(first.on)}
      </text>
      <text x={WIDTH - PAD.right} y={HEIGHT - 5} textAnchor="end">
        {day(last.on)}
      </text>
      <polyline points={points.map(point => `${x(point)},${y(point.value)}`).join(' ')} className={classes.line} />
      {points.map(point => (
        <circle
          key={point.id}
          cx={x(point)}
          cy={y(point.value)}
          r={3.5}
          className={classes.dot}
          data-marked={point.reason ? true : undefined}
        />
      ))}
    </svg>
  )
}
