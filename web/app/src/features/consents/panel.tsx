// What a contact agreed and objected to, on its page.
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import type { ConsentChannel, ConsentPurpose, ConsentState } from '@/api/types'
import { date } from '@/i18n/format'
import { Card } from '@/ui/page'
import { Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import classes from './consents.module.css'
import { CHANNELS, consentsQuery, PURPOSES } from './queries'
import { t } from './text'

const RecordConsent = lazy(() => import('./record'))
const ConsentHistory = lazy(() => import('./history'))

const TONES = { granted: 'good', withdrawn: 'bad' } as const

function Mark({ status }: { status: ConsentState['status'] }) {
  if (status === 'unknown') return <span className={classes.none}>{t.marks.unknown}</span>
  return <Tag tone={TONES[status]}>{t.marks[status]}</Tag>
}

export function ConsentPanel({ contact, editable }: { contact: { id: string; name: string }; editable: boolean }) {
  const states = useQuery(consentsQuery(contact.id))
  const [recording, setRecording] = useState<{ channel?: ConsentChannel; purpose?: ConsentPurpose; granted?: boolean }>()
  const [reading, setReading] = useState(false)
  const of = (channel: ConsentChannel, purpose: ConsentPurpose) =>
    states.data?.find(state => state.channel === channel && state.purpose === purpose)
  return (
    <Card title={t.title}>
      {states.isError ? (
        <Failed error={states.error} retry={() => void states.refetch()} />
      ) : !states.data ? (
        <Loading lines={3} height={32} />
      ) : (
        <table className={classes.grid} aria-label={t.title}>
          <thead>
            <tr>
              <td />
              {CHANNELS.map(channel => (
                <th key={channel} scope="col">
                  {t.channels[channel]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {PURPOSES.map(purpose => (
              <tr key={purpose}>
                <th scope="row" title={t.purposes[purpose]}>
                  {t.purposesShort[purpose]}
                </th>
                {CHANNELS.map(channel => {
                  const state = of(channel, purpose)
                  const status = state?.status ?? 'unknown'
                  const said = t.cell(
                    t.channels[channel],
                    t.purposes[purpose],
                    t.statuses[status],
                    state?.since ? date(state.since) : undefined,
                  )
                  const title = state?.opposed ? `${said}. ${t.opposed}` : said
                  return (
                    <td key={channel} title={title}>
                      {editable ? (
                        <button
                          type="button"
                          className={classes.cell}
                          aria-label={title}
                          onClick={() => setRecording({ channel, purpose, granted: status !== 'granted' })}
                        >
                          <Mark status={status} />
                        </button>
                      ) : (
                        <>
                          <span className="hidden-text">{title}</span>
                          <span aria-hidden>
                            <Mark status={status} />
                          </span>
                        </>
                      )}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className={classes.foot}>
        {editable && (
          <Button variant="default" size="compact-sm" onClick={() => setRecording({})}>
            {t.record}
          </Button>
        )}
        <Button variant="subtle" size="compact-sm" onClick={() => setReading(true)}>
          {t.history}
        </Button>
      </div>
      <Suspense>
        {recording && <RecordConsent contact={contact} start={recording} onClose={() => setRecording(undefined)} />}
        {reading && <ConsentHistory contact={contact} onClose={() => setReading(false)} />}
      </Suspense>
    </Card>
  )
}
