import { useQuery } from '@tanstack/react-query'
import { Banner } from '@/ui/states'
import { t } from './text'

/** Shown only where the test mailbox answers: a demonstration or a developer's machine, never production. */
export function MailboxHint() {
  const { data: present } = useQuery({
    queryKey: ['mailbox-present'],
    queryFn: async () => {
      const answer = await fetch('/boite-essai')
      // Without a mailbox this address gives the application itself, as every unknown path does.
      return answer.ok && !(await answer.text()).includes('id="root"')
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  if (!present) return null
  return (
    <Banner tone="info">
      {t.mailboxHint}{' '}
      <a href="/boite-essai" target="_blank" rel="noreferrer">
        {t.mailbox}
      </a>
    </Banner>
  )
}
