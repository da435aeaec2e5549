// The shared pieces of conditions, as the contact list uses them.
import ConditionsDialog, { type DialogProps } from '@/app/views/builder'
import ConditionChips, { type ChipsProps } from '@/app/views/chips'
import { useFields } from './condition-fields'
import type { ContactFilter } from './filters'
import { countQuery } from './queries'

export function ContactConditions({ filter, ...props }: Pick<DialogProps, 'onClose' | 'apply'> & { filter: ContactFilter }) {
  const fields = useFields()
  const { tree, ...rest } = filter
  return (
    <ConditionsDialog
      {...props}
      object="contact"
      tree={tree}
      fields={fields}
      countOf={next => countQuery({ ...rest, ...(next && { tree: next }) })}
    />
  )
}

export function ContactChips(props: Omit<ChipsProps, 'fields'>) {
  const fields = useFields()
  return fields ? <ConditionChips {...props} fields={fields} /> : null
}
