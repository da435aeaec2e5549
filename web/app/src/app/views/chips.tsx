// The conditions of a list in words: each part can be read, opened and taken away.
import type { FilterNode } from '@/api/types'
import { IconX } from '@/ui/icons'
import classes from './chips.module.css'
import { t } from './text'
import { type Field, partsOf, words } from './tree'

export interface ChipsProps {
  tree: FilterNode
  fields: Field[]
  edit: () => void
  change: (tree: FilterNode | undefined) => void
}

export default function ConditionChips({ tree, fields, edit, change }: ChipsProps) {
  const parts = partsOf(tree)
  const remove = (index: number) => {
    const rest = parts.filter((_, at) => at !== index)
    change(rest.length ? { all: rest } : undefined)
  }
  return (
    <ul className={classes.chips} aria-label={t.conditions}>
      {parts.map((part, index) => {
        const text = words(part, fields)
        return (
          <li key={index} className={classes.chip}>
            <button type="button" className={classes.words} title={text} onClick={edit}>
              <span className="truncate">{text}</span>
            </button>
            <button type="button" className={classes.remove} aria-label={t.removeCondition(text)} onClick={() => remove(index)}>
              <IconX size={14} aria-hidden />
            </button>
          </li>
        )
      })}
    </ul>
  )
}
