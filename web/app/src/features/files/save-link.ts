/** The server sends it as an attachment: the page stays where it is. */
export function saveLink(url: string) {
  const link = document.createElement('a')
  link.href = url
  link.click()
}
