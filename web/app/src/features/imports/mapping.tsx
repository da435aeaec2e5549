import { Checkbox, Radio, Select } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { Import, ImportPatch } from '@/api/types'
import { Card } from '@/ui/page'
import { Tag } from '@/ui/tag'
import classes from './imports.module.css'
import { Kinds } from './kinds'
import { fieldName, t } from './text'

const IGNORE = '-'

interface Props {
  one: Import
  save: (body: ImportPatch) => void
  actions: ReactNode
}

export function Mapping({ one, save, actions }: Props) {
  // Kept here so that two quick choices build on each other and not on the server's previous answer.
  const [fields, setFields] = useState(() => one.columns.map(column => column.field))
  const change = (index: number, field: string | null) => {
    const next = fields.map((old, at) => (at === index ? field : old))
    setFields(next)
    save({ mapping: next })
  }
  const [chosen, setChosen] = useState(() => ({
    entity_kind: one.options.entity_kind ?? null,
    create_owners: one.options.create_owners ?? false,
  }))
  const options = (part: Partial<typeof chosen>) => {
    const next = { ...chosen, ...part }
    setChosen(next)
    save({ options: next })
  }
  const groups = new Map<string, { value: string; label: string }[]>()
  for (const field of one.fields) {
    const name = field.group_label ?? t.groups[field.group] ?? field.group
    groups.set(name, [...(groups.get(name) ?? []), { value: field.key, label: fieldName(one, field.key) }])
  }
  const fieldsToChoose = [
    { group: ' ', items: [{ value: IGNORE, label: t.ignore }] },
    ...[...groups].map(([group, items]) => ({ group, items })),
  ]
  return (
    <>
      <Card title={t.mapping}>
        <p className={`${classes.lead} muted`}>{t.mappingHint}</p>
        <div className={classes.scroll} tabIndex={0} role="group" aria-label={t.mapping}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">{t.column}</th>
                <th scope="col">{t.samples}</th>
                <th scope="col">{t.field[one.target]}</th>
              </tr>
            </thead>
            <tbody>
              {one.columns.map((column, index) => {
                const field = fields[index] ?? null
                const twice = field !== null && fields.indexOf(field) !== index
                return (
                  <tr key={index} data-ignored={field === null || undefined}>
                    <th scope="row">
                      {column.header} {column.remembered && <Tag tone="info">{t.remembered}</Tag>}
                      {column.gone && field === null && <Tag tone="warn">{t.gone}</Tag>}
                    </th>
                    <td className="muted">
                      <div className={classes.samples} title={column.sample.join('\n')}>
                        {column.sample.filter(Boolean).slice(0, 3).join(' · ')}
                      </div>
                    </td>
                    <td>
                      <Select
                        aria-label={t.fieldFor(column.header)}
                        data={fieldsToChoose}
                        value={field ?? IGNORE}
                        onChange={value => change(index, value === IGNORE ? null : value)}
                        allowDeselect={false}
                        searchable
                        error={twice ? t.twice : undefined}
                      />
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      </Card>
      {one.target === 'entities' && (
        <Card title={t.options}>
          <div className={classes.rules}>
            <Kinds value={chosen.entity_kind ?? 'vehicle'} set={entity_kind => options({ entity_kind })} />
            <Checkbox
              label={t.createOwners}
              description={t.createOwnersHint}
              checked={chosen.create_owners}
              onChange={event => options({ create_owners: event.currentTarget.checked })}
            />
          </div>
        </Card>
      )}
      <Card title={t.duplicates[one.target]}>
        <Radio.Group
          aria-label={t.duplicates[one.target]}
          description={t.duplicatesHint[one.target]}
          value={one.duplicates}
          onChange={value => save({ duplicates: value as Import['duplicates'] })}
        >
          <div className={classes.rules}>
            {Object.entries(t.rules[one.target]).map(([rule, label]) => (
              <Radio key={rule} value={rule} label={label} />
            ))}
          </div>
        </Radio.Group>
      </Card>
      <div className={classes.actions}>{actions}</div>
    </>
  )
}
