import { useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { toast, toastError } from '@/ui/toast'
import { t } from './text'

/** Puts a finished merge before people, with the way back. */
export function useMerged() {
  const client = useQueryClient()
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['contacts'] })
    void client.invalidateQueries({ queryKey: ['duplicates'] })
    void client.invalidateQueries({ queryKey: ['home'] })
  }
  const undo = async (id: string) => {
    try {
      await data(api.POST('/merges/{id}/undo', { params: { path: { id } } }))
      toast(t.merge.undone)
    } catch (error) {
      toastError(error)
    }
    refresh()
  }
  return {
    undo,
    merged: (merge: { id: string; merged_name: string }) => {
      toast(t.merge.done(merge.merged_name), { undo: () => void undo(merge.id) })
      refresh()
    },
  }
}
