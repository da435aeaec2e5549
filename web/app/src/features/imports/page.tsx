import { Button, Radio } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type DragEvent, useRef, useState } from 'react'
import { BASE, upload } from '@/api/client'
import type { Import } from '@/api/types'
import { useCan } from '@/app/me'
import { dateTime, number } from '@/i18n/format'
import { IconChevronRight, IconDownload, IconUpload } from '@/ui/icons'
import { Card, Page } from '@/ui/page'
import { problemText } from '@/ui/problem-text'
import { Banner, Empty, Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import classes from './imports.module.css'
import { importQuery, importsQuery, TONES } from './queries'
import { t } from './text'

const LIMIT = 50 * 1024 * 1024

export function Imports() {
  const imports = useQuery(importsQuery)
  return (
    <Page title={t.title} narrow>
      <Drop />
      <Card title={t.history} flush>
        {imports.isError ? (
          <Failed error={imports.error} retry={() => void imports.refetch()} />
        ) : !imports.data ? (
          <Loading lines={4} height={56} />
        ) : imports.data.length ? (
          <ul className={classes.history}>
            {imports.data.map(one => (
              <li key={one.id}>
                <Link to="/imports/$id" params={{ id: one.id }}>
                  <span className={classes.file}>
                    <strong className="truncate">{one.filename}</strong>
                    <span className="muted small">
                      {[
                        t.targets[one.target],
                        dateTime(one.created_at),
                        one.report && `${number(one.report.created)} ${t.counts.created.toLowerCase()}`,
                      ]
                        .filter(Boolean)
                        .join(' · ')}
                    </span>
                  </span>
                  <Tag tone={TONES[one.status]}>{t.status[one.status]}</Tag>
                  <IconChevronRight size={16} aria-hidden />
                </Link>
              </li>
            ))}
          </ul>
        ) : (
          <Empty title={t.historyNone} />
        )}
      </Card>
    </Page>
  )
}

function Drop() {
  const can = useCan()
  const input = useRef<HTMLInputElement>(null)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [share, setShare] = useState<number>()
  const [over, setOver] = useState(false)
  const [target, setTarget] = useState<Import['target']>(can('contacts.write') ? 'contacts' : 'tasks')
  const [problem, setProblem] = useState<string>()
  // Importing is one right; writing what the file holds is another.
  const targets = (['contacts', 'entities', 'tasks'] as const).filter(value =>
    can(value === 'tasks' ? 'tasks.write' : 'contacts.write'),
  )

  const take = async (file: File | undefined) => {
    if (!file || share !== undefined) return
    setProblem(undefined)
    if (file.size > LIMIT) return setProblem(t.tooLarge)
    setShare(0)
    try {
      const created = await upload<Import>(
        'POST',
        `/imports?filename=${encodeURIComponent(file.name)}&target=${target}`,
        file,
        setShare,
      )
      client.setQueryData(importQuery(created.id).queryKey, created)
      void client.invalidateQueries({ queryKey: ['imports', 'list'] })
      await navigate({ to: '/imports/$id', params: { id: created.id } })
    } catch (error) {
      setProblem(problemText(error))
    } finally {
      setShare(undefined)
      if (input.current) input.current.value = ''
    }
  }
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    void take(event.dataTransfer.files[0])
  }
  return (
    <>
      {problem && <Banner>{problem}</Banner>}
      <Card title={t.whatIsIt}>
        <Radio.Group aria-label={t.whatIsIt} value={target} onChange={value => setTarget(value as Import['target'])}>
          <div className={classes.rules}>
            {targets.map(value => (
              <Radio key={value} value={value} label={t.targets[value]} description={t.targetHints[value]} />
            ))}
          </div>
        </Radio.Group>
        <Button
          mt={12}
          variant="subtle"
          size="compact-sm"
          component="a"
          href={`${BASE}/import-sample?target=${target}`}
          download
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t.sample}
        </Button>
      </Card>
      <section
        className={classes.drop}
        aria-label={t.drop}
        data-over={over || undefined}
        onDragOver={event => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        <IconUpload size={28} stroke={1.6} aria-hidden />
        {share === undefined ? (
          <>
            <strong>{t.drop}</strong>
            <span className="muted small">{t.dropHint[target]}</span>
            <Button onClick={() => input.current?.click()}>{t.choose}</Button>
          </>
        ) : (
          <>
            <strong role="status">{share < 1 ? t.uploading(share) : t.reading}</strong>
            <progress max={1} value={share} aria-label={t.uploading(share)} />
          </>
        )}
        <input
          ref={input}
          type="file"
          hidden
          aria-label={t.choose}
          accept=".csv,.tsv,.txt,.xlsx,.vcf,.vcard,text/csv,text/tab-separated-values,text/vcard"
          onChange={event => void take(event.currentTarget.files?.[0])}
        />
      </section>
    </>
  )
}
