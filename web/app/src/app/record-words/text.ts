import { pick } from '@/i18n'
import { fr } from './fr'

export const words = await pick(fr, async () => (await import('./en')).en)
