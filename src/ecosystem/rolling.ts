const words = 'latest|current|nightly|snapshot|daily|master|main|trunk|head|stable|edge|canary|tip'
const rolling = new RegExp(`(?:^|[/._-])(?:${words})(?:[/._-]|$)`, 'i')

/** Does the name say that its content moves? Then nothing about it is immutable, version or not. */
export function isRolling(name: string): boolean {
  return rolling.test(name)
}
