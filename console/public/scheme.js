// Sets the colour scheme before the first paint. It is a file of its own because the content security
// policy forbids inline scripts, and the bundle arrives too late to avoid a flash.
(() => {
  let scheme = 'auto';
  try {
    scheme = localStorage.getItem('halo-scheme') ?? 'auto';
  } catch {
    // Storage may be forbidden; the system's scheme does then.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();
