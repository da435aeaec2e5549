// Which data are held where, and what an erasure does to them.
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { Card } from '@/ui/page'
import { Failed, Loading } from '@/ui/states'
import classes from './privacy.module.css'
import { t } from './text'

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

export function Register() {
  const register = useQuery({
    queryKey: ['privacy', 'register'],
    queryFn: async () => (await data(api.GET('/privacy/register'))).items,
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (register.isError) return <Failed error={register.error} retry={() => void register.refetch()} />
  if (!register.data) return <Loading lines={8} />
  const lines = register.data.map(entry => ({
    ...entry,
    name: t.tables[entry.table] ?? entry.table,
    holds: [
      ...entry.categories.map(category => t.categories[category]),
      ...(entry.free_text ? [t.freeText] : []),
      ...(entry.staff ? [t.staff] : []),
    ].join(', '),
    fate: t.erasure[entry.erasure as keyof typeof t.erasure],
  }))
  const save = () => {
    const rows = lines.map(line => [line.name, line.about, line.holds, line.fate, line.reasons.join(' ')].map(quoted).join(';'))
    const head = [t.where, t.what, t.kind, t.onErasure, t.kept].map(quoted).join(';')
    const url = URL.createObjectURL(new Blob([`\uFEFF${[head, ...rows].join('\r\n')}\r\n`], { type: 'text/csv' }))
    Object.assign(document.createElement('a'), { href: url, download: 'registre-donnees.csv' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 1000)
  }
  return (
    <Card
      title={t.register}
      flush
      actions={
        <Button size="compact-sm" variant="default" onClick={save}>
          {t.exportRegister}
        </Button>
      }
    >
      <p className={`muted small ${classes.bar}`}>{t.registerHint}</p>
      <section className={classes.scroll} aria-label={t.register}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{t.where}</th>
              <th scope="col">{t.what}</th>
              <th scope="col">{t.onErasure}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(line => (
              <tr key={line.table}>
                <td>{line.name}</td>
                <td>
                  {line.about}
                  {line.holds && <div className="muted small">{line.holds}</div>}
                </td>
                <td>
                  {line.fate}
                  {line.reasons.map(reason => (
                    <div key={reason} className="muted small">
                      {reason}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  )
}
