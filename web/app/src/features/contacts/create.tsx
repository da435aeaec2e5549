import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import { queryClient } from '@/api/queries'
import { useCustomFields } from '@/app/custom/fields'
import { validSiren } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { fieldErrors } from '@/ui/problem-text'
import { Banner, FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import { ContactFields } from './contact-form'
import { type ContactValues, creationOf, EMPTY, identified, shownPointer } from './contact-values'
import classes from './form.module.css'
import { t } from './text'

export default function CreateContact({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const fields = useCustomFields('contact')
  const form = useForm<ContactValues>({
    initial: EMPTY,
    check: (values): Record<string, string> =>
      identified(values) ? {} : { [values.kind === 'company' ? '/company_name' : '/last_name']: t.nameNeeded },
    submit: async values => {
      try {
        const contact = await data(api.POST('/contacts', { body: creationOf(values, fields) }))
        void queryClient.invalidateQueries({ queryKey: ['contacts'] })
        void queryClient.invalidateQueries({ queryKey: ['home'] })
        void queryClient.invalidateQueries({ queryKey: ['tags'] })
        toast(t.created(contact.display_name))
        await navigate({ to: '/contacts/$id', params: { id: contact.id } })
      } catch (error) {
        if (error instanceof ApiError && error.fields.length) {
          const shown = Object.entries(fieldErrors(error)).map(([pointer, text]) => [shownPointer(pointer, values), text])
          throw new Refused(Object.fromEntries(shown))
        }
        throw error
      }
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.createTitle} size={640}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <ContactFields form={form} />
        <Lookalikes values={form.values} />
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.create}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Warns, never forbids: two people of one family do share a telephone. */
function Lookalikes({ values }: { values: ContactValues }) {
  const siren = values.siren.replace(/\s/g, '')
  const wanted = {
    email: values.emails.map(row => row.email.trim()).find(email => /^\S+@\S+\.\S+$/.test(email)),
    phone: values.phones.map(row => row.phone.trim()).find(phone => phone.replace(/\D/g, '').length >= 9),
    siren: validSiren(siren) ? siren : undefined,
  }
  const [asked] = useDebouncedValue(wanted, 300)
  const found = useQuery({
    queryKey: ['contacts', 'lookalikes', asked.email, asked.phone, asked.siren],
    queryFn: () => data(api.GET('/contacts/lookalikes', { params: { query: asked } })),
    enabled: Boolean(asked.email || asked.phone || asked.siren),
    placeholderData: keepPreviousData,
  })
  const items = wanted.email || wanted.phone || wanted.siren ? (found.data?.items ?? []) : []
  return (
    <div aria-live="polite">
      {items.length > 0 && (
        <Banner tone="warn">
          {t.lookalike}{' '}
          {items.map((row, index) => (
            <span key={row.id}>
              {index > 0 && ', '}
              <Link to="/contacts/$id" params={{ id: row.id }}>
                {row.display_name}
              </Link>
            </span>
          ))}
        </Banner>
      )}
    </div>
  )
}
