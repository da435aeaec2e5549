// The facts of a contact beside its history. Short texts are edited where they stand.
import { ActionIcon, Button, CopyButton, Select, TagsInput, TextInput, UnstyledButton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { api, data } from '@/api/client'
import { tagsQuery, usersQuery } from '@/api/queries'
import type { Contact, ContactPatch } from '@/api/types'
import { CustomCards } from '@/app/custom/facts'
import { useCustomFields } from '@/app/custom/fields'
import { useCan } from '@/app/me'
import { fieldName, valueText } from '@/app/values'
import { siren } from '@/i18n/format'
import { countryName } from '@/ui/country-select'
import { IconCheck, IconCopy, IconEdit, IconMail, IconMapPin, IconPhone, IconPlus, IconX } from '@/ui/icons'
import { Card } from '@/ui/page'
import { fieldErrors } from '@/ui/problem-text'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import classes from './detail.module.css'
import { t } from './text'

export interface FactsProps {
  contact: Contact
  editable: boolean
  save: (patch: ContactPatch) => Promise<boolean>
  settled: (contact: Contact) => void
  edit: () => void
  tagsButton: RefObject<HTMLButtonElement | null>
}

type TextField =
  | 'job_title'
  | 'company_name'
  | 'siren'
  | 'siret'
  | 'vat_number'
  | 'website'
  | 'source'
  | 'birthday'
  | 'description'

export function Facts(props: FactsProps) {
  const { contact, editable } = props
  const fields = useCustomFields('contact', contact.kind)
  const texts: TextField[] =
    contact.kind === 'company'
      ? ['siren', 'siret', 'vat_number', 'website', 'source', 'description']
      : ['job_title', 'company_name', 'birthday', 'website', 'source', 'description']
  return (
    <>
      <Card
        title={t.facts}
        actions={
          editable && (
            <ActionIcon aria-label={t.edit} title={`${t.edit} (e)`} onClick={props.edit}>
              <IconEdit size={16} aria-hidden />
            </ActionIcon>
          )
        }
      >
        <Reach contact={contact} />
      </Card>
      <Card title={t.tags}>
        <Tags {...props} />
      </Card>
      <Card title={t.about}>
        <dl className={classes.facts}>
          <Fact label={t.owner}>
            <Owner {...props} />
          </Fact>
          {texts
            .filter(field => editable || contact[field])
            .map(field => (
              <Fact key={field} label={fieldName(field)}>
                <InlineText {...props} field={field} />
              </Fact>
            ))}
          <Fact label={t.customerKind}>{valueText(contact.customer_kind)}</Fact>
          <Fact label={t.language}>{t.languages[contact.language] ?? contact.language}</Fact>
        </dl>
      </Card>
      <CustomCards fields={fields} values={contact.custom} edit={editable ? props.edit : undefined} list={classes.facts!} />
      <Links {...props} />
    </>
  )
}

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
)

function Reach({ contact }: { contact: Contact }) {
  return (
    <ul className={classes.reach}>
      {contact.emails.map((row, index) => (
        <ReachLine
          key={row.email}
          icon={<IconMail size={16} aria-hidden />}
          href={`mailto:${row.email}`}
          text={row.email}
          label={row.label}
          first={index === 0 && contact.emails.length > 1}
        />
      ))}
      {!contact.emails.length && <NothingLine icon={<IconMail size={16} aria-hidden />} text={t.noEmail} />}
      {contact.phones.map((row, index) => (
        <ReachLine
          key={row.phone}
          icon={<IconPhone size={16} aria-hidden />}
          href={`tel:${row.phone}`}
          text={row.display}
          label={row.label}
          first={index === 0 && contact.phones.length > 1}
        />
      ))}
      {!contact.phones.length && <NothingLine icon={<IconPhone size={16} aria-hidden />} text={t.noPhone} />}
      {contact.addresses.map(address => {
        const lines = [
          address.line1,
          address.line2,
          [address.postal_code, address.city].filter(Boolean).join(' '),
          address.country && address.country !== 'FR' ? countryName(address.country) : null,
        ]
        return (
          <li key={JSON.stringify(address)}>
            <IconMapPin size={16} aria-hidden />
            <address>
              {lines.filter(Boolean).map(line => (
                <div key={line}>{line}</div>
              ))}
            </address>
            {address.label && <Tag>{address.label}</Tag>}
          </li>
        )
      })}
    </ul>
  )
}

const NothingLine = ({ icon, text }: { icon: ReactNode; text: string }) => (
  <li className="muted">
    {icon}
    <span>{text}</span>
  </li>
)

function ReachLine({
  icon,
  href,
  text,
  label,
  first,
}: {
  icon: ReactNode
  href: string
  text: string
  label: string | null
  first: boolean
}) {
  return (
    <li>
      {icon}
      <a href={href} className="truncate" title={text}>
        {text}
      </a>
      {(label || first) && <Tag>{label ?? t.primary}</Tag>}
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon size={26} className={classes.copy} aria-label={copied ? ui.copied : t.copyOf(text)} onClick={copy}>
            {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          </ActionIcon>
        )}
      </CopyButton>
    </li>
  )
}

function Tags({ contact, editable, save, tagsButton }: FactsProps) {
  const [editing, setEditing] = useState(false)
  const { data: known = [] } = useQuery({ ...tagsQuery, enabled: editing })
  const [names, setNames] = useState<string[]>([])
  const start = () => {
    setNames(contact.tags.map(tag => tag.name))
    setEditing(true)
  }
  const finish = async () => {
    setEditing(false)
    const before = contact.tags.map(tag => tag.name)
    if (JSON.stringify(before) === JSON.stringify(names)) return
    await save({ tags: names }).catch(toastError)
  }
  if (editing) {
    return (
      <form
        className={classes.inlineForm}
        onSubmit={event => {
          event.preventDefault()
          void finish()
        }}
      >
        <TagsInput
          autoFocus
          aria-label={t.tags}
          description={t.tagsHint}
          data={known.map(tag => tag.name)}
          value={names}
          onChange={setNames}
          acceptValueOnBlur
          maxTags={50}
          onKeyDown={event => event.key === 'Escape' && setEditing(false)}
        />
        <div className={classes.buttons}>
          <Button size="compact-sm" variant="default" onClick={() => setEditing(false)}>
            {ui.cancel}
          </Button>
          <Button size="compact-sm" type="submit">
            {ui.save}
          </Button>
        </div>
      </form>
    )
  }
  return (
    <div className={classes.tags}>
      {contact.tags.map(tag => (
        <Tag key={tag.id} tone={tag.tone}>
          {tag.name}
        </Tag>
      ))}
      {!contact.tags.length && <span className="muted">{t.noTags}</span>}
      {editable && (
        <ActionIcon ref={tagsButton} size={26} aria-label={t.editTags} title={`${t.editTags} (t)`} onClick={start}>
          <IconEdit size={14} aria-hidden />
        </ActionIcon>
      )}
    </div>
  )
}

function Owner({ contact, editable, save }: FactsProps) {
  const can = useCan()
  const pickable = editable && can('team.read')
  const { data: users = [] } = useQuery({ ...usersQuery, enabled: pickable })
  if (!pickable) return contact.owner?.name ?? t.nobody
  const choices = users
    .filter(user => user.status === 'active' || user.id === contact.owner?.id)
    .map(user => ({ value: user.id, label: user.full_name }))
  return (
    <Select
      variant="unstyled"
      className={classes.bare}
      aria-label={t.owner}
      placeholder={t.nobody}
      data={choices}
      value={contact.owner?.id ?? null}
      onChange={owner_id => void save({ owner_id }).catch(toastError)}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t.remove(t.owner) }}
    />
  )
}

const shown = (field: TextField, value: string) =>
  field === 'siren' || field === 'siret' ? siren(value) : field === 'birthday' ? valueText(value) : value

/** A value that becomes its own field: Enter or leaving saves, Escape gives up. */
function InlineText({ contact, editable, save, field }: FactsProps & { field: TextField }) {
  const current = contact[field] ?? ''
  const [editing, setEditing] = useState(false)
  const [text, setText] = useState(current)
  const [error, setError] = useState<string>()
  const button = useRef<HTMLButtonElement>(null)
  const returning = useRef(false)
  useEffect(() => {
    if (editing || !returning.current) return
    returning.current = false
    button.current?.focus()
  }, [editing])

  const close = (refocus: boolean) => {
    returning.current = refocus
    setEditing(false)
    setError(undefined)
  }
  const finish = async (refocus: boolean) => {
    const value = /^(siren|siret|vat_number)$/.test(field) ? text.replace(/\s/g, '') : text.trim()
    if (value === current) return close(refocus)
    try {
      await save({ [field]: value || null } as ContactPatch)
      close(refocus)
    } catch (failure) {
      const wrong = fieldErrors(failure)[`/${field}`]
      if (wrong) return setError(wrong)
      close(refocus)
      toastError(failure)
    }
  }
  if (editing) {
    return (
      <TextInput
        size="xs"
        autoFocus
        type={field === 'birthday' ? 'date' : 'text'}
        aria-label={fieldName(field)}
        value={text}
        error={error}
        maxLength={field === 'description' ? 5000 : 300}
        onChange={event => setText(event.currentTarget.value)}
        onBlur={() => void finish(false)}
        onKeyDown={event => {
          if (event.key === 'Enter') void finish(true)
          if (event.key === 'Escape') close(true)
        }}
      />
    )
  }
  const value = current ? shown(field, current) : ''
  const link = field === 'website' && current && /^https?:\/\//.test(current)
  if (!editable) return value ? link ? <SafeLink href={current} /> : value : <span className="muted">{ui.none}</span>
  return (
    <span className={classes.inline}>
      {link && <SafeLink href={current} />}
      <UnstyledButton
        ref={button}
        className={classes.value}
        data-empty={!value || undefined}
        aria-label={value ? t.editField(fieldName(field), value) : `${t.empty} : ${fieldName(field)}`}
        onClick={() => {
          setText(current)
          setEditing(true)
        }}
      >
        {link ? <IconEdit size={14} aria-hidden /> : value || t.empty}
      </UnstyledButton>
    </span>
  )
}

const SafeLink = ({ href }: { href: string }) => (
  <a href={href} target="_blank" rel="noreferrer noopener" className="truncate">
    {href.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '')}
  </a>
)

function Links(props: FactsProps) {
  const { contact, editable, settled } = props
  const [adding, setAdding] = useState(false)
  const person = contact.kind === 'person'
  const links = person ? contact.companies : contact.people
  if (!links.length && !(person && editable)) return null

  const unlink = async (company: string) => {
    try {
      settled(
        await data(
          api.DELETE('/contacts/{id}/companies/{company_id}', { params: { path: { id: contact.id, company_id: company } } }),
        ),
      )
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card title={person ? t.companies : t.people}>
      {links.length > 0 && (
        <ul className={classes.links}>
          {links.map(link => (
            <li key={link.id}>
              <Link to="/contacts/$id" params={{ id: link.id }} className="truncate">
                {link.name}
              </Link>
              {link.role && <span className="muted small truncate">{link.role}</span>}
              {person && editable && (
                <ActionIcon size={26} aria-label={t.unlink(link.name)} onClick={() => void unlink(link.id)}>
                  <IconX size={14} aria-hidden />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      {person && editable && !adding && (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setAdding(true)}
        >
          {t.linkCompany}
        </Button>
      )}
      {adding && <LinkForm {...props} close={() => setAdding(false)} />}
    </Card>
  )
}

function LinkForm({ contact, settled, close }: FactsProps & { close: () => void }) {
  const [typed, setTyped] = useState('')
  const [company, setCompany] = useState<string | null>(null)
  const [role, setRole] = useState('')
  const [asked] = useDebouncedValue(typed, 150)
  const found = useQuery({
    queryKey: ['contacts', 'companies', asked],
    queryFn: () => data(api.GET('/contacts', { params: { query: { kind: 'company', q: asked || undefined, limit: 20 } } })),
  })
  const submit = async () => {
    if (!company) return
    try {
      settled(
        await data(
          api.PUT('/contacts/{id}/companies/{company_id}', {
            params: { path: { id: contact.id, company_id: company } },
            body: { role: role.trim() || null },
          }),
        ),
      )
      close()
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <form
      className={classes.inlineForm}
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      <Select
        autoFocus
        label={t.companySearch}
        data={(found.data?.items ?? []).map(row => ({ value: row.id, label: row.display_name }))}
        filter={({ options }) => options}
        searchable
        searchValue={typed}
        onSearchChange={setTyped}
        value={company}
        onChange={setCompany}
        nothingFoundMessage={found.isFetching ? '…' : t.nothingFound}
      />
      <TextInput
        label={t.role}
        placeholder={t.roleHint}
        maxLength={120}
        value={role}
        onChange={event => setRole(event.currentTarget.value)}
      />
      <div className={classes.buttons}>
        <Button size="compact-sm" variant="default" onClick={close}>
          {ui.cancel}
        </Button>
        <Button size="compact-sm" type="submit" disabled={!company}>
          {t.link}
        </Button>
      </div>
    </form>
  )
}
