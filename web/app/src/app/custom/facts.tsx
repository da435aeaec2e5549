// The values of the tenant's own fields as a record's page shows them, by group.
import { ActionIcon } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, data } from '@/api/client'
import type { CustomField } from '@/api/types'
import { phone } from '@/i18n/format'
import { IconEdit } from '@/ui/icons'
import { Card } from '@/ui/page'
import { t } from '../text'
import { type CustomValues, customText, groupsOf } from './fields'

interface Props {
  fields: CustomField[]
  values: CustomValues
  /** Opens the form; absent where nothing can be changed. */
  edit?: () => void
  /** How the page lays its facts out. */
  list: string
}

/** Empty fields only where they can be filled. */
export function CustomCards({ fields, values, edit, list }: Props) {
  return groupsOf(fields).map(([group, members]) => {
    const visible = members.filter(field => edit || values[field.key] !== undefined)
    if (!visible.length) return null
    const title = group || t.custom.title
    return (
      <Card
        key={group}
        title={title}
        actions={
          edit && (
            <ActionIcon aria-label={t.custom.edit(title)} onClick={edit}>
              <IconEdit size={16} aria-hidden />
            </ActionIcon>
          )
        }
      >
        <dl className={list}>
          {visible.map(field => (
            <div key={field.key}>
              <dt>{field.label}</dt>
              <dd>
                <CustomFact field={field} value={values[field.key]} />
              </dd>
            </div>
          ))}
        </dl>
      </Card>
    )
  })
}

function CustomFact({ field, value }: { field: CustomField; value: unknown }) {
  const text = customText(field, value)
  if (!text) return <span className="muted">{t.timeline.empty}</span>
  if (field.kind === 'email') return <a href={`mailto:${text}`}>{text}</a>
  if (field.kind === 'phone') return <a href={`tel:${text}`}>{phone(text)}</a>
  if (field.kind === 'url' && /^https?:\/\//.test(text))
    return (
      <a href={text} target="_blank" rel="noreferrer noopener">
        {text.replace(/^https?:\/\//, '')}
      </a>
    )
  if (field.kind === 'reference') return <Reference id={text} />
  return <span style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{text}</span>
}

/** A contact by name; nothing where it has gone or is not one's own to see. */
function Reference({ id }: { id: string }) {
  const other = useQuery({
    queryKey: ['contacts', id],
    queryFn: () => data(api.GET('/contacts/{id}', { params: { path: { id } } })),
    retry: false,
  })
  if (other.isError) return <span className="muted">{t.timeline.empty}</span>
  return (
    <Link to="/contacts/$id" params={{ id }}>
      {other.data?.display_name ?? '…'}
    </Link>
  )
}

/** A value in a list: its text, or the name of the contact that it stands for. */
export function CustomCell({ field, value }: { field: CustomField; value: unknown }) {
  return field.kind === 'reference' && typeof value === 'string' ? <Reference id={value} /> : customText(field, value) || null
}
