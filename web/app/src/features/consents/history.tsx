// Every decision of a contact with its proof.
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { dateTime } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import classes from './consents.module.css'
import { consentHistoryQuery } from './queries'
import { t } from './text'

export default function ConsentHistory({ contact, onClose }: { contact: { id: string; name: string }; onClose: () => void }) {
  const history = useInfiniteQuery(consentHistoryQuery(contact.id))
  const lines = history.data?.pages.flatMap(page => page.items) ?? []
  return (
    <Dialog opened onClose={onClose} title={`${t.history} · ${contact.name}`} size={600}>
      {history.isError && !lines.length ? (
        <Failed error={history.error} retry={() => void history.refetch()} />
      ) : history.isPending ? (
        <Loading lines={4} />
      ) : lines.length ? (
        <ol className={classes.lines}>
          {lines.map(line => (
            <li key={line.id} className={classes.line}>
              <div className={classes.head}>
                <Tag tone={line.granted ? 'good' : 'bad'}>{line.granted ? t.granted : t.withdrawn}</Tag>
                <strong>
                  {line.channel && t.channels[line.channel]} · {line.purpose && t.purposes[line.purpose]}
                </strong>
              </div>
              <span className="muted small">
                {[
                  t.given(dateTime(line.given_at), line.recorded_by),
                  line.confirmed_at && t.confirmed(dateTime(line.confirmed_at)),
                  line.source && t.sources[line.source],
                  line.reference,
                  line.ip && t.from(line.ip),
                  line.wording_version && t.wordingVersion(line.wording_version),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
              {line.wording && <blockquote className={classes.wording}>{line.wording}</blockquote>}
            </li>
          ))}
        </ol>
      ) : (
        <p className="muted">{t.historyEmpty}</p>
      )}
      {history.hasNextPage && (
        <Button
          variant="subtle"
          size="compact-sm"
          loading={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}
        >
          {t.more}
        </Button>
      )}
    </Dialog>
  )
}
