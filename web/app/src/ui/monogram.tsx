import { initials } from '@/i18n/format'
import classes from './monogram.module.css'

/** Initials on a disc, or a square for an organisation. Decorative (drawn by the style sheet): the name is always written beside it. */
export function Monogram({
  name,
  size = 28,
  square,
  colour,
  image,
}: {
  name: string
  size?: number
  square?: boolean
  colour?: string | null
  image?: string
}) {
  const style = { width: size, height: size, fontSize: size * 0.4, ...(colour ? { background: colour, color: '#fff' } : {}) }
  return (
    <span
      className={classes.monogram}
      data-square={square || undefined}
      data-initials={image ? undefined : initials(name)}
      style={style}
      aria-hidden
    >
      {image && <img src={image} alt="" />}
    </span>
  )
}
