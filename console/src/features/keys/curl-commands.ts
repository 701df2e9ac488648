/**
 * Returns a command for bash or zsh that asks for the password and exports an access token.
 * The password is read without echo and written in JSON by `sed`, so that it neither shows on the screen,
 * nor stays in the shell's history, nor breaks at a quote.
 */
export function tokenCommand(origin: string, name: string): string {
  return [
    `printf 'Password: '; read -rs HALO_PASSWORD; echo`,
    `export HALO_TOKEN=$(printf '{"name":"${name}","password":"%s"}' "$(printf %s "$HALO_PASSWORD" | sed 's/["\\\\]/\\\\&/g')" |`,
    `  curl -sS ${origin}/v1/auth/log-in -H 'Content-Type: application/json' --data-binary @- |`,
    `  sed -n 's/.*"access_token": *"\\([^"]*\\)".*/\\1/p'); unset HALO_PASSWORD`,
  ].join('\n');
}

/** Returns a command that sets a value with the token of `tokenCommand`. */
export function setValueCommand(origin: string): string {
  return [
    `curl -X PUT ${origin}/v1/keys/hello \\`,
    `  -H "Authorization: Bearer $HALO_TOKEN" \\`,
    `  -H 'Content-Type: application/json' -d '{"hello":"world"}'`,
  ].join('\n');
}
