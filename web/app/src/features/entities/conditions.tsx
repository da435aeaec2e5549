// The shared pieces of conditions, as this list uses them.
import ConditionsDialog, { type DialogProps } from '@/app/views/builder'
import ConditionChips, { type ChipsProps } from '@/app/views/chips'
import { useFields } from './condition-fields'
import type { EntityFilter } from './filters'
import { countQuery } from './queries'

export function EntityConditions({ filter, ...props }: Pick<DialogProps, 'onClose' | 'apply'> & { filter: EntityFilter }) {
  const fields = useFields()
  const { tree, ...rest } = filter
  return (
    <ConditionsDialog
      {...props}
      object="entity"
      tree={tree}
      fields={fields}
      countOf={next => countQuery({ ...rest, ...(next && { tree: next }) })}
    />
  )
}

export function EntityChips(props: Omit<ChipsProps, 'fields'>) {
  const fields = useFields()
  return fields ? <ConditionChips {...props} fields={fields} /> : null
}
