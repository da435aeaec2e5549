import { Progress } from '@mantine/core'
import { number } from '@/i18n/format'

/** A bar and its count. Without a known total the bar waits, striped. */
export function Share({ done, total, label }: { done: number; total: number | null | undefined; label: string }) {
  const value = total ? Math.min(100, (done / total) * 100) : 100
  return (
    <div>
      <Progress.Root size={6} radius="xl">
        <Progress.Section value={value} striped={!total} animated={!total} aria-label={label} />
      </Progress.Root>
      <div className="muted small numeric" style={{ marginTop: 4 }}>
        {total ? `${number(done)} / ${number(total)}` : number(done)}
      </div>
    </div>
  )
}
