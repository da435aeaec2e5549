import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { setNonce } from 'get-nonce'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { onSignedOut } from './api/client'
import { queryClient } from './api/queries'
import './app/mantine'
import './app/styles.css'
import { router } from './app/router'
import { followSignOut } from './app/signed-out'
import { cssVariablesResolver, theme } from './app/theme'

// A message shown before this arrives waits in the store.
const Notifications = lazy(() => import('@mantine/notifications').then(part => ({ default: part.Notifications })))

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
// The scroll lock of dialogs writes its own style element.
setNonce(nonce)

onSignedOut(() => {
  const here = router.state.location
  // While a page is still loading its guard redirects by itself.
  if (router.state.status === 'pending' || /^\/(connexion|inscription|verifier-email|invitation)/.test(here.pathname)) return
  queryClient.clear()
  void router.navigate({ to: '/connexion', search: { suite: here.href } })
})

followSignOut()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        defaultColorScheme="auto"
        colorSchemeManager={localStorageColorSchemeManager({ key: 'vision.scheme' })}
        getStyleNonce={() => nonce}
      >
        <Suspense>
          <Notifications position="bottom-right" limit={4} />
        </Suspense>
        <RouterProvider router={router} />
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
)
